import CoherenceHarness
import Logging
import NIOCore
import Testing

@testable import Caching

/// The short way to what needs no load.
@Suite(.timeLimit(.minutes(1))) struct `Offers` {
    private let time = ManualClock()
    private let feed = ManualFeed()
    private let map = VersionMap { _ in true }
    private let tag = CacheTag("surah:2")
    private let poller: VersionPoller
    private let cache: CacheManager

    init() {
        poller = VersionPoller(feed: feed, map: map, clock: time.clock, logger: .silent) { _ in }
        cache = CacheManager(
            shared: MemorySharedStore(), coherence: .init(map: map, feed: feed, poller: poller), clock: time.clock,
            random: { 0.5 })
    }

    private func fill(isNegative: Bool = false) async throws {
        await poller.poll()
        _ = try await cache.answer(for: things("a")) { [feed, tag] in
            let (versions, position) = try feed.read([tag])
            return CacheFill(
                body: ByteBuffer(string: "text"), contentType: "text/plain", isNegative: isNegative, versions: versions,
                readAt: position)
        }
    }

    private func offer(_ take: Bool = true) -> CacheOffer { cache.offerHit(for: things("a")) { _ in take } }

    @Test func `count as hits when they are taken`() async throws {
        try await fill()
        let before = cache.statistics.total[.memoryHit]
        #expect(offer(false) == .declined && offer(true) == .taken)
        #expect(cache.statistics.total[.memoryHit] == before + 1)
    }

    @Test func `tell where else to look`() async throws {
        #expect(offer() == .absent)
        #expect(CacheManager().offerHit(for: things("a")) { _ in true } == .declined)
        #expect(await cache.fetchShared(things("a")) == nil)
        try await fill()
        cache.removeFromMemory(matching: "*")
        #expect(offer() == .absent)
        let answer = try #require(await cache.fetchShared(things("a")))
        #expect(answer.source == .shared && answer.entry.text == "text")
        #expect(cache.statistics.total[.sharedHit] == 0)
        cache.countSharedHit(answer)
        #expect(cache.statistics.total[.sharedHit] == 1)
        #expect(offer() == .taken, "it is in memory again")
    }

    @Test func `leave to a load what is not as good as new`() async throws {
        try await fill()
        cache.removeFromMemory(matching: "*")
        time.advance(by: .seconds(5))
        #expect(await cache.fetchShared(things("a")) == nil, "nobody has confirmed it")
        #expect(offer() == .absent)
        await poller.poll()
        #expect(await cache.fetchShared(things("a")) != nil)
        cache.removeFromMemory(matching: "*")
        feed.change(tag)
        await poller.poll()
        #expect(await cache.fetchShared(things("a")) == nil, "it is outdated")
    }

    @Test func `say nothing of what is not there`() async throws {
        try await fill(isNegative: true)
        #expect(offer() == .declined)
        cache.removeFromMemory(matching: "*")
        #expect(await cache.fetchShared(things("a")) == nil)
    }
}
