/// One shard of the memory tier: an S3-FIFO cache. Not synchronised.
struct MemoryShard {
    private enum Queue { case small, main }

    private struct Node {
        let resident: Resident
        /// How often it was read since it was last considered for eviction, at most 3.
        var uses: UInt8
        var queue: Queue
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
    /// The slots by the hashes of the keys: a table of keys would take 80 bytes for each place, half of them empty.
    private var index: [Int: Int] = [:]
    /// The slots of the entries that carry a tag, but for tags that every entry of a kind carries.
    private var slotsByTag: [CacheTag: Set<Int>] = [:]
    private var small = List()
    private var main = List()
    private var ghosts = GhostQueue()
    /// Bytes that entries which went held, since ``takeFreedBytes()``.
    private var freedBytes = 0

    /// The part of the capacity that newcomers may fill.
    private var smallCapacity: Int { capacity / 10 }

    init(capacity: Int) { self.capacity = capacity }

    var count: Int { index.count }
    var bytes: Int { small.bytes + main.bytes }
    var keys: some Sequence<CacheKey> { nodes.lazy.compactMap { $0?.resident.key } }

    mutating func use(_ key: CacheKey) -> Resident? {
        guard let (slot, resident) = find(key) else { return nil }
        if let uses = nodes[slot]?.uses, uses < 3 { nodes[slot]?.uses = uses + 1 }
        return resident
    }

    private func find(_ key: CacheKey) -> (slot: Int, resident: Resident)? {
        guard let slot = index[key.hash], let resident = nodes[slot]?.resident, resident.key == key else { return nil }
        return (slot, resident)
    }

    /// Removes the entries that match among the next few slots.
    ///
    /// - Returns: where to go on; `nil` at the end.
    mutating func removeAll(
        from start: Int, to removed: inout [CacheKey], where matches: (Resident) -> Bool
    ) -> Int? {
        let end = min(start + Self.batch, nodes.count)
        for slot in start..<max(start, end) {
            guard let resident = nodes[slot]?.resident, matches(resident) else { continue }
            remove(resident.key)
            removed.append(resident.key)
        }
        return end < nodes.count ? end : nil
    }

    /// Removes some of the entries that carry any of some tags, none of which is on many.
    ///
    /// - Returns: whether there may be more.
    mutating func removeSome(tagged tags: Set<CacheTag>, to removed: inout [CacheKey]) -> Bool {
        var rest = Self.batch
        for tag in tags {
            // A copy of a few, as the set shrinks meanwhile.
            for slot in Array((slotsByTag[tag] ?? []).prefix(rest)) {
                guard let key = nodes[slot]?.resident.key else { continue }
                remove(key)
                removed.append(key)
                rest -= 1
            }
            if rest == 0 || slotsByTag[tag] != nil { return true }
        }
        return false
    }

    /// How many entries are looked at in one go, while readers wait.
    private static let batch = 256

    /// Whether a tag is on every entry, or on all of a namespace: those are not indexed.
    static func isOnMany(_ tag: CacheTag) -> Bool {
        tag == .all || tag.description.utf8.starts(with: "namespace:".utf8)
    }

    func peek(_ key: CacheKey) -> CacheEntry? { find(key)?.resident.entry }

    mutating func store(_ resident: Resident) -> [CacheKey] {
        let key = resident.key
        var uses: UInt8 = 0
        var queue = ghosts.remove(key) ? Queue.main : .small
        var evicted: [CacheKey] = []
        if let old = index[key.hash], let node = nodes[old] {
            if node.resident.key == key {
                // An entry that is replaced keeps its standing.
                (uses, queue) = (node.uses, node.queue)
            } else {
                // Another key with the same hash: a slot has room for one of them.
                evicted.append(node.resident.key)
            }
            remove(node.resident.key)
        }
        guard resident.cost <= capacity else { return evicted }
        // Room is made before the newcomer is in a queue: it must not be weighed against what it has yet to prove.
        evict(toFit: resident.cost, &evicted)
        let node = Node(resident: resident, uses: uses, queue: queue)
        let slot = free.popLast() ?? nodes.endIndex
        if slot == nodes.endIndex { nodes.append(node) } else { nodes[slot] = node }
        index[key.hash] = slot
        for tag in resident.entry.versions.keys where !Self.isOnMany(tag) { slotsByTag[tag, default: []].insert(slot) }
        link(slot)
        resident.counts.hold(resident.cost)
        return evicted
    }

    @discardableResult
    mutating func remove(_ key: CacheKey) -> Bool {
        guard let (slot, resident) = find(key) else { return false }
        index[key.hash] = nil
        unlink(slot)
        resident.counts.release(resident.cost)
        for tag in resident.entry.versions.keys where !Self.isOnMany(tag) {
            slotsByTag[tag]?.remove(slot)
            if slotsByTag[tag]?.isEmpty == true { slotsByTag[tag] = nil }
        }
        nodes[slot] = nil
        free.append(slot)
        freedBytes += resident.cost
        return true
    }

    /// How many bytes the entries held that went since this was last asked.
    mutating func takeFreedBytes() -> Int {
        defer { freedBytes = 0 }
        return freedBytes
    }

    /// - Parameter cost: at most the capacity. Every step removes an entry, moves one out of the small queue or takes a
    ///   use from one, so that the loop ends.
    private mutating func evict(toFit cost: Int, _ evicted: inout [CacheKey]) {
        while bytes > capacity - cost {
            let fromSmall = small.bytes > smallCapacity || main.oldest == nil
            guard let slot = fromSmall ? small.oldest : main.oldest, let node = nodes[slot] else { break }
            if fromSmall && node.uses > 1 {
                move(slot, to: .main, uses: 0)
            } else if !fromSmall && node.uses > 0 {
                move(slot, to: .main, uses: node.uses - 1)
            } else {
                let key = node.resident.key
                remove(key)
                if fromSmall { ghosts.insert(key, limit: max(16, index.count)) }
                evicted.append(key)
            }
        }
    }

    private mutating func move(_ slot: Int, to queue: Queue, uses: UInt8) {
        unlink(slot)
        nodes[slot]?.queue = queue
        nodes[slot]?.uses = uses
        link(slot)
    }

    /// Puts a node at the head of its queue.
    private mutating func link(_ slot: Int) {
        guard let queue = nodes[slot]?.queue, let cost = nodes[slot]?.resident.cost else { return }
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
            list.bytes -= node.resident.cost
        }
    }

    private mutating func withList(_ queue: Queue, _ body: (inout List, inout [Node?]) -> Void) {
        switch queue {
        case .small: body(&small, &nodes)
        case .main: body(&main, &nodes)
        }
    }
}

/// Remembers the keys that left the small queue unread, oldest first, as many as the shard has entries. It keeps their
/// hashes alone: keys would take several times the memory, and one that is taken for another is but admitted too early.
struct GhostQueue {
    private var members: [Int: Int] = [:]
    private(set) var order: [(hash: Int, stamp: Int)] = []
    private var head = 0
    private var stamp = 0

    mutating func insert(_ key: CacheKey, limit: Int) {
        stamp += 1
        members[key.hash] = stamp
        order.append((key.hash, stamp))
        while members.count > limit {
            let oldest = order[head]
            head += 1
            // A key that came back since then has a newer stamp.
            if members[oldest.hash] == oldest.stamp { members[oldest.hash] = nil }
        }
        // Most of the stamps are those of keys that were forgotten, or came back: each key has one that counts.
        if order.count > 2 * members.count + 16 {
            order.removeAll { members[$0.hash] != $0.stamp }
            head = 0
        }
    }

    /// - Returns: whether the key was remembered.
    mutating func remove(_ key: CacheKey) -> Bool { members.removeValue(forKey: key.hash) != nil }
}
