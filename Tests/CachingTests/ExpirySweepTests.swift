import TestSupport
import Testing

@testable import Caching

@Suite(.timeLimit(.minutes(1))) struct `The sweep of expired entries` {
    private let time = TestClock()
    private let cache: CacheManager
    private let brief = CacheNamespace("brief", timeToLive: .seconds(100), staleTime: .seconds(50))

    init() {
        let time = time
        let clock = CacheClock(
            now: { CacheInstant(sinceStart: time.elapsed) }, wallTime: { Int64(time.elapsed / .milliseconds(1)) },
            sleep: { try await time.sleep($0) })
        cache = CacheManager(capacity: 64 << 20, clock: clock, random: { 0.5 })
    }

    private func fillBoth() async {
        for number in 0..<1000 { await cache.set(brief("\(number)"), to: fill("x", padding: 10_000)) }
        await cache.set(things("a"), to: fill("stays"))
    }

    @Test func `removes what may not be served any more, and nothing else, and gives its memory back`() async {
        await fillBoth()
        let all = cache.statistics.bytes
        time.advance(by: .seconds(150) - .nanoseconds(1))
        #expect(cache.removeExpired() == 0)
        time.advance(by: .nanoseconds(1))
        #expect(cache.removeExpired() == 1000)
        #expect(cache.statistics.entries == 1)
        #expect(cache.statistics.bytes < all / 1000)
        #expect(cache.statistics.byNamespace[brief]?[.evictedExpired] == 1000)
        #expect(await cache.get(things("a"))?.text == "stays")
        #expect(cache.removeExpired() == 0)
    }

    @Test func `runs at intervals, until the service ends`() async throws {
        await fillBoth()
        let running = Task { [cache] in try await ExpirySweep(cache, interval: .seconds(60)).run() }
        for minute in 1...3 {
            try await until { time.sleepers == 1 }
            #expect(cache.statistics.entries == 1001, "minute \(minute)")
            time.advance(by: .seconds(60))
        }
        try await until { cache.statistics.entries == 1 }
        running.cancel()
        try await running.value
    }
}
