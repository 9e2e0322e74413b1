import CoherenceHarness
import Logging
import NIOCore
import Synchronization
import TestSupport
import Testing

@testable import Caching

@Suite(.timeLimit(.minutes(5))) struct CoherentCacheTests {
    private let time = ManualClock()
    private let feed = ManualFeed()
    private let map = VersionMap { !$0.description.hasPrefix("user:") }
    private let poller: VersionPoller
    private let cache: CacheManager
    private let tag = CacheTag("surah:2")
    private let loads = Counter()

    private let box = Box()

    init() {
        poller = VersionPoller(
            feed: feed, map: map, clock: time.clock, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        ) { [box] change in
            box.changes.withLock { $0.append(change) }
            box.cache.withLock { $0 }?.apply(change)
        }
        cache = CacheManager(
            coherence: .init(map: map, feed: feed, poller: poller), clock: time.clock, random: { 0.5 })
        box.cache.withLock { $0 = cache }
    }

    private final class Box: Sendable {
        let cache = Mutex<CacheManager?>(nil)
        let changes = Mutex<[VersionChange]>([])
    }

    private func answer(_ id: String = "a") async throws -> CacheAnswer {
        try await cache.answer(for: things(id)) { [feed, tag, loads] in
            let (versions, position) = try feed.read([tag])
            let text = "\(versions[tag]?.value ?? 0)"
            loads.increment()
            return CacheFill(
                body: ByteBuffer(string: text), contentType: "text/plain", versions: versions, readAt: position)
        }
    }

    /// Asks for "a" with a load that has read, and waits at a gate before it returns.
    private func askHeldBack(at gate: Gate) async throws -> Task<CacheAnswer, any Error> {
        let read = Gate()
        let asking = Task { [cache, feed, tag] in
            try await cache.answer(for: things("a")) {
                let (versions, position) = try feed.read([tag])
                read.open()
                try await gate.pass()
                return CacheFill(
                    body: ByteBuffer(string: "\(versions[tag]?.value ?? 0)"), contentType: "text/plain",
                    versions: versions, readAt: position)
            }
        }
        try await read.pass()
        return asking
    }

    @Test func `a change that a poll found is loaded, what did not change stays a hit`() async throws {
        await poller.poll()
        #expect(try await answer().source == .loaded)
        #expect(try await answer().source == .memory)
        feed.change(CacheTag("surah:3"))
        await poller.poll()
        #expect(try await answer().source == .memory)
        feed.change(tag)
        await poller.poll()
        let changed = try await answer()
        #expect(changed.source == .loaded && changed.entry.text == "1" && changed.staleness == nil)
        #expect(cache.statistics.total[.evictedOutdated] == 1)
    }

    @Test func `an entry is fresh for the bound after a poll began, and no longer`() async throws {
        await poller.poll()
        _ = try await answer()
        time.advance(by: .seconds(1))
        #expect(try await answer().staleness == nil)
        feed.setDown(true)
        await poller.poll()
        time.advance(by: .nanoseconds(1))
        let stale = try await answer()
        #expect(stale.staleness == .unconfirmed && stale.source == .memory && stale.entry.text == "0")
        #expect(cache.statistics.total[.staleUnconfirmed] == 1)
        feed.setDown(false)
        await poller.poll()
        #expect(try await answer().staleness == nil)
        #expect(loads.value == 1)
    }

    @Test func `a loader that overtakes a poll is not taken for a history that went back`() async throws {
        feed.change(tag)
        let known = map.known
        let batch = try await feed.changes(since: nil)
        // While the poll is under way, another change is committed, and a loader reads it.
        feed.change(tag)
        _ = map.raise(to: [tag: CacheVersion(2)])
        #expect(map.apply(batch, notBehind: known, startedAt: time.clock.now()) != nil)
        #expect(map.version(of: tag) == CacheVersion(2))
        // The next poll is behind what the map held before it.
        #expect(map.apply(batch, notBehind: map.known, startedAt: time.clock.now()) == nil)
    }

    @Test func `who joins a load while the map is in doubt does not get what was read before the doubt`() async throws {
        await poller.poll()
        let gate = Gate()
        let first = try await askHeldBack(at: gate)
        feed.change(tag)
        time.advance(by: .milliseconds(1))
        map.doubt(since: time.clock.now())
        let second = Task { try await answer() }
        try await until { cache.flights.waiting(for: things("a")) == 2 }
        gate.open()
        #expect(try await first.value.entry.text == "0")
        #expect(try await second.value.entry.text == "1")
    }

    @Test func `in doubt nothing is fresh until a poll that began afterwards`() async throws {
        await poller.poll()
        _ = try await answer()
        time.advance(by: .milliseconds(10))
        map.doubt(since: time.clock.now())
        let none: [(tag: CacheTag, version: CacheVersion)] = []
        // A poll that was under way, and did not see what is in doubt.
        _ = map.apply(
            FeedBatch(versions: none, position: FeedPosition(0), history: "first", isFull: false),
            notBehind: map.known, startedAt: CacheInstant(sinceStart: .milliseconds(9)))
        #expect(map.confirmedAt == nil)
        feed.setDown(true)
        await poller.poll()
        #expect(try await answer().staleness == .unconfirmed)
        feed.setDown(false)
        await poller.poll()
        #expect(try await answer().staleness == nil)
    }

    @Test func `what has expired is served stale while it is refreshed, again and again if that fails`() async throws {
        // Without a feed, so that only time makes it stale.
        let cache = CacheManager(clock: time.clock, random: { 0.5 })
        let attempts = Counter()
        let ask: @Sendable () async throws -> CacheAnswer = { [feed] in
            try await cache.answer(for: things("a")) {
                attempts.increment()
                _ = try feed.read([])
                return fill("load \(attempts.value)")
            }
        }
        #expect(try await ask().source == .loaded)
        time.advance(by: .seconds(604_800))
        feed.setDown(true)
        for attempt in 2...4 {
            let stale = try await ask()
            #expect(stale.staleness == .expired && stale.entry.text == "load 1" && stale.timeToLive <= .zero)
            try await until { attempts.value == attempt && cache.flights.waiting(for: things("a")) == 0 }
            let resident = try #require(cache.memory.resident(for: things("a")))
            try await until { resident.claimRefresh() }
            resident.endRefresh()
        }
        feed.setDown(false)
        #expect(try await ask().staleness == .expired)
        try await until { cache.statistics.total[.fill] == 2 }
        let fresh = try await ask()
        #expect(fresh.staleness == nil && fresh.entry.text == "load 5")
    }

    @Test func `a cold key fails while the source is down, and is loaded when it is back`() async throws {
        await poller.poll()
        feed.setDown(true)
        await #expect(throws: ManualFeed.Down.self) { try await answer() }
        feed.setDown(false)
        #expect(try await answer().source == .loaded)
    }

    @Test func `what a loader read raises the map before the next poll`() async throws {
        await poller.poll()
        _ = try await answer("a")
        feed.change(tag)
        // Another key of the same thing is loaded: the first is known to be outdated from then on.
        #expect(try await answer("b").entry.text == "1")
        #expect(try await answer("a").entry.text == "1")
    }

    @Test func `who asks after a change was known does not get what a load read before it`() async throws {
        await poller.poll()
        let gate = Gate()
        let first = try await askHeldBack(at: gate)
        feed.change(tag)
        await poller.poll()
        let second = Task { try await answer() }
        try await until { cache.flights.waiting(for: things("a")) == 2 }
        gate.open()
        #expect(try await first.value.entry.text == "0")
        #expect(try await second.value.entry.text == "1")
        #expect(try await answer().entry.text == "1")
    }

    @Test func `a history that went back outdates everything, also for entries of the lost one`() async throws {
        for _ in 0..<5 { feed.change(tag) }
        await poller.poll()
        #expect(try await answer().entry.text == "5")
        feed.restart(with: [tag: CacheVersion(3)], position: 2, history: "second")
        await poller.poll()
        let answer = try await answer()
        #expect(answer.source == .loaded && answer.entry.text == "3" && answer.staleness == nil)
        #expect(try #require(map.version(of: .all)) > .zero)
    }

    @Test func `a user's tag that the map forgot counts as changed, one that it never heard of as unchanged`() async {
        let map = VersionMap(isListed: { !$0.description.hasPrefix("user:") }, unlistedLimit: 2)
        let user = CacheTag("user:1")
        let none: [(tag: CacheTag, version: CacheVersion)] = []
        let start = CacheInstant(sinceStart: .zero)
        _ = map.apply(
            FeedBatch(versions: none, position: FeedPosition(10), history: "", isFull: true), notBehind: map.known,
            startedAt: start)
        #expect(map.isCurrent([user: CacheVersion(4)], readAt: FeedPosition(10)))
        #expect(!map.isCurrent([user: CacheVersion(4)], readAt: FeedPosition(9)))
        let others = (2...4).map { (tag: CacheTag("user:\($0)"), version: CacheVersion(1)) }
        _ = map.apply(
            FeedBatch(versions: others, position: FeedPosition(20), history: "", isFull: false), notBehind: map.known,
            startedAt: start)
        #expect(!map.isCurrent([user: CacheVersion(4)], readAt: FeedPosition(19)))
        #expect(map.isCurrent([user: CacheVersion(4)], readAt: FeedPosition(20)))
    }

    @Test func `what was forgotten while a transaction was open counts as changed for all who may have read before`() {
        let map = VersionMap(isListed: { !$0.description.hasPrefix("user:") }, unlistedLimit: 2)
        let start = CacheInstant(sinceStart: .zero)
        let none: [(tag: CacheTag, version: CacheVersion)] = []
        // A transaction with number 10 stays open, so every position is 10; those of the users have numbers up to 19.
        _ = map.apply(
            FeedBatch(
                versions: none, position: FeedPosition(10), ceiling: FeedPosition(12), history: "", isFull: true),
            notBehind: map.known, startedAt: start)
        #expect(!map.isCurrent([CacheTag("user:1"): CacheVersion(1)], readAt: FeedPosition(11)))
        let users = (1...3).map { (tag: CacheTag("user:\($0)"), version: CacheVersion(2)) }
        _ = map.apply(
            FeedBatch(
                versions: users, position: FeedPosition(10), ceiling: FeedPosition(20), history: "", isFull: false),
            notBehind: map.known, startedAt: start)
        #expect(!map.isCurrent([CacheTag("user:1"): CacheVersion(1)], readAt: FeedPosition(19)))
        #expect(map.isCurrent([CacheTag("user:1"): CacheVersion(2)], readAt: FeedPosition(20)))
    }

    @Test func `what others wrote of users is forgotten in time, though no poll tells of it again`() {
        let map = VersionMap(isListed: { !$0.description.hasPrefix("user:") }, unlistedLimit: 2)
        let none: [(tag: CacheTag, version: CacheVersion)] = []
        for ceiling in [10, 20] as [Int64] {
            let batch = FeedBatch(
                versions: none, position: FeedPosition(ceiling), history: "", isFull: ceiling == 10)
            _ = map.apply(batch, notBehind: map.known, startedAt: CacheInstant(sinceStart: .zero))
            for user in 1...3 where ceiling == 10 {
                _ = map.raise(to: [CacheTag("user:\(user)"): CacheVersion(5)], by: .otherWriter)
            }
        }
        #expect(map.version(of: CacheTag("user:1")) == nil)
        #expect(!map.isCurrent([CacheTag("user:1"): CacheVersion(4)], readAt: FeedPosition(19)))
    }

    @Test func `a change that a loader saw before the poll is told of all the same, once, and costs no second load`()
        async throws
    {
        await poller.poll()
        _ = try await answer()
        feed.change(tag)
        _ = try await answer("b")
        let told = box.changes.withLock(\.count)
        await poller.poll()
        #expect(box.changes.withLock { Array($0[told...]) } == [.tags([], overtaken: [tag])])
        #expect(try await answer("b").source == .memory)
        await poller.poll()
        #expect(box.changes.withLock(\.count) == told + 1)
    }

    @Test func `invalidating a tag, a namespace or all makes every instance load again`() async throws {
        await poller.poll()
        let polling = Task { [poller] in try await poller.run() }
        defer { polling.cancel() }
        for tags in [[tag], [CacheTag.all]] {
            _ = try await answer()
            let before = loads.value
            try await cache.invalidate(tags)
            #expect(try await answer().source == .loaded)
            #expect(loads.value == before + 1)
        }
    }

    @Test func `costly loads leave room for others, and are turned away by themselves`() async throws {
        var policy = CachePolicy()
        (policy.concurrentLoads, policy.concurrentCostlyLoads, policy.waitingCostlyLoads) = (2, 1, 1)
        let cache = CacheManager(policy: policy, clock: time.clock)
        let costly = CacheNamespace("costly", timeToLive: .seconds(60), isCostly: true)
        let gate = Gate()
        let running = (1...2).map { number in
            Task { [loads] in
                try await cache.answer(for: CacheKey(costly, "\(number)")) {
                    loads.increment()
                    try await gate.pass()
                    return fill("x")
                }
            }
        }
        try await until { loads.value == 1 && cache.statistics.waitingLoads == 1 }
        await #expect(throws: CacheError.overloaded) {
            try await cache.answer(for: CacheKey(costly, "3")) { fill("z") }
        }
        #expect(try await cache.answer(for: things("1")) { fill("y") }.source == .loaded)
        gate.open()
        for task in running { #expect(try await task.value.source == .loaded) }
    }

    @Test func `more loads than may wait are turned away at once`() async throws {
        var policy = CachePolicy()
        (policy.concurrentLoads, policy.waitingLoads) = (1, 1)
        let cache = CacheManager(policy: policy, clock: time.clock)
        let gate = Gate()
        let running = Task {
            try await cache.answer(for: things("1")) { [loads] in
                loads.increment()
                try await gate.pass()
                return fill("x")
            }
        }
        try await until { loads.value == 1 }
        let waiting = Task { try await cache.answer(for: things("2")) { fill("y") } }
        try await until { cache.statistics.waitingLoads == 1 }
        await #expect(throws: CacheError.overloaded) { try await cache.answer(for: things("3")) { fill("z") } }
        gate.open()
        #expect(try await running.value.entry.text == "x")
        #expect(try await waiting.value.entry.text == "y")
    }
}
