import Synchronization

/// What a cache did since it was made, by namespace.
public struct CacheStatistics: Sendable, Hashable {
    public struct Counters: Sendable, Hashable {
        /// Fresh answers from memory, and from the shared tier.
        public var memoryHits = 0
        public var sharedHits = 0
        /// Stale answers, by reason.
        public var staleExpired = 0
        public var staleUnconfirmed = 0
        public var staleSourceDown = 0
        /// Answers that had to be loaded, or waited for a load.
        public var misses = 0
        /// Misses that shared another asker's load.
        public var coalesced = 0
        /// Loads that failed, with nothing stale to serve instead.
        public var failures = 0
        /// Entries stored.
        public var fills = 0
        /// Entries that left memory: pushed out by others, too old, outdated by a change, removed on request.
        public var evictedForSpace = 0
        public var evictedExpired = 0
        public var evictedOutdated = 0
        public var evictedOnRequest = 0

        public init() {}

        public var hits: Int { memoryHits + sharedHits }
        public var stale: Int { staleExpired + staleUnconfirmed + staleSourceDown }

        /// Answers that needed no load among all answers, 0…1; `nil` before the first.
        public var hitRatio: Double? {
            let answers = hits + stale + misses
            return answers == 0 ? nil : Double(hits + stale) / Double(answers)
        }

        static func + (a: Self, b: Self) -> Self {
            var sum = a
            for counter in Self.all { sum[keyPath: counter] += b[keyPath: counter] }
            return sum
        }

        private static var all: [WritableKeyPath<Self, Int>] {
            [
                \.memoryHits, \.sharedHits, \.staleExpired, \.staleUnconfirmed, \.staleSourceDown, \.misses,
                \.coalesced, \.failures, \.fills, \.evictedForSpace, \.evictedExpired, \.evictedOutdated,
                \.evictedOnRequest,
            ]
        }
    }

    public let byNamespace: [CacheNamespace: Counters]
    /// Entries in memory.
    public let entries: Int
    /// The bytes that they hold together.
    public let bytes: Int
    /// The bytes that they may hold.
    public let capacity: Int
    /// `closed`, `open` or `half-open`; `nil` without a shared tier.
    public let sharedTierState: String?
    /// How long ago the version map was confirmed; `nil` if it never was, or there is none.
    public let feedLag: Duration?
    /// Loads that wait for their turn at the source.
    public let waitingLoads: Int

    public var total: Counters { byNamespace.values.reduce(Counters(), +) }
}

/// Counts what a cache does.
final class CacheRecorder: Sendable {
    private let counters = Mutex<[CacheNamespace: CacheStatistics.Counters]>([:])

    func add(_ amount: Int = 1, to counter: WritableKeyPath<CacheStatistics.Counters, Int>, _ namespace: CacheNamespace)
    {
        counters.withLock { $0[namespace, default: .init()][keyPath: counter] += amount }
    }

    func add(_ counter: WritableKeyPath<CacheStatistics.Counters, Int>, for keys: [CacheKey]) {
        for key in keys { add(to: counter, key.namespace) }
    }

    var byNamespace: [CacheNamespace: CacheStatistics.Counters] { counters.withLock { $0 } }
}
