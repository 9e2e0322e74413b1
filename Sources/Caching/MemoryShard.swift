/// One shard of the memory tier: an S3-FIFO cache. Not synchronised.
struct MemoryShard {
    private enum Queue { case small, main }

    private struct Node {
        var key: CacheKey
        var entry: CacheEntry
        var cost: Int
        /// How often it was read since it was last considered for eviction, at most 3.
        var uses: UInt8 = 0
        var queue: Queue
        /// The generation of the version map at which the entry was last found current; 0 if it was never looked at.
        var validatedAt: UInt64 = 0
        var isRefreshing = false
        /// The neighbours in its queue, towards the head (newest) and the tail (oldest).
        var newer: Int?
        var older: Int?
    }

    private struct List {
        var newest: Int?
        var oldest: Int?
        var bytes = 0
    }

    private let capacity: Int
    private var nodes: [Node?] = []
    private var free: [Int] = []
    private var index: [CacheKey: Int] = [:]
    /// The slots of the entries that carry a tag, but for tags that every entry of a kind carries.
    private var slotsByTag: [CacheTag: Set<Int>] = [:]
    private var small = List()
    private var main = List()
    private var ghosts = GhostQueue()

    /// The part of the capacity that newcomers may fill.
    private var smallCapacity: Int { capacity / 10 }

    init(capacity: Int) { self.capacity = capacity }

    var count: Int { index.count }
    var bytes: Int { small.bytes + main.bytes }
    var keys: some Collection<CacheKey> { index.keys }

    mutating func use(_ key: CacheKey) -> (entry: CacheEntry, validatedAt: UInt64)? {
        guard let slot = index[key], let node = nodes[slot] else { return nil }
        if node.uses < 3 { nodes[slot]?.uses = node.uses + 1 }
        return (node.entry, node.validatedAt)
    }

    mutating func validate(_ entry: CacheEntry, for key: CacheKey, at generation: UInt64) {
        guard let slot = index[key], nodes[slot]?.entry.filledAt == entry.filledAt,
            nodes[slot]?.entry.versions == entry.versions
        else { return }
        nodes[slot]?.validatedAt = generation
    }

    mutating func claimRefresh(of key: CacheKey) -> Bool {
        guard let slot = index[key], nodes[slot]?.isRefreshing == false else { return false }
        nodes[slot]?.isRefreshing = true
        return true
    }

    mutating func endRefresh(of key: CacheKey) {
        if let slot = index[key] { nodes[slot]?.isRefreshing = false }
    }

    mutating func removeAll(tagged tags: Set<CacheTag>) -> [CacheKey] {
        var keys: Set<CacheKey> = []
        for tag in tags {
            if Self.isShared(tag) {
                keys.formUnion(index.filter { nodes[$1]?.entry.versions[tag] != nil }.keys)
            } else {
                keys.formUnion((slotsByTag[tag] ?? []).compactMap { nodes[$0]?.key })
            }
        }
        for key in keys { remove(key) }
        return Array(keys)
    }

    private static func isShared(_ tag: CacheTag) -> Bool {
        tag == .all || tag.description.utf8.starts(with: "namespace:".utf8)
    }

    func peek(_ key: CacheKey) -> CacheEntry? { index[key].flatMap { nodes[$0]?.entry } }

    mutating func store(_ entry: CacheEntry, for key: CacheKey) -> [CacheKey] {
        let cost = entry.cost(key: key)
        var uses: UInt8 = 0
        var queue = ghosts.remove(key) ? Queue.main : .small
        // An entry that is replaced keeps its standing.
        if let old = index[key], let node = nodes[old] {
            (uses, queue) = (node.uses, node.queue)
            remove(key)
        }
        guard cost <= capacity else { return [] }
        // Room is made before the newcomer is in a queue: it must not be weighed against what it has yet to prove.
        let evicted = evict(toFit: cost)
        let node = Node(key: key, entry: entry, cost: cost, uses: uses, queue: queue)
        let slot = free.popLast() ?? nodes.endIndex
        if slot == nodes.endIndex { nodes.append(node) } else { nodes[slot] = node }
        index[key] = slot
        for tag in entry.versions.keys where !Self.isShared(tag) { slotsByTag[tag, default: []].insert(slot) }
        link(slot)
        return evicted
    }

    @discardableResult
    mutating func remove(_ key: CacheKey) -> Bool {
        guard let slot = index.removeValue(forKey: key) else { return false }
        unlink(slot)
        for tag in (nodes[slot]?.entry.versions ?? [:]).keys where !Self.isShared(tag) {
            slotsByTag[tag]?.remove(slot)
            if slotsByTag[tag]?.isEmpty == true { slotsByTag[tag] = nil }
        }
        nodes[slot] = nil
        free.append(slot)
        return true
    }

    /// - Parameter cost: at most the capacity. Every step removes an entry, moves one out of the small queue or takes a
    ///   use from one, so that the loop ends.
    private mutating func evict(toFit cost: Int) -> [CacheKey] {
        var evicted: [CacheKey] = []
        while bytes > capacity - cost {
            let fromSmall = small.bytes > smallCapacity || main.oldest == nil
            guard let slot = fromSmall ? small.oldest : main.oldest, let node = nodes[slot] else { break }
            if fromSmall && node.uses > 1 {
                move(slot, to: .main, uses: 0)
            } else if !fromSmall && node.uses > 0 {
                move(slot, to: .main, uses: node.uses - 1)
            } else {
                remove(node.key)
                if fromSmall { ghosts.insert(node.key, limit: max(16, index.count)) }
                evicted.append(node.key)
            }
        }
        return evicted
    }

    private mutating func move(_ slot: Int, to queue: Queue, uses: UInt8) {
        unlink(slot)
        nodes[slot]?.queue = queue
        nodes[slot]?.uses = uses
        link(slot)
    }

    /// Puts a node at the head of its queue.
    private mutating func link(_ slot: Int) {
        guard let queue = nodes[slot]?.queue, let cost = nodes[slot]?.cost else { return }
        withList(queue) { list, nodes in
            nodes[slot]?.newer = nil
            nodes[slot]?.older = list.newest
            if let newest = list.newest { nodes[newest]?.newer = slot } else { list.oldest = slot }
            list.newest = slot
            list.bytes += cost
        }
    }

    private mutating func unlink(_ slot: Int) {
        guard let node = nodes[slot] else { return }
        withList(node.queue) { list, nodes in
            if let newer = node.newer { nodes[newer]?.older = node.older } else { list.newest = node.older }
            if let older = node.older { nodes[older]?.newer = node.newer } else { list.oldest = node.newer }
            list.bytes -= node.cost
        }
    }

    private mutating func withList(_ queue: Queue, _ body: (inout List, inout [Node?]) -> Void) {
        switch queue {
        case .small: body(&small, &nodes)
        case .main: body(&main, &nodes)
        }
    }
}

/// Remembers the keys that left the small queue unread, oldest first, as many as the shard has entries.
struct GhostQueue {
    private var members: [CacheKey: Int] = [:]
    private(set) var order: [(key: CacheKey, stamp: Int)] = []
    private var head = 0
    private var stamp = 0

    mutating func insert(_ key: CacheKey, limit: Int) {
        stamp += 1
        members[key] = stamp
        order.append((key, stamp))
        while members.count > limit {
            let oldest = order[head]
            head += 1
            // A key that came back since then has a newer stamp.
            if members[oldest.key] == oldest.stamp { members[oldest.key] = nil }
        }
        // Most of the stamps are those of keys that were forgotten, or came back: each key has one that counts.
        if order.count > 2 * members.count + 16 {
            order.removeAll { members[$0.key] != $0.stamp }
            head = 0
        }
    }

    /// - Returns: whether the key was remembered.
    mutating func remove(_ key: CacheKey) -> Bool { members.removeValue(forKey: key) != nil }
}
