import Caching
import CoherenceHarness
import Logging
import NIOCore
import Testing

/// What belongs to users is never served as it was before they wrote, whatever fails.
@Suite(.timeLimit(.minutes(5))) struct `Own writes` {
    private static let tag = CacheTag("user:1")
    private static let key = CacheNamespace.perUser("user")("1:bookmarks")

    private let time = ManualClock()
    private let feed = ManualFeed()
    private let store = MemorySharedStore()

    /// A cache of one instance, and what polls for it.
    private struct Instance {
        let cache: CacheManager
        let poller: VersionPoller
        let feed: ManualFeed

        /// What a user reads: the number of writes that it holds.
        func read() async throws -> (text: String, staleness: CacheAnswer.Staleness?) {
            let answer = try await cache.answer(for: `Own writes`.key, holdingWritesOf: [`Own writes`.tag]) { [feed] in
                let (versions, position) = try feed.read([`Own writes`.tag])
                let text = "\(versions[`Own writes`.tag]?.value ?? 0)"
                return CacheFill(
                    body: ByteBuffer(string: text), contentType: "text/plain", versions: versions, readAt: position)
            }
            return (String(buffer: answer.entry.body), answer.staleness)
        }
    }

    private func instance(shared: (any SharedStore)?, isOnlyWriter: Bool = false) async -> Instance {
        let map = VersionMap { !$0.description.hasPrefix("user:") }
        let poller = VersionPoller(
            feed: feed, map: map, clock: time.clock, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        ) { _ in }
        var policy = CachePolicy()
        policy.isOnlyWriter = isOnlyWriter
        let coherence = CacheManager.Coherence(map: map, feed: feed, poller: poller)
        let cache = CacheManager(
            capacity: 1 << 20, shared: shared, coherence: coherence, policy: policy, clock: time.clock,
            random: { 0.5 })
        await poller.poll()
        return Instance(cache: cache, poller: poller, feed: feed)
    }

    /// Commits a write, and tells the instance that made it.
    private func write(through instance: Instance) async throws {
        feed.change(Self.tag)
        let version = try feed.read([Self.tag]).versions[Self.tag]
        await instance.cache.wrote([Self.tag: try #require(version)])
    }

    /// The source fails, and long enough ago that nothing is fresh.
    private func fail(_ instances: Instance...) async {
        feed.setDown(true)
        time.advance(by: .seconds(2))
        for instance in instances { await instance.poller.poll() }
    }

    @Test func `who wrote reads it before any poll, on the same instance`() async throws {
        let one = await instance(shared: nil)
        #expect(try await one.read().text == "0")
        try await write(through: one)
        #expect(try await one.read().text == "1")
        #expect(try await one.read().staleness == nil)
    }

    @Test func `who wrote reads it on another instance at once, though that has heard of nothing`() async throws {
        let (one, two) = (await instance(shared: store), await instance(shared: store))
        for round in 1...3 {
            #expect(try await two.read().text == "\(round - 1)")
            try await write(through: one)
            #expect(try await two.read() == ("\(round)", nil))
        }
        // While nobody can say what was written, others' writes are heard of by polls.
        store.fail(true)
        try await write(through: one)
        #expect(try await two.read() == ("3", nil))
        await two.poller.poll()
        #expect(try await two.read() == ("4", nil))
    }

    @Test func `with the source down what was read since the last write is served stale`() async throws {
        let (one, two) = (await instance(shared: store), await instance(shared: store))
        try await write(through: one)
        await two.poller.poll()
        for instance in [one, two] { #expect(try await instance.read().text == "1") }
        await fail(one, two)
        for instance in [one, two] { #expect(try await instance.read() == ("1", .unconfirmed)) }
    }

    @Test func `with the source down nothing older than a write is served, also where nobody heard of it`() async throws
    {
        let (one, two) = (await instance(shared: store), await instance(shared: store))
        for instance in [one, two] { #expect(try await instance.read().text == "0") }
        try await write(through: one)
        await fail(one, two)
        for instance in [one, two] {
            await #expect(throws: (any Error).self) { try await instance.read() }
        }
        feed.setDown(false)
        for instance in [one, two] {
            await instance.poller.poll()
            #expect(try await instance.read() == ("1", nil))
        }
    }

    @Test func `two writes whose writers tell of them in the other order count both`() async throws {
        let (one, two) = (await instance(shared: store), await instance(shared: store))
        feed.change(Self.tag)
        #expect(try await two.read().text == "1")
        feed.change(Self.tag)
        await one.cache.wrote([Self.tag: CacheVersion(2)])
        await one.cache.wrote([Self.tag: CacheVersion(1)])
        await fail(two)
        await #expect(throws: (any Error).self) { try await two.read() }
    }

    @Test func `where nobody can vouch for it nothing is served stale, unless nobody else writes`() async throws {
        let (one, alone) = (await instance(shared: nil), await instance(shared: nil, isOnlyWriter: true))
        for instance in [one, alone] { _ = try await instance.read() }
        await fail(one, alone)
        await #expect(throws: (any Error).self) { try await one.read() }
        #expect(try await alone.read() == ("0", .unconfirmed))
    }
}
