import Caching
import CoherenceHarness
import Foundation
import Logging
import NIOCore
import NIOPosix
import Redis
import ServiceLifecycle
import TestSupport
import Testing

@Suite struct `What all instances did together` {
    private let things = CacheNamespace.shared("things")

    private func cache(_ store: any SharedStore) -> (CacheManager, SharedStatistics) {
        let cache = CacheManager(capacity: 1 << 20, shared: store)
        return (cache, SharedStatistics(of: cache, logger: .silent))
    }

    private func ask(_ cache: CacheManager, _ id: String) async throws {
        _ = try await cache.answer(for: CacheKey(things, id)) {
            CacheFill(body: ByteBuffer(string: id), contentType: "text/plain")
        }
    }

    @Test func `the shared hit ratio is that of all answers of all instances, in one write each`() async throws {
        let store = MemorySharedStore()
        let (one, two) = (cache(store), cache(store))
        for _ in 0..<4 { try await ask(one.0, "a") }
        for _ in 0..<2 { try await ask(two.0, "a") }
        let before = store.calls
        #expect(await one.1.flush())
        #expect(await two.1.flush())
        #expect(store.calls == before + 2)
        // Nothing happened since: nothing is written.
        #expect(await one.1.flush())
        #expect(store.calls == before + 2)
        let counters = try #require(await two.1.counters()?["things"])
        #expect(counters[.memoryHit] == 4 && counters[.sharedHit] == 1 && counters[.miss] == 1)
        #expect(await one.1.hitRatio() == 5.0 / 6)
        #expect(await one.1.counters(on: Date(timeIntervalSince1970: 0)) == [:])
        #expect(await one.1.hitRatio(on: Date(timeIntervalSince1970: 0)) == nil)
    }

    @Test func `what could not be written is added the next time`() async throws {
        let store = MemorySharedStore()
        let (cache, statistics) = cache(store)
        try await ask(cache, "a")
        store.fail(true)
        #expect(await !statistics.flush())
        #expect(await statistics.counters() == nil)
        store.fail(false)
        try await ask(cache, "a")
        #expect(await statistics.flush())
        #expect(await statistics.counters()?["things"]?[.miss] == 1)
        #expect(await statistics.counters()?["things"]?[.memoryHit] == 1)
    }

    @Test func `in a real Redis they are fields of one hash a day, which is forgotten after eight days`() async throws {
        try await PrivateRedis.run { redis in
            let tier = try RedisTier(
                RedisConfiguration(url: redis.url), eventLoopGroup: MultiThreadedEventLoopGroup.singleton,
                logger: .silent, onHint: { _ in })
            let (cache, statistics) = cache(tier.store)
            let services = ServiceGroup(services: tier.services + [statistics], logger: .silent)
            let running = Task { try await services.run() }
            try await tier.store.connected()
            try await ask(cache, "a")
            try await ask(cache, "a")
            // The last numbers are written when the program ends.
            await services.triggerGracefulShutdown()
            try await running.value
            let key = try await redis.command("KEYS", "quran_backend_statistics:*")
            #expect(key.count == "quran_backend_statistics:2026-11-21".count)
            #expect(try await redis.command("HGET", key, "things/miss") == "1")
            #expect(try await redis.command("HGET", key, "things/memory_hit") == "1")
            let life = try #require(Int(try await redis.command("TTL", key)))
            #expect((7 * 86400...8 * 86400).contains(life))
        }
    }
}
