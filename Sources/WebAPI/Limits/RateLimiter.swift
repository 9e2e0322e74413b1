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
        /// Tokens that were taken and not yet told to others.
        var untold = 0
    }

    private struct State {
        var buckets: RecencyTable<RateLimitKey, Bucket>
        /// Whose tokens are untold, if others are to be told.
        var untold: Set<RateLimitKey> = []
    }

    /// What the clients of one limiter have in common: `address` or `user`.
    public let name: String
    public let limit: RateLimit
    private let state: Mutex<State>
    private let now: @Sendable () -> Int64
    private let isShared: Bool

    /// What is charged beyond an empty bucket may be this many buckets.
    private static let deepestDebt: Int64 = 2

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
            let (isAllowed, fullAt) = state.buckets.update(key, from: Bucket()) { bucket -> (Bool, Int64) in
                let before = max(bucket.fullAt, now)
                let after = before + Int64(cost) * limit.interval
                guard after - now <= limit.window else { return (false, before) }
                bucket.fullAt = after
                if isShared { bucket.untold += cost }
                return (true, after)
            }
            if isAllowed, isShared { state.untold.insert(key) }
            let debt = fullAt - now
            let missing = isAllowed ? 0 : debt + Int64(cost) * limit.interval - limit.window
            return RateLimitDecision(
                isAllowed: isAllowed, remaining: Int(max(0, limit.window - debt) / limit.interval),
                fullIn: .nanoseconds(debt), retryAfter: .nanoseconds(missing))
        }
    }

    /// Takes tokens also where there are none; the client then waits the longer. A client is charged no deeper than two
    /// buckets, so nobody is locked out for long.
    public func charge(_ cost: Int, to key: RateLimitKey) {
        let now = now()
        state.withLock { state in
            state.buckets.update(key, from: Bucket()) { bucket in
                let after = max(bucket.fullAt, now) + Int64(cost) * limit.interval
                bucket.fullAt = max(bucket.fullAt, min(after, now + Self.deepestDebt * limit.window))
                if isShared { bucket.untold += cost }
            }
            if isShared { state.untold.insert(key) }
        }
    }

    /// How many clients are remembered.
    public var clients: Int { state.withLock { $0.buckets.count } }

    /// What was taken from some buckets and not told yet; it counts as told from now on.
    func takeUntold(upTo limit: Int) -> [(key: RateLimitKey, tokens: Int)] {
        state.withLock { state in
            var told: [(key: RateLimitKey, tokens: Int)] = []
            while told.count < limit, let key = state.untold.popFirst() {
                let tokens = state.buckets.updateIfPresent(key) { bucket in
                    defer { bucket.untold = 0 }
                    return bucket.untold
                }
                if let tokens, tokens > 0 { told.append((key, tokens)) }
            }
            return told
        }
    }

    /// Counts what all instances let pass: a bucket that others emptied is empty here too. One never gets fuller by it.
    ///
    /// - Parameter debt: nanoseconds until the bucket that is shared is full again.
    func adopt(_ debt: Int64, for key: RateLimitKey) {
        let now = now()
        state.withLock { state in
            _ = state.buckets.updateIfPresent(key) { bucket in
                bucket.fullAt = max(bucket.fullAt, now + debt + Int64(bucket.untold) * limit.interval)
            }
        }
    }
}
