import Synchronization

/// The tier in this process: bounded in bytes, resistant to scans, sharded so that readers seldom meet.
///
/// Each shard is an S3-FIFO cache (Yang et al., "FIFO queues are all you need for cache eviction", SOSP 2023): newcomers
/// pass through a small queue and reach the main one only if they are read again, so a crawl over every page of the Quran
/// does not push out what many ask for.
public final class MemoryTier: Sendable {
    private final class Shard: Sendable {
        let state: Mutex<MemoryShard>

        init(capacity: Int) { state = Mutex(MemoryShard(capacity: capacity)) }
    }

    private let shards: [Shard]
    private let shardCapacity: Int
    /// How many bytes are freed between two trims of the heap: that much of it may be free and not given back.
    private let trimInterval: Int
    /// Bytes that were freed since the last trim.
    private let freed = Atomic(0)

    /// - Parameters:
    ///   - capacity: the bytes that all entries may hold together.
    ///   - shards: a power of two.
    public init(capacity: Int, shards: Int = 8) {
        precondition(shards > 0 && shards & (shards - 1) == 0, "the number of shards is a power of two")
        _ = ProcessHeap.prepared
        trimInterval = max(capacity / 16, 1 << 20)
        shardCapacity = capacity / shards
        self.shards = (0..<shards).map { [shardCapacity] _ in Shard(capacity: shardCapacity) }
    }

    /// The entry under a key. Counts as a use.
    package func resident(for key: CacheKey) -> Resident? { shard(of: key).state.withLock { $0.use(key) } }

    /// The entry under a key, without counting as a use.
    func peek(_ key: CacheKey) -> CacheEntry? { shard(of: key).state.withLock { $0.peek(key) } }

    /// - Returns: the keys that had to go for it. An entry larger than a shard is not kept.
    @discardableResult
    package func store(_ resident: Resident) -> [CacheKey] {
        let (evicted, bytes) = shard(of: resident.key).state.withLock { ($0.store(resident), $0.takeFreedBytes()) }
        note(freed: bytes)
        return evicted
    }

    /// Gives the heap's free memory back to the system once enough of it was freed.
    private func note(freed bytes: Int) {
        let (before, now) = freed.wrappingAdd(bytes, ordering: .relaxed)
        guard before < trimInterval, now >= trimInterval else { return }
        freed.store(0, ordering: .relaxed)
        ProcessHeap.trim()
    }

    /// Whether there would be room for an entry that costs so much, if others went.
    func mayHold(_ cost: Int) -> Bool { cost <= shardCapacity }

    /// Puts an entry in the place of another one, if that is still there.
    ///
    /// - Returns: the keys that had to go for it; `nil` if the other one is gone.
    func replace(_ entry: CacheEntry, with resident: Resident) -> [CacheKey]? {
        shard(of: resident.key).state.withLock { shard in
            shard.peek(resident.key) === entry ? shard.store(resident) : nil
        }
    }

    @discardableResult
    func remove(_ key: CacheKey) -> Bool { shard(of: key).state.withLock { $0.remove(key) } }

    /// Removes the entries that match, a few at a time: no reader waits for a walk through a whole shard.
    ///
    /// - Returns: the keys of the entries that were removed.
    func removeAll(where matches: (Resident) -> Bool) -> [CacheKey] {
        var removed: [CacheKey] = []
        for shard in shards {
            var next: Int? = 0
            while let start = next {
                next = shard.state.withLock { $0.removeAll(from: start, to: &removed, where: matches) }
            }
            note(freed: shard.state.withLock { $0.takeFreedBytes() })
        }
        return removed
    }

    /// Removes the entries that carry any of some tags.
    ///
    /// - Returns: their keys.
    func removeAll(tagged tags: Set<CacheTag>) -> [CacheKey] {
        var removed: [CacheKey] = []
        let rare = tags.filter { !MemoryShard.isOnMany($0) }
        for shard in shards {
            while shard.state.withLock({ $0.removeSome(tagged: rare, to: &removed) }) {}
        }
        guard rare.count < tags.count else { return removed }
        let common = tags.subtracting(rare)
        return removed
            + removeAll { common.contains(.all) || common.contains(.namespace($0.key.namespace)) }
    }

    package var count: Int { shards.reduce(0) { $0 + $1.state.withLock { $0.count } } }

    /// The bytes that all entries hold together.
    package var bytes: Int { shards.reduce(0) { $0 + $1.state.withLock { $0.bytes } } }

    private func shard(of key: CacheKey) -> Shard { shards[key.hash & (shards.count - 1)] }
}
