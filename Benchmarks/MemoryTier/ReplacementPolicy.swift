import Caching

/// A cache that a trace is replayed against. An object that it does not hold is taken in at once, as after a load.
protocol ReplacementPolicy {
    /// - Returns: whether the object was there.
    mutating func request(_ object: Int) -> Bool
}

extension ReplacementPolicy {
    /// The part of all requests that were hits, 0…1. The first request for an object is one that nobody can hit; it counts.
    mutating func hitRatio(on trace: Trace) -> Double {
        var hits = 0
        for object in trace.requests where request(object) { hits += 1 }
        return Double(hits) / Double(trace.requests.count)
    }
}

/// The product's memory tier, as the cache manager uses it: a look, and on a miss a store.
struct TierReplay: ReplacementPolicy {
    private let tier: MemoryTier
    private let population: Population
    private let counts = EventCounts()

    init(capacity: Int, shards: Int, population: Population) {
        tier = MemoryTier(capacity: capacity, shards: shards)
        self.population = population
    }

    func request(_ object: Int) -> Bool {
        let key = population.keys[object]
        if tier.resident(for: key) != nil { return true }
        tier.store(Resident(population.entries[object], for: key, counts: counts))
        return false
    }
}

/// The yardstick: evicts what was not asked for the longest time. One queue, as many bytes as the tier.
struct LRUReplay: ReplacementPolicy {
    private struct Link {
        var newer: Int?
        var older: Int?
        var isCached = false
    }

    private let capacity: Int
    private let costs: [Int]
    private var links: [Link]
    private var newest: Int?
    private var oldest: Int?
    private var bytes = 0

    init(capacity: Int, population: Population) {
        self.capacity = capacity
        costs = population.costs
        links = Array(repeating: Link(), count: population.count)
    }

    mutating func request(_ object: Int) -> Bool {
        let isHit = links[object].isCached
        if isHit { unlink(object) }
        // As in the tier, what is larger than the cache is not kept.
        guard costs[object] <= capacity else { return false }
        while bytes > capacity - costs[object], let oldest { unlink(oldest) }
        link(object)
        return isHit
    }

    private mutating func link(_ object: Int) {
        links[object] = Link(newer: nil, older: newest, isCached: true)
        if let newest { links[newest].newer = object } else { oldest = object }
        newest = object
        bytes += costs[object]
    }

    private mutating func unlink(_ object: Int) {
        let link = links[object]
        if let newer = link.newer { links[newer].older = link.older } else { newest = link.older }
        if let older = link.older { links[older].newer = link.newer } else { oldest = link.newer }
        links[object] = Link()
        bytes -= costs[object]
    }
}
