/// The cache that services read through: a memory tier in front of loaders, one load of a key at a time.
public final class CacheManager: Sendable {
    private let memory: MemoryTier
    private let capacity: Int
    private let clock: CacheClock
    private let flights = SingleFlight<CacheEntry>()
    private let recorder = CacheRecorder()

    /// - Parameter capacity: the bytes that the memory tier may hold.
    public init(capacity: Int = 128 << 20, clock: CacheClock = .monotonic()) {
        self.capacity = capacity
        self.clock = clock
        memory = MemoryTier(capacity: capacity)
    }

    /// What an answer is, and where it came from.
    public struct Answer: Sendable {
        public enum Source: Sendable, Hashable {
            case memory
            /// Loaded now, by this call or by another one that it waited for.
            case loaded
        }

        public let entry: CacheEntry
        public let source: Source
        /// How long ago the entry was filled.
        public let age: Duration
    }

    /// The entry under a key, loaded if there is none.
    ///
    /// - Parameter load: reads the value and its versions in one snapshot. Runs at most once at a time for a key; what it
    ///   throws is thrown to all who wait, and nothing is stored.
    public func answer(
        for key: CacheKey, load: @escaping @Sendable () async throws -> CacheFill
    ) async throws -> Answer {
        if let entry = fresh(key) {
            recorder.add(to: \.hits, key.namespace)
            return Answer(entry: entry, source: .memory, age: clock.now() - entry.filledAt)
        }
        recorder.add(to: \.misses, key.namespace)
        let (entry, joined) = try await flights.value(for: key) { [self] in
            // Another flight may have landed since the miss.
            if let entry = memory.peek(key), clock.now() < entry.expiresAt { return entry }
            let fill = try await load()
            return store(fill, for: key)
        }
        if joined { recorder.add(to: \.coalesced, key.namespace) }
        return Answer(entry: entry, source: .loaded, age: clock.now() - entry.filledAt)
    }

    /// - Returns: `nil` if there is no entry, or it is too old.
    public func get(_ key: CacheKey) -> CacheEntry? {
        let entry = fresh(key)
        recorder.add(to: entry == nil ? \.misses : \.hits, key.namespace)
        return entry
    }

    public func get(_ keys: some Sequence<CacheKey>) -> [CacheKey: CacheEntry] {
        var entries: [CacheKey: CacheEntry] = [:]
        for key in keys { entries[key] = get(key) }
        return entries
    }

    public func set(_ key: CacheKey, to fill: CacheFill) { _ = store(fill, for: key) }

    public func set(_ fills: [CacheKey: CacheFill]) {
        for (key, fill) in fills { set(key, to: fill) }
    }

    /// - Returns: whether there was an entry.
    @discardableResult
    public func delete(_ key: CacheKey) -> Bool {
        let removed = memory.remove(key)
        if removed { recorder.add(to: \.removals, key.namespace) }
        return removed
    }

    public func exists(_ key: CacheKey) -> Bool {
        memory.peek(key).map { clock.now() < $0.expiresAt } ?? false
    }

    /// Removes the entries whose whole key (`quran_backend:…`) matches.
    ///
    /// - Returns: how many there were.
    @discardableResult
    public func delete(matching pattern: GlobPattern) -> Int {
        memory.removeAll { key in
            guard pattern.matches(key.description) else { return false }
            recorder.add(to: \.removals, key.namespace)
            return true
        }
    }

    /// - Returns: how many entries there were.
    @discardableResult
    public func clear() -> Int { delete(matching: GlobPattern("*")) }

    public var statistics: CacheStatistics {
        CacheStatistics(
            byNamespace: recorder.byNamespace, entries: memory.count, bytes: memory.bytes, capacity: capacity)
    }

    private func fresh(_ key: CacheKey) -> CacheEntry? {
        guard let entry = memory.entry(for: key) else { return nil }
        guard clock.now() < entry.expiresAt else {
            if memory.remove(key) { recorder.add(to: \.expirations, key.namespace) }
            return nil
        }
        return entry
    }

    private func store(_ fill: CacheFill, for key: CacheKey) -> CacheEntry {
        let now = clock.now()
        let entry = CacheEntry(
            body: fill.body, contentType: fill.contentType, versions: fill.versions, filledAt: now,
            expiresAt: now + key.namespace.timeToLive)
        for evicted in memory.store(entry, for: key) { recorder.add(to: \.evictions, evicted.namespace) }
        recorder.add(to: \.fills, key.namespace)
        return entry
    }
}
