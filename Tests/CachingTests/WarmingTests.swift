import CoherenceHarness
import Logging
import NIOCore
import Testing

@testable import Caching

@Suite(.timeLimit(.minutes(1))) struct `Warming a cache` {
    private let time = ManualClock()
    private let store = MemorySharedStore()
    private let feed = ManualFeed()
    private let map = VersionMap { _ in true }
    private let tag = CacheTag("surah:2")
    private let loads = Counter()
    private let poller: VersionPoller
    private let cache: CacheManager

    init() {
        poller = VersionPoller(feed: feed, map: map, clock: time.clock, logger: .silent) { _ in }
        cache = CacheManager(
            shared: store, coherence: .init(map: map, feed: feed, poller: poller), clock: time.clock, random: { 0.5 })
    }

    private var load: CacheManager.Loader {
        { [feed, tag, loads] in
            let (versions, position) = try feed.read([tag])
            loads.increment()
            return CacheFill(
                body: ByteBuffer(string: "\(versions[tag]?.value ?? 0)"), contentType: "text/plain", versions: versions,
                readAt: position)
        }
    }

    private func warm(asksShared: Bool = true) async throws -> CacheAnswer {
        try await cache.warm(things("a"), asksShared: asksShared, load: load)
    }

    @Test func `loads what is not there, and counts as no read`() async throws {
        await poller.poll()
        #expect(try await warm().source == .loaded)
        #expect(try await warm().source == .memory)
        #expect(loads.value == 1)
        let counters = cache.statistics.total
        #expect(counters.hits == 0 && counters.misses == 0 && counters[.fill] == 1)
        #expect(try await cache.answer(for: things("a"), load: load).source == .memory)
    }

    @Test func `brings what the shared tier has into memory, and what memory has into the shared tier`() async throws {
        await poller.poll()
        _ = try await warm()
        cache.removeFromMemory(matching: "*")
        #expect(try await warm().source == .shared)
        #expect(try await store.delete(matching: "quran_backend:things:*") == 1)
        #expect(try await warm(asksShared: false).source == .memory)
        #expect(try await !store.exists(things("a").description), "it was not asked")
        #expect(try await warm().source == .memory)
        #expect(try await store.exists(things("a").description))
        #expect(loads.value == 1)
    }

    @Test func `loads what has changed, or will soon expire`() async throws {
        await poller.poll()
        _ = try await warm()
        feed.change(tag)
        await poller.poll()
        let answer = try await warm()
        #expect(answer.source == .loaded && answer.entry.text == "1")
        // Ninety percent of the time to live.
        time.advance(by: .seconds(7 * 24 * 3600) * 0.91)
        await poller.poll()
        #expect(try await warm().source == .loaded)
        #expect(loads.value == 3)
    }

    @Test func `does not take what is stale for warm`() async throws {
        await poller.poll()
        _ = try await warm()
        time.advance(by: .seconds(8 * 24 * 3600))
        feed.setDown(true)
        await #expect(throws: (any Error).self) { try await warm() }
        #expect(cache.statistics.total.stale == 0)
    }
}
