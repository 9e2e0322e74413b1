import NIOCore
import TestSupport
import Testing

@testable import Caching

@Suite(.timeLimit(.minutes(20))) struct CacheManagerTests {
    private let time = ManualClock()
    private let cache: CacheManager

    init() { cache = CacheManager(capacity: 8 << 20, clock: time.clock, random: { 0.5 }) }

    private struct LoadError: Error {}

    @Test func `static things live 7 days and are served stale for 7 more, a user's live 1 hour`() async {
        #expect(CacheNamespace.shared("quran").timeToLive == .seconds(604_800))
        #expect(CacheNamespace.shared("quran").staleTime == .seconds(604_800))
        #expect(CacheNamespace.perUser("bookmarks").timeToLive == .seconds(3600))
        #expect(CacheNamespace.perUser("bookmarks").staleTime == .zero)
    }

    @Test(arguments: [
        (CacheNamespace("quran", timeToLive: .seconds(604_800)), 604_800), (.perUser("bookmarks"), 3600),
    ])
    func `an entry is served until just before its time to live has passed`(
        namespace: CacheNamespace, seconds: Int
    ) async throws {
        let key = namespace("a")
        time.advance(by: .seconds(5))
        await cache.set(key, to: fill("old"))
        time.advance(by: .seconds(seconds) - .nanoseconds(1))
        #expect(await cache.exists(key))
        #expect(await cache.get(key)?.text == "old")
        time.advance(by: .nanoseconds(1))
        #expect(await !cache.exists(key))
        #expect(await cache.get(key) == nil)
        let answer = try await cache.answer(for: key) { fill("new") }
        #expect(answer.source == .loaded)
        #expect(answer.entry.text == "new")
        #expect(cache.statistics.total[.evictedExpired] == 1)
    }

    @Test func `an entry that expired is loaded again by who asks`() async throws {
        let key = CacheNamespace.perUser("bookmarks")("a")
        await cache.set(key, to: fill("old"))
        time.advance(by: .seconds(3600))
        let answer = try await cache.answer(for: key) { fill("new") }
        #expect(answer.source == .loaded)
        #expect(answer.entry.text == "new")
        #expect(answer.entry.expiresAt == CacheInstant(sinceStart: .seconds(7200)))
    }

    @Test func `what was set is had, until it is set again or deleted`() async {
        let key = things("a")
        #expect(await cache.get(key) == nil)
        #expect(await !cache.exists(key))
        await cache.set(key, to: fill("1", versions: [CacheTag("surah:2"): CacheVersion(3)]))
        #expect(await cache.get(key)?.text == "1")
        #expect(await cache.get(key)?.contentType == "text/plain")
        #expect(await cache.get(key)?.versions == [CacheTag("surah:2"): CacheVersion(3)])
        await cache.set(key, to: fill("2"))
        #expect(await cache.get(key)?.text == "2")
        #expect(await cache.get(things("b")) == nil)
        #expect(await cache.delete(key))
        #expect(await !cache.delete(key))
        #expect(await cache.get(key) == nil)
    }

    @Test func `many are set and had at once`() async {
        await cache.set([things("a"): fill("A"), things("b"): fill("B"), things("c"): fill("C")])
        let entries = await cache.get([things("a"), things("c"), things("x")])
        #expect(entries.mapValues(\.text) == [things("a"): "A", things("c"): "C"])
        #expect(cache.statistics.total.hits == 2)
        #expect(cache.statistics.total.misses == 1)
    }

    @Test func `a pattern deletes the keys that it matches and no others`() async {
        let (quran, tafsir) = (CacheNamespace.shared("quran"), CacheNamespace.shared("tafsir"))
        let keys = [quran("surah:1"), quran("surah:2"), quran("surah:20"), quran("surah:2?page=2"), tafsir("surah:2")]
        for key in keys { await cache.set(key, to: fill("x")) }
        #expect(await cache.delete(matching: "surah:2*").memory == 0)
        #expect(await cache.delete(matching: "quran_backend:quran:surah:2*").memory == 3)
        var exist: [Bool] = []
        for key in keys { exist.append(await cache.exists(key)) }
        #expect(exist == [true, false, false, false, true])
        #expect(await cache.delete(matching: "quran_backend:*:surah:?").memory == 2)
        #expect(cache.statistics.entries == 0)
        #expect(cache.statistics.byNamespace[quran]?[.evictedOnRequest] == 4)
        #expect(cache.statistics.byNamespace[tafsir]?[.evictedOnRequest] == 1)
    }

    @Test func `clearing removes all and says how many`() async throws {
        for number in 0..<100 { await cache.set(things("\(number)"), to: fill("x")) }
        #expect(try await cache.clear().memory == 100)
        #expect(try await cache.clear().memory == 0)
        #expect(cache.statistics.entries == 0)
        #expect(cache.statistics.bytes == 0)
    }

    @Test func `an answer comes from memory the second time and says how old it is`() async throws {
        let loads = Counter()
        let load: @Sendable () async throws -> CacheFill = { fill("load \(loads.increment())") }
        let first = try await cache.answer(for: things("a"), load: load)
        #expect(first.source == .loaded)
        #expect(first.age == .zero)
        time.advance(by: .seconds(42))
        let second = try await cache.answer(for: things("a"), load: load)
        #expect(second.source == .memory)
        #expect(second.age == .seconds(42))
        #expect(second.entry.text == "load 1")
        #expect(second.entry.filledAt == CacheInstant(sinceStart: .zero))
        await cache.delete(things("a"))
        #expect(try await cache.answer(for: things("a"), load: load).entry.text == "load 2")
    }

    @Test func `a thousand who ask at once cause one load`() async throws {
        let (gate, loads, asked) = (Gate(), Counter(), Counter())
        try await withThrowingTaskGroup(of: Void.self) { [cache] group in
            for _ in 0..<1000 {
                group.addTask {
                    asked.increment()
                    let answer = try await cache.answer(for: things("a")) {
                        loads.increment()
                        try await gate.pass()
                        return fill("value")
                    }
                    #expect(answer.entry.text == "value")
                    #expect(answer.source == .loaded)
                }
            }
            try await until { cache.flights.waiting(for: things("a")) == 1000 }
            gate.open()
            try await group.waitForAll()
        }
        #expect(loads.value == 1)
        #expect(cache.statistics.total[.fill] == 1)
        #expect(cache.statistics.total.hits == 0)
        #expect(try await cache.answer(for: things("a")) { fill("other") }.entry.text == "value")
    }

    @Test func `an error is thrown and not cached`() async throws {
        await #expect(throws: LoadError.self) {
            try await cache.answer(for: things("a")) { throw LoadError() }
        }
        #expect(await !cache.exists(things("a")))
        #expect(try await cache.answer(for: things("a")) { fill("value") }.source == .loaded)
        #expect(cache.statistics.total[.failure] == 1)
        #expect(cache.statistics.total.misses == 1)
        #expect(cache.statistics.total[.fill] == 1)
    }

    @Test func `statistics count what happened, by namespace`() async throws {
        let (a, b) = (CacheNamespace.shared("a"), CacheNamespace.perUser("b"))
        #expect(cache.statistics.total == .init())
        #expect(cache.statistics.total.hitRatio == nil)
        #expect(cache.statistics.capacity == 8 << 20)
        _ = try await cache.answer(for: a("1")) { fill("x") }
        for _ in 0..<3 { _ = try await cache.answer(for: a("1")) { fill("y") } }
        _ = await cache.get(b("1"))
        await cache.set(b("1"), to: fill("x"))
        _ = await cache.get(b("1"))
        _ = await cache.exists(b("1"))
        time.advance(by: .seconds(3600))
        _ = await cache.get(b("1"))
        _ = await cache.get(b("1"))
        #expect(cache.statistics.memoryByNamespace[a]?.entries == 1)
        #expect(cache.statistics.memoryByNamespace[a]?.bytes == cache.statistics.bytes)
        #expect(cache.statistics.memoryByNamespace[b] == CacheStatistics.Holding(entries: 0, bytes: 0))
        await cache.delete(a("1"))
        await cache.delete(a("1"))
        #expect(cache.statistics.memoryByNamespace[a]?.bytes == 0)
        var (ofA, ofB) = (CacheStatistics.Counters(), CacheStatistics.Counters())
        (ofA[.miss], ofA[.memoryHit], ofA[.fill], ofA[.evictedOnRequest]) = (1, 3, 1, 1)
        (ofB[.miss], ofB[.memoryHit], ofB[.fill], ofB[.evictedExpired]) = (3, 1, 1, 1)
        #expect(cache.statistics.byNamespace == [a: ofA, b: ofB])
        #expect(cache.statistics.byNamespace[a]?.hitRatio == 0.75)
        let total = cache.statistics.total
        #expect((total.hits, total.misses, total[.fill]) == (4, 4, 2))
        #expect(cache.statistics.entries == 0)
        #expect(cache.statistics.bytes == 0)
    }

    @Test func `evictions are counted and the bytes stay within the capacity`() async {
        let cache = CacheManager(capacity: 64 << 10)
        for number in 0..<1000 {
            await cache.set(things("\(number)"), to: fill("x", padding: 500))
            #expect(cache.statistics.bytes <= 64 << 10)
        }
        let statistics = cache.statistics
        #expect(statistics.total[.evictedForSpace] > 900)
        #expect(statistics.entries == 1000 - statistics.total[.evictedForSpace])
    }

    @Test func `an entry larger than a shard is answered but not kept`() async throws {
        let cache = CacheManager(capacity: 64 << 10)
        let answer = try await cache.answer(for: things("a")) { fill("great", padding: 16 << 10) }
        #expect(answer.entry.text == "great")
        #expect(await !cache.exists(things("a")))
        #expect(cache.statistics.entries == 0)
        #expect(try await cache.answer(for: things("a")) { fill("small") }.source == .loaded)
        #expect(await cache.exists(things("a")))
    }

    @Test func `whatever many do at once, a value is one that was set under its key, within the capacity`() async {
        let cache = CacheManager(capacity: 100 << 10)
        await withTaskGroup { group in
            for worker in 0..<8 as Range<UInt64> {
                group.addTask {
                    var random = SplitMix(seed: worker)
                    for _ in 0..<2000 {
                        let number = Int.random(in: 0..<100, using: &random)
                        let key = things("\(number)")
                        switch Int.random(in: 0..<20, using: &random) {
                        case 0..<6:
                            await cache.set(
                                key, to: fill("\(number)", padding: Int.random(in: 0..<4000, using: &random)))
                        case 6: await cache.delete(key)
                        case 7 where number == 0: await cache.delete(matching: "*")
                        default: if let entry = await cache.get(key) { #expect(entry.text == "\(number)") }
                        }
                        #expect(cache.statistics.bytes <= 100 << 10)
                    }
                }
            }
        }
        await cache.delete(matching: "*")
        #expect(cache.statistics.bytes == 0)
    }

    @Test func `one who does all of it gets back what was set last, or nothing`() async {
        let cache = CacheManager(capacity: 100 << 10)
        var random = SplitMix(seed: 1)
        var model: [CacheKey: String] = [:]
        var hits = 0
        for step in 0..<20_000 {
            let key = things("\(Int.random(in: 0..<150, using: &random))")
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<3:
                model[key] = "\(step)"
                await cache.set(key, to: fill("\(step)", padding: Int.random(in: 0..<3000, using: &random)))
            case 3:
                model[key] = nil
                await cache.delete(key)
            default:
                guard let entry = await cache.get(key) else { continue }
                hits += 1
                #expect(entry.text == model[key])
            }
        }
        #expect(hits > 1000)
        #expect(cache.statistics.total.hits == hits)
    }
}
