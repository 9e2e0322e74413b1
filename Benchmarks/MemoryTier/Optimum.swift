/// What nobody can do better than, who knows the future and need not keep what he has just loaded.
///
/// For objects of one cost that is Belady's MIN ("A study of replacement algorithms for a virtual-storage computer", IBM
/// Systems Journal, 1966): evict what is asked for last. For objects of several costs the exact optimum is NP-hard, and
/// MIN is neither it nor a bound. There the relaxation PFOO-L bounds it from above (Berger, Beckmann and Harchol-Balter,
/// "Practical bounds on optimal caching with variable object sizes", SIGMETRICS 2018): a hit needs an object's bytes from
/// one request for it to the next; the cheapest of these areas are taken until they fill all the area that the cache has.
/// Nothing says that they fit together, so that a cache may be better than the share of the gap that it is credited with.
enum Optimum {
    /// - Parameter capacity: bytes.
    /// - Returns: the greatest part of the requests that can be hits, 0…1.
    static func hitRatio(on trace: Trace, capacity: Int) -> Double {
        let costs = trace.population.costs
        let hits =
            if let cost = costs.first, costs.allSatisfy({ $0 == cost }) {
                hitsOfMIN(on: trace, places: capacity / cost)
            } else {
                greatestHits(on: trace, capacity: capacity)
            }
        return Double(hits) / Double(trace.requests.count)
    }

    private static func hitsOfMIN(on trace: Trace, places: Int) -> Int {
        let next = nextRequests(of: trace)
        var isCached = Array(repeating: false, count: trace.population.count)
        var cached = 0
        // When what is cached is asked for next. Times that have passed stay in it; they are below all others.
        var times = MaximumHeap()
        var hits = 0
        for (now, object) in trace.requests.enumerated() {
            if isCached[object] {
                hits += 1
            } else {
                isCached[object] = true
                cached += 1
            }
            guard let time = next[now] else {
                // Never asked for again.
                isCached[object] = false
                cached -= 1
                continue
            }
            times.insert(time)
            if cached > places, let last = times.popMaximum() {
                isCached[trace.requests[last]] = false
                cached -= 1
            }
        }
        return hits
    }

    private static func greatestHits(on trace: Trace, capacity: Int) -> Int {
        var areas: [Int] = []
        for (now, next) in nextRequests(of: trace).enumerated() {
            let cost = trace.population.costs[trace.requests[now]]
            if let next, cost <= capacity { areas.append(cost * (next - now)) }
        }
        areas.sort()
        var room = capacity * trace.requests.count
        var hits = 0
        for area in areas {
            // The one that fits in part counts: it is a bound from above.
            guard room > 0 else { break }
            room -= area
            hits += 1
        }
        return hits
    }

    /// For each request the place of the next one for the same object.
    private static func nextRequests(of trace: Trace) -> [Int?] {
        var next = [Int?](repeating: nil, count: trace.requests.count)
        var latest = [Int?](repeating: nil, count: trace.population.count)
        for (now, object) in trace.requests.enumerated() {
            if let before = latest[object] { next[before] = now }
            latest[object] = now
        }
        return next
    }
}

/// Numbers of which the greatest is at hand: a binary heap.
private struct MaximumHeap {
    private var numbers: [Int] = []

    mutating func insert(_ number: Int) {
        numbers.append(number)
        var place = numbers.count - 1
        while place > 0, numbers[(place - 1) / 2] < numbers[place] {
            numbers.swapAt(place, (place - 1) / 2)
            place = (place - 1) / 2
        }
    }

    mutating func popMaximum() -> Int? {
        guard let last = numbers.popLast() else { return nil }
        guard let maximum = numbers.first else { return last }
        numbers[0] = last
        var place = 0
        while true {
            var child = 2 * place + 1
            if child + 1 < numbers.count, numbers[child + 1] > numbers[child] { child += 1 }
            guard child < numbers.count, numbers[child] > numbers[place] else { return maximum }
            numbers.swapAt(place, child)
            place = child
        }
    }
}
