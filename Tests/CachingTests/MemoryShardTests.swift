import TestSupport
import Testing

@testable import Caching

@Suite(.timeLimit(.minutes(20))) struct MemoryShardTests {
    private func entry(_ text: String, padding: Int = 0) -> CacheEntry {
        let fill = fill(text, padding: padding)
        return CacheEntry(
            fill, filledAt: CacheInstant(sinceStart: .zero), timeToLive: .seconds(1), staleTime: .zero)
    }

    /// The cost of an entry of this test with an id of three characters.
    private var unit: Int { entry("000").cost(key: things("000")) }

    /// Random operations, beside a dictionary that knows what must be there.
    @Test(arguments: 0..<60 as Range<UInt64>)
    func `whatever is done, a shard has what was stored last, less what it said it evicted, within its capacity`(
        seed: UInt64
    ) {
        var random = SplitMix(seed: seed)
        let capacity = [0, 700, 2000, 5000, 20_000, 100_000].randomElement(using: &random) ?? 5000
        let keys = (0..<Int.random(in: 1...60, using: &random)).map { things("\($0)") }
        let greatest = [1, 100, 3000, capacity + 1000].randomElement(using: &random) ?? 1
        var shard = MemoryShard(capacity: capacity)
        var model: [CacheKey: (text: String, cost: Int)] = [:]
        for step in 0..<2000 {
            guard let key = keys.randomElement(using: &random) else { return }
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<4:
                let entry = entry("\(step)", padding: Int.random(in: 0..<greatest, using: &random))
                let evicted = shard.store(entry, for: key)
                let cost = entry.cost(key: key)
                model[key] = cost <= capacity ? ("\(step)", cost) : nil
                #expect(Set(evicted).count == evicted.count)
                #expect(!evicted.contains(key))
                #expect(evicted.allSatisfy { model[$0] != nil })
                for key in evicted { model[key] = nil }
            case 4..<9:
                let used = shard.use(key)?.entry
                #expect(used?.text == model[key]?.text)
            default:
                let removed = shard.remove(key)
                #expect(removed == (model.removeValue(forKey: key) != nil))
            }
            #expect(shard.bytes <= capacity)
            #expect(shard.count == model.count)
            #expect(shard.bytes == model.values.reduce(0) { $0 + $1.cost })
        }
        #expect(Set(shard.keys) == Set(model.keys))
        for key in keys { #expect(shard.peek(key)?.text == model[key]?.text) }
        for key in keys { shard.remove(key) }
        #expect(shard.bytes == 0)
        #expect(shard.count == 0)
    }

    @Test func `a shard fills up before it evicts`() {
        var shard = MemoryShard(capacity: 10 * unit)
        for number in 100..<110 {
            let evicted = shard.store(entry("\(number)"), for: things("\(number)"))
            #expect(evicted.isEmpty)
        }
        #expect(shard.bytes == 10 * unit)
        let evicted = shard.store(entry("110"), for: things("110"))
        #expect(evicted == [things("100")])
    }

    @Test func `what only fits alone is kept alone`() {
        let great = entry("000", padding: 9 * unit)
        var shard = MemoryShard(capacity: great.cost(key: things("000")) + unit - 1)
        for number in 100..<105 { _ = shard.store(entry("\(number)"), for: things("\(number)")) }
        for _ in 0..<3 { for number in 100..<105 { _ = shard.use(things("\(number)")) } }
        let evicted = shard.store(great, for: things("000"))
        #expect(Set(evicted) == Set((100..<105).map { things("\($0)") }))
        #expect(shard.peek(things("000"))?.text == "000")
        #expect(shard.count == 1)
    }

    @Test func `what is larger than the shard is not kept, nor what it replaces`() {
        var shard = MemoryShard(capacity: 2 * unit)
        _ = shard.store(entry("old"), for: things("000"))
        let evicted = shard.store(entry("new", padding: 3 * unit), for: things("000"))
        #expect(evicted.isEmpty)
        #expect(shard.peek(things("000")) == nil)
        #expect(shard.bytes == 0)
    }

    @Test func `what comes back after an eviction is admitted, however often all others were read`() {
        var shard = MemoryShard(capacity: 10 * unit)
        let hot = (100..<110).map { things("\($0)") }
        for key in hot { _ = shard.store(entry("hot"), for: key) }
        for _ in 0..<3 { for key in hot { _ = shard.use(key) } }
        // The first of these moves the others to the main queue; all of them leave the small one unread.
        let newcomers = (200..<204).map { things("\($0)") }
        for key in newcomers { _ = shard.store(entry("new"), for: key) }
        #expect(shard.peek(newcomers[0]) == nil)
        for _ in 0..<3 { for key in hot { _ = shard.use(key) } }
        let evicted = shard.store(entry("again"), for: newcomers[0])
        #expect(!evicted.contains(newcomers[0]))
        #expect(shard.peek(newcomers[0])?.text == "again")
        #expect(shard.bytes <= 10 * unit)
    }

    @Test func `a hot set survives scans that push it out of a plain LRU cache`() {
        let capacity = 100
        var shard = MemoryShard(capacity: capacity * unit)
        var plain = PlainLRU(capacity: capacity)
        let hot = (100..<140).map { things("\($0)") }
        var (hits, plainHits, reads, scanned) = (0, 0, 0, 1000)
        for round in 0..<50 {
            for key in hot {
                for _ in 0..<3 {
                    let hit = shard.use(key) != nil
                    if !hit { _ = shard.store(entry("hot"), for: key) }
                    let plainHit = plain.use(key)
                    // The first round warms both up.
                    guard round > 0 else { continue }
                    reads += 1
                    hits += hit ? 1 : 0
                    plainHits += plainHit ? 1 : 0
                }
            }
            for _ in 0..<200 {
                scanned += 1
                let key = things("\(scanned)")
                if shard.use(key) == nil { _ = shard.store(entry("scan"), for: key) }
                _ = plain.use(key)
            }
        }
        #expect(hits == reads)
        // Of three reads in a row the first misses, every time.
        #expect(plainHits == reads * 2 / 3)
    }

    @Test func `what is replaced keeps its standing`() {
        var shard = MemoryShard(capacity: 10 * unit)
        _ = shard.store(entry("old"), for: things("000"))
        for _ in 0..<3 { _ = shard.use(things("000")) }
        _ = shard.store(entry("new"), for: things("000"))
        for number in 100..<200 { _ = shard.store(entry("\(number)"), for: things("\(number)")) }
        #expect(shard.peek(things("000"))?.text == "new")
    }

    @Test func `looking does not count as use`() {
        var shard = MemoryShard(capacity: 10 * unit)
        _ = shard.store(entry("old"), for: things("000"))
        for _ in 0..<9 { _ = shard.peek(things("000")) }
        for number in 100..<110 { _ = shard.store(entry("\(number)"), for: things("\(number)")) }
        #expect(shard.peek(things("000")) == nil)
    }

    @Test func `the keys that left are remembered up to a limit, the oldest forgotten first`() {
        var ghosts = GhostQueue()
        for number in 0..<100 { ghosts.insert(things("\(number)"), limit: 10) }
        let remembered = (0..<100).filter { ghosts.remove(things("\($0)")) }
        #expect(remembered == Array(90..<100))
        let again = (0..<100).filter { ghosts.remove(things("\($0)")) }
        #expect(again.isEmpty)
    }

    @Test func `a key that left again is as young as its last leave`() {
        var ghosts = GhostQueue()
        ghosts.insert(things("a"), limit: 3)
        ghosts.insert(things("b"), limit: 3)
        let wasThere = ghosts.remove(things("a"))
        #expect(wasThere)
        for name in ["c", "a", "d"] { ghosts.insert(things(name), limit: 3) }
        let remembered = ["a", "b", "c", "d"].filter { ghosts.remove(things($0)) }
        #expect(remembered == ["a", "c", "d"])
    }

    @Test func `keys that leave and come back for ever take no more memory for it`() {
        var ghosts = GhostQueue()
        ghosts.insert(things("stays"), limit: 16)
        for number in 0..<10_000 {
            ghosts.insert(things("\(number % 3)"), limit: 16)
            let cameBack = ghosts.remove(things("\(number % 3)"))
            #expect(cameBack)
        }
        #expect(ghosts.order.count <= 64)
        let stayed = ghosts.remove(things("stays"))
        #expect(stayed)
    }
}

/// The reference that has no resistance to scans.
private struct PlainLRU {
    let capacity: Int
    private var keys: [CacheKey] = []

    init(capacity: Int) { self.capacity = capacity }

    /// - Returns: whether the key was there; it is now.
    mutating func use(_ key: CacheKey) -> Bool {
        let place = keys.firstIndex(of: key)
        if let place { keys.remove(at: place) }
        keys.append(key)
        if keys.count > capacity { keys.removeFirst() }
        return place != nil
    }
}

extension MemoryShard {
    fileprivate mutating func store(_ entry: CacheEntry, for key: CacheKey) -> [CacheKey] {
        store(Resident(entry, for: key))
    }
}
