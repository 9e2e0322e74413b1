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

    /// The entry under a key and the generation of the version map that it was last found current at. Counts as a use.
    func entry(for key: CacheKey) -> (entry: CacheEntry, validatedAt: UInt64)? {
        shard(of: key).state.withLock { $0.use(key) }
    }

    /// The entry under a key, without counting as a use.
    func peek(_ key: CacheKey) -> CacheEntry? { shard(of: key).state.withLock { $0.peek(key) } }

    /// Notes that an entry was current at a generation of the version map, unless it was replaced meanwhile.
    func validate(_ entry: CacheEntry, for key: CacheKey, at generation: UInt64) {
        shard(of: key).state.withLock { $0.validate(entry, for: key, at: generation) }
    }

    /// - Returns: whether the caller is the first to refresh the entry.
    func claimRefresh(of key: CacheKey) -> Bool { shard(of: key).state.withLock { $0.claimRefresh(of: key) } }

    /// Lets someone refresh the entry again, if it is still there.
    func endRefresh(of key: CacheKey) { shard(of: key).state.withLock { $0.endRefresh(of: key) } }

    /// - Returns: the keys that had to go for it. An entry larger than a shard is not kept.
    func store(_ entry: CacheEntry, for key: CacheKey) -> [CacheKey] {
        shard(of: key).state.withLock { $0.store(entry, for: key) }
    }

    @discardableResult
    func remove(_ key: CacheKey) -> Bool { shard(of: key).state.withLock { $0.remove(key) } }

    /// - Returns: the keys of the entries that were removed.
    func removeAll(where matches: (CacheKey) -> Bool) -> [CacheKey] {
        shards.flatMap { shard in
            shard.state.withLock { shard in
                let keys = shard.keys.filter(matches)
                for key in keys { shard.remove(key) }
                return keys
            }
        }
    }

    /// Removes the entries that carry any of some tags.
    ///
    /// - Returns: their keys.
    func removeAll(tagged tags: Set<CacheTag>) -> [CacheKey] {
        shards.flatMap { shard in shard.state.withLock { $0.removeAll(tagged: tags) } }
    }

    var count: Int { shards.reduce(0) { $0 + $1.state.withLock { $0.count } } }

    /// The bytes that all entries hold together.
    var bytes: Int { shards.reduce(0) { $0 + $1.state.withLock { $0.bytes } } }

    private func shard(of key: CacheKey) -> Shard { shards[key.hashValue & (shards.count - 1)] }
}
