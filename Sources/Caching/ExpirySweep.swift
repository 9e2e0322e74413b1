public import ServiceLifecycle

extension CacheManager {
    /// Removes the entries of the memory tier that are too old to be served, also stale. Redis expires its own.
    ///
    /// Readers never wait for it: it gives back a shard's lock every 256 entries.
    ///
    /// - Returns: how many entries were removed.
    @discardableResult
    public func removeExpired() -> Int {
        let now = clock.now()
        let removed = memory.removeAll { now >= $0.entry.servableUntil }
        for key in removed { recorder.add(.evictedExpired, key.namespace) }
        return removed.count
    }
}

/// Removes expired entries at intervals. Without it an entry that nobody asks for again would hold its memory until others need it.
public struct ExpirySweep: Service {
    private let cache: CacheManager
    private let interval: Duration

    public init(_ cache: CacheManager, interval: Duration = .seconds(60)) {
        self.cache = cache
        self.interval = interval
    }

    public func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do { try await cache.clock.sleep(interval) } catch { return }
                cache.removeExpired()
            }
        }
    }
}
