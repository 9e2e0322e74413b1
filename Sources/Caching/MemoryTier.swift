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

    /// - Parameters:
    ///   - capacity: the bytes that all entries may hold together.
    ///   - shards: a power of two.
    public init(capacity: Int, shards: Int = 8) {
        precondition(shards > 0 && shards & (shards - 1) == 0, "the number of shards is a power of two")
        self.shards = (0..<shards).map { _ in Shard(capacity: capacity / shards) }
    }

    /// The entry under a key, which counts as a use of it.
    func entry(for key: CacheKey) -> CacheEntry? { shard(of: key).state.withLock { $0.use(key) } }

    /// The entry under a key, without counting as a use.
    func peek(_ key: CacheKey) -> CacheEntry? { shard(of: key).state.withLock { $0.peek(key) } }

    /// - Returns: the keys that had to go for it. An entry larger than a shard is not kept.
    func store(_ entry: CacheEntry, for key: CacheKey) -> [CacheKey] {
        shard(of: key).state.withLock { $0.store(entry, for: key) }
    }

    @discardableResult
    func remove(_ key: CacheKey) -> Bool { shard(of: key).state.withLock { $0.remove(key) } }

    /// - Returns: how many entries were removed.
    func removeAll(where matches: (CacheKey) -> Bool) -> Int {
        shards.reduce(0) { removed, shard in
            removed
                + shard.state.withLock { shard in
                    let keys = shard.keys.filter(matches)
                    for key in keys { shard.remove(key) }
                    return keys.count
                }
        }
    }

    var count: Int { shards.reduce(0) { $0 + $1.state.withLock { $0.count } } }

    /// The bytes that all entries hold together.
    var bytes: Int { shards.reduce(0) { $0 + $1.state.withLock { $0.bytes } } }

    private func shard(of key: CacheKey) -> Shard { shards[key.hashValue & (shards.count - 1)] }
}
