import Dispatch
import Synchronization

/// Buckets of tokens, one for each client, decided on at once and in memory: GCRA, the token bucket that is kept as the one time
/// at which it will be full again.
///
/// The table is bounded: a client that was not seen for longest is forgotten first, and begins with a full bucket again.
///
/// What was taken here may be told to other instances, and what they let pass be counted here: see ``RateLimitExchange``.
public final class RateLimiter: Sendable {
    private struct Bucket {
        /// When it is full again, in nanoseconds on the limiter's clock.
        var fullAt: Int64 = .min
        /// By how much that was put off and others were not yet told, in nanoseconds. It grows no faster than time goes by.
        var untold: Int64 = 0
    }

    private struct State {
        var buckets: RecencyTable<RateLimitKey, Bucket>
        /// Those in the table of which something is untold, if others are to be told.
        var untold: Set<RateLimitKey> = []

        /// - Parameter change: returns by how much it put off when the bucket is full.
        mutating func put(off key: RateLimitKey, isShared: Bool, _ change: (inout Bucket) -> Int64) {
            if isShared, let forgotten = buckets.victim(of: key) { untold.remove(forgotten) }
            let added = buckets.update(key, from: Bucket()) { bucket in
                let added = change(&bucket)
                if isShared { bucket.untold += added }
                return added
            }
            if isShared, added > 0 { untold.insert(key) }
        }
    }

    /// What the clients of one limiter have in common: `address` or `user`.
    public let name: String
    public let limit: RateLimit
    private let state: Mutex<State>
    private let now: @Sendable () -> Int64
    private let isShared: Bool

    /// What is charged beyond an empty bucket may be this many buckets.
    private static let deepestDebt: Int64 = 2

    /// Nanoseconds that no client waits longer for a full bucket.
    var mostDebt: Int64 { Self.deepestDebt * limit.window }

    /// Two debts together, no deeper than the deepest. No sum of numbers is too large for it.
    private func together(_ one: Int64, _ other: Int64) -> Int64 {
        let one = min(one, mostDebt)
        return other > mostDebt - one ? mostDebt : one + other
    }

    /// - Parameters:
    ///   - capacity: the most clients that are remembered; each takes about 100 bytes.
    ///   - isShared: whether what was taken is to be told to others.
    ///   - now: nanoseconds on a clock that never goes back.
    public init(
        _ name: String, _ limit: RateLimit, capacity: Int = 1 << 17, isShared: Bool = false,
        now: @escaping @Sendable () -> Int64 = RateLimiter.monotonicNanoseconds
    ) {
        self.name = name
        self.limit = limit
        self.now = now
        self.isShared = isShared
        state = Mutex(State(buckets: RecencyTable(capacity: capacity)))
    }

    /// Nanoseconds since the machine started.
    @Sendable public static func monotonicNanoseconds() -> Int64 {
        Int64(clamping: DispatchTime.now().uptimeNanoseconds)
    }

    /// Takes tokens if there are as many; otherwise none.
    public func take(_ cost: Int = 1, for key: RateLimitKey) -> RateLimitDecision {
        let now = now()
        return state.withLock { state in
            let price = Int64(cost) * limit.interval
            var isAllowed = false
            var debt: Int64 = 0
            state.put(off: key, isShared: isShared) { bucket in
                debt = max(bucket.fullAt, now) - now
                isAllowed = debt <= limit.window - price
                guard isAllowed else { return 0 }
                debt += price
                bucket.fullAt = now + debt
                return price
            }
            let missing = isAllowed ? 0 : debt - (limit.window - price)
            return RateLimitDecision(
                isAllowed: isAllowed, remaining: Int(max(0, limit.window - debt) / limit.interval),
                fullIn: .nanoseconds(debt), retryAfter: .nanoseconds(missing))
        }
    }

    /// Whether a token could be taken now. To look is no use of the bucket.
    func allows(_ key: RateLimitKey) -> Bool {
        let now = now()
        return state.withLock { state in
            state.buckets.updateIfPresent(key) { max($0.fullAt, now) - now <= limit.window - limit.interval } ?? true
        }
    }

    /// Takes tokens also where there are none; the client then waits the longer. A client is charged no deeper than two
    /// buckets, so nobody is locked out for long.
    public func charge(_ cost: Int, to key: RateLimitKey) {
        let now = now()
        state.withLock { state in
            state.put(off: key, isShared: isShared) { bucket in
                let before = max(bucket.fullAt, now) - now
                let after = together(before, Int64(cost) * limit.interval)
                bucket.fullAt = now + after
                return after - before
            }
        }
    }

    /// How many clients are remembered.
    public var clients: Int { state.withLock { $0.buckets.count } }

    /// What was taken from some buckets and not told yet, in nanoseconds until it is back; it counts as told from now on.
    func takeUntold(upTo limit: Int) -> [(key: RateLimitKey, debt: Int64)] {
        state.withLock { state in
            var told: [(key: RateLimitKey, debt: Int64)] = []
            while told.count < limit, let key = state.untold.popFirst() {
                let debt = state.buckets.updateIfPresent(key) { bucket in
                    defer { bucket.untold = 0 }
                    return min(bucket.untold, mostDebt)
                }
                if let debt { told.append((key, debt)) }
            }
            return told
        }
    }

    /// Others are never told what was taken until now.
    func forgetUntold() {
        state.withLock { state in
            for key in state.untold { state.buckets.updateIfPresent(key) { $0.untold = 0 } }
            state.untold = []
        }
    }

    /// Of how many buckets something is untold.
    var untoldClients: Int { state.withLock { $0.untold.count } }

    /// Counts what all instances let pass: a bucket that others emptied is empty here too. One never gets fuller by it.
    ///
    /// - Parameter debt: nanoseconds until the bucket that is shared is full again.
    func adopt(_ debt: Int64, for key: RateLimitKey) {
        let now = now()
        state.withLock { state in
            _ = state.buckets.updateIfPresent(key) { bucket in
                bucket.fullAt = max(bucket.fullAt, now + together(bucket.untold, debt))
            }
        }
    }
}
