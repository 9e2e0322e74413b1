import Caching
import CoherenceHarness
import Foundation
import Logging
import NIOCore
import Observability
import Synchronization
import TestSupport
import Testing

@testable import ContentService

/// What raises an alert, on a clock and with data of the test's own.
@Suite struct `Rules of alerts` {
    private let time = TestClock()
    private let things = CacheNamespace.shared("things")

    private var clock: CacheClock {
        let time = time
        return CacheClock(
            now: { CacheInstant(sinceStart: time.elapsed) },
            wallTime: { Int64(time.now.timeIntervalSince1970 * 1000) }, sleep: time.sleep)
    }

    private func watch(_ rules: [AlertRule]) -> AlertWatch {
        let time = time
        return AlertWatch(
            rules,
            clock: AlertWatch.Clock(
                elapsed: { time.elapsed }, wallTime: clock.wallTime, sleep: time.sleep),
            logger: .silent)
    }

    private func active(_ watch: AlertWatch, after duration: Duration = .seconds(5)) -> [String] {
        time.advance(by: duration)
        watch.look()
        return watch.active.map(\.name)
    }

    private func ask(_ cache: CacheManager, _ ids: Range<Int>, bytes: Int = 10) async throws {
        for id in ids {
            _ = try await cache.answer(for: CacheKey(things, "\(id)")) {
                CacheFill(body: ByteBuffer(repeating: 1, count: bytes), contentType: "text/plain")
            }
        }
    }

    @Test func `the hit ratio counts over 5 minutes, and only with a thousand answers in them`() async throws {
        let cache = CacheManager(capacity: 64 << 20, clock: clock)
        let rules = AlertRule.ofCache(cache, since: clock.now())
        let watch = watch(rules.filter { $0.name == "hit_ratio" })
        #expect(active(watch) == [])
        // 999 misses are too few to judge by.
        try await ask(cache, 0..<999)
        #expect(active(watch) == [])
        try await ask(cache, 0..<200)
        #expect(active(watch) == ["hit_ratio"])
        // 999 misses of 4,999 answers: 80 % hits are no clear recovery, 83 % are.
        for _ in 0..<3 { try await ask(cache, 0..<999) }
        try await ask(cache, 0..<800)
        #expect(active(watch) == ["hit_ratio"])
        try await ask(cache, 0..<900)
        #expect(active(watch) == [])
        // All of that is 5 minutes ago.
        #expect(active(watch, after: .seconds(301)) == [])
        try await ask(cache, 1000..<2100)
        #expect(active(watch) == ["hit_ratio"])
        // Nobody asks any more: there is nothing to be woken for.
        #expect(active(watch, after: .seconds(301)) == [])
    }

    @Test func `a feed that is unconfirmed for more than 5 s is told, also if it never was confirmed`() async throws {
        let (clock, feed, map) = (clock, ManualFeed(), VersionMap(isListed: { _ in true }))
        let poller = VersionPoller(feed: feed, map: map, clock: clock, logger: .silent) { _ in }
        let cache = CacheManager(
            coherence: CacheManager.Coherence(map: map, feed: feed, poller: poller), clock: clock)
        let watch = watch(AlertRule.ofCache(cache, since: clock.now()))
        #expect(active(watch) == [])
        #expect(active(watch, after: .seconds(0.1)) == ["feed_unconfirmed"])
        await poller.poll()
        #expect(active(watch, after: .seconds(0.9)) == [])
        feed.setDown(true)
        await poller.poll()
        #expect(active(watch, after: .seconds(4)) == [])
        #expect(active(watch, after: .seconds(0.2)) == ["feed_unconfirmed"])
        feed.setDown(false)
        await poller.poll()
        #expect(active(watch, after: .seconds(0.1)) == [])
    }

    @Test func `evictions for space are told when as much is pushed out as there is room for`() async throws {
        let cache = CacheManager(capacity: 2 << 20, clock: clock)
        let watch = watch(AlertRule.ofCache(cache, since: clock.now()).filter { $0.name == "memory_evictions" })
        try await ask(cache, 0..<5000, bytes: 1000)
        let room = cache.statistics.entries
        #expect(room > 1000 && room < 4000)
        #expect(active(watch) == [])
        try await ask(cache, 5000..<5000 + room / 2, bytes: 1000)
        #expect(active(watch) == [])
        try await ask(cache, 10_000..<10_000 + room, bytes: 1000)
        #expect(active(watch) == ["memory_evictions"])
        #expect(active(watch, after: .seconds(301)) == [])
    }

    @Test func `Redis is told of above 90 % of what it may use, or above what is configured`() {
        func info(_ used: Int, of limit: Int, evicted: Int = 0) -> RedisMemory? {
            RedisMemory([
                "used_memory": "\(used)", "maxmemory": "\(limit)", "evicted_keys": "\(evicted)", "keyspace_hits": "1",
                "keyspace_misses": "1",
            ])
        }
        let said = Said()
        let watch = watch(AlertRule.ofRedis(limit: nil) { said.memory })
        func alerts(_ memory: RedisMemory?) -> [String] {
            said.memory = memory
            return active(watch)
        }
        #expect(alerts(nil) == [])
        #expect(alerts(info(900, of: 1000)) == [])
        #expect(alerts(info(901, of: 1000)) == ["redis_memory"])
        #expect(alerts(nil) == ["redis_memory"])
        #expect(alerts(info(820, of: 1000)) == ["redis_memory"])
        #expect(alerts(info(800, of: 1000)) == [])
        #expect(alerts(info(450_000_000, of: 0)) == [])
        #expect(alerts(info(450_000_001, of: 0)) == ["redis_memory"])
        #expect(alerts(info(1, of: 0)) == [])
        // One key is enough, and after 5 minutes without another all is well.
        #expect(alerts(info(1, of: 0, evicted: 1)) == ["redis_evictions"])
        #expect(alerts(info(1, of: 0, evicted: 1)) == ["redis_evictions"])
        time.advance(by: .seconds(301))
        #expect(alerts(info(1, of: 0, evicted: 1)) == [])
        // A restarted server counts anew.
        #expect(alerts(info(1, of: 0, evicted: 0)) == [])
        #expect(alerts(info(1, of: 0, evicted: 2)) == ["redis_evictions"])

        let other = Said()
        other.memory = info(101, of: 1000)
        #expect(AlertRule.ofRedis(limit: 100) { nil }[0].summary == "Redis uses more than 100 bytes")
        #expect(active(self.watch(AlertRule.ofRedis(limit: 100) { other.memory })) == ["redis_memory"])
    }
}

/// What Redis said last.
private final class Said: Sendable {
    private let state = Mutex<RedisMemory?>(nil)

    var memory: RedisMemory? {
        get { state.withLock { $0 } }
        set { state.withLock { $0 = newValue } }
    }
}
