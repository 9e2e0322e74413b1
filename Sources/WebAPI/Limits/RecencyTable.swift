/// A table of bounded size: what was used longest ago makes room for what is new.
struct RecencyTable<Key: Hashable, Value> {
    private struct Node {
        var key: Key
        var value: Value
        /// Towards those used more recently; -1 for the most recent one.
        var newer: Int
        /// Towards those used longer ago; -1 for the last one.
        var older: Int
    }

    let capacity: Int
    private var nodes: [Node] = []
    private var places: [Key: Int] = [:]
    private var newest = -1
    private var oldest = -1

    /// - Parameter capacity: at least 1.
    init(capacity: Int) { self.capacity = max(1, capacity) }

    var count: Int { nodes.count }

    /// What makes room for a key, if it is to be updated now; `nil` if there is room, or it is there.
    func victim(of key: Key) -> Key? { nodes.count < capacity || places[key] != nil ? nil : nodes[oldest].key }

    /// Changes a value in place, which counts as a use. One that is not there begins as `initial`.
    mutating func update<Result>(_ key: Key, from initial: Value, _ change: (inout Value) -> Result) -> Result {
        if let place = places[key] {
            unlink(place)
            link(place)
            return change(&nodes[place].value)
        }
        let place: Int
        if nodes.count < capacity {
            place = nodes.count
            nodes.append(Node(key: key, value: initial, newer: -1, older: -1))
        } else {
            place = oldest
            unlink(place)
            places.removeValue(forKey: nodes[place].key)
            nodes[place].key = key
            nodes[place].value = initial
        }
        places[key] = place
        link(place)
        return change(&nodes[place].value)
    }

    /// Changes a value that is there, which is no use of it.
    mutating func updateIfPresent<Result>(_ key: Key, _ change: (inout Value) -> Result) -> Result? {
        guard let place = places[key] else { return nil }
        return change(&nodes[place].value)
    }

    private mutating func link(_ place: Int) {
        nodes[place].newer = -1
        nodes[place].older = newest
        if newest >= 0 { nodes[newest].newer = place }
        newest = place
        if oldest < 0 { oldest = place }
    }

    private mutating func unlink(_ place: Int) {
        let (newer, older) = (nodes[place].newer, nodes[place].older)
        if newer >= 0 { nodes[newer].older = older } else { newest = older }
        if older >= 0 { nodes[older].newer = newer } else { oldest = newer }
    }
}
