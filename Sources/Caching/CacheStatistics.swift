import Synchronization

/// What a cache did since it was made, by namespace.
public struct CacheStatistics: Sendable, Hashable {
    public struct Counters: Sendable, Hashable {
        /// Answers from memory.
        public var hits = 0
        /// Answers that had to be loaded, or waited for a load.
        public var misses = 0
        /// Misses that shared another asker's load.
        public var coalesced = 0
        /// Entries handed to the memory, which does not keep one that is larger than a shard of it.
        public var fills = 0
        /// Entries pushed out by others.
        public var evictions = 0
        /// Entries found too old.
        public var expirations = 0
        /// Entries removed on request.
        public var removals = 0

        public init() {}

        /// Hits among all answers, 0…1; `nil` before the first.
        public var hitRatio: Double? {
            hits + misses == 0 ? nil : Double(hits) / Double(hits + misses)
        }

        static func + (a: Self, b: Self) -> Self {
            var sum = a
            for counter in [\Self.hits, \.misses, \.coalesced, \.fills, \.evictions, \.expirations, \.removals] {
                sum[keyPath: counter] += b[keyPath: counter]
            }
            return sum
        }
    }

    public let byNamespace: [CacheNamespace: Counters]
    public let entries: Int
    /// The bytes that all entries hold together.
    public let bytes: Int
    /// The bytes that they may hold.
    public let capacity: Int

    public var total: Counters { byNamespace.values.reduce(Counters(), +) }
}

/// Counts what a cache does.
final class CacheRecorder: Sendable {
    private let counters = Mutex<[CacheNamespace: CacheStatistics.Counters]>([:])

    func add(_ amount: Int = 1, to counter: WritableKeyPath<CacheStatistics.Counters, Int>, _ namespace: CacheNamespace)
    {
        counters.withLock { $0[namespace, default: .init()][keyPath: counter] += amount }
    }

    var byNamespace: [CacheNamespace: CacheStatistics.Counters] { counters.withLock { $0 } }
}
