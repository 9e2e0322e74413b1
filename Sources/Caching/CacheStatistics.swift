/// What a cache did since it was made, by namespace, and how it stands.
public struct CacheStatistics: Sendable, Hashable {
    /// How often each event happened.
    public struct Counters: Sendable, Hashable {
        private var counts: [CacheEvent: Int] = [:]

        public init() {}

        public subscript(event: CacheEvent) -> Int {
            get { counts[event] ?? 0 }
            set { counts[event] = newValue == 0 ? nil : newValue }
        }

        /// Fresh answers without a load.
        public var hits: Int { self[.memoryHit] &+ self[.sharedHit] }
        public var stale: Int { self[.staleExpired] &+ self[.staleUnconfirmed] &+ self[.staleSourceDown] }
        /// Answers that had to wait for a load, their own or another asker's.
        public var misses: Int { self[.miss] &+ self[.coalesced] }

        public var answers: Int { hits &+ stale &+ misses }

        /// The part of all answers that needed no load, 0…1; `nil` before the first.
        public var hitRatio: Double? {
            answers == 0 ? nil : Double(hits &+ stale) / Double(answers)
        }

        public static func + (a: Self, b: Self) -> Self {
            var sum = a
            for (event, count) in b.counts { sum[event] &+= count }
            return sum
        }

        public static func - (a: Self, b: Self) -> Self {
            var difference = a
            for (event, count) in b.counts { difference[event] &-= count }
            return difference
        }
    }

    /// What is in memory.
    public struct Holding: Sendable, Hashable {
        public let entries: Int
        /// As the tier's budget counts them.
        public let bytes: Int
    }

    public let byNamespace: [CacheNamespace: Counters]
    public let memoryByNamespace: [CacheNamespace: Holding]
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
