import TestSupport

/// A sequence of requests, decided by a seed.
struct Trace {
    /// What a trace puts to the test.
    enum Kind {
        case popularity, scan, drift, loop

        /// How many percentage points of the hit ratio the memory tier has to be above LRU: less than what was measured,
        /// as the hashes of keys, and with them the shards, differ from process to process.
        var leastLead: Double {
            switch self {
            case .popularity, .drift: 0
            case .scan: 3
            case .loop: 30
            }
        }
    }

    let name: String
    let kind: Kind
    let population: Population
    /// Numbers of objects of the population.
    let requests: [Int]

    /// Independent requests: few objects are asked for often, most of them seldom. Which ones has nothing to do with
    /// their sizes or numbers.
    static func zipf(_ exponent: Double, of population: Population, count: Int, seed: UInt64) -> Trace {
        var random = SplitMix(seed: seed)
        let (zipf, objects) = popularity(exponent, of: population, using: &random)
        let requests = (0..<count).map { _ in objects[zipf.rank(using: &random)] }
        return Trace(
            name: "zipf \(exponent)\(population.note)", kind: .popularity, population: population, requests: requests)
    }

    /// As ``zipf(_:of:count:seed:)``, while a crawler walks over every object in order, again and again.
    ///
    /// - Parameter share: the part of the requests that are the crawler's, 0…1.
    static func zipfAndScan(
        _ exponent: Double, share: Double, of population: Population, count: Int, seed: UInt64
    ) -> Trace {
        var random = SplitMix(seed: seed)
        let (zipf, objects) = popularity(exponent, of: population, using: &random)
        var crawled = 0
        let requests = (0..<count).map { _ in
            guard Double.random(in: 0..<1, using: &random) < share else { return objects[zipf.rank(using: &random)] }
            crawled += 1
            return crawled % population.count
        }
        return Trace(name: "zipf \(exponent) + scan", kind: .scan, population: population, requests: requests)
    }

    /// As ``zipf(_:of:count:seed:)``, while what is popular changes: again and again an object nobody asked for becomes the
    /// most popular, and all others fall by one rank.
    ///
    /// - Parameter period: requests between two changes.
    static func drift(
        _ exponent: Double, every period: Int, of population: Population, count: Int, seed: UInt64
    ) -> Trace {
        var random = SplitMix(seed: seed)
        let (zipf, objects) = popularity(exponent, of: population, using: &random)
        let requests = (0..<count).map { number in
            let shift = number / period % objects.count
            return objects[(zipf.rank(using: &random) + objects.count - shift) % objects.count]
        }
        return Trace(name: "zipf \(exponent) + drift", kind: .drift, population: population, requests: requests)
    }

    /// A cyclic walk over objects of the same size, as many as fill a cache and a part more. LRU, and a FIFO queue, always
    /// lack just what is asked for next.
    ///
    /// - Parameters:
    ///   - capacity: bytes of the cache.
    ///   - excess: how much more the objects cost than the cache holds, as a part of the cache.
    static func loop(exceeding capacity: Int, by excess: Double, of population: Population, count: Int) -> Trace {
        let cost = population.costs.first ?? 1
        let length = Int((Double(capacity / cost) * (1 + excess)).rounded(.up))
        precondition(length <= population.count, "the loop is longer than its population")
        return Trace(
            name: "loop +\(Int(excess * 100)) %", kind: .loop, population: population,
            requests: (0..<count).map { $0 % length })
    }

    private static func popularity(
        _ exponent: Double, of population: Population, using random: inout SplitMix
    ) -> (Zipf, [Int]) {
        (Zipf(count: population.count, exponent: exponent), (0..<population.count).shuffled(using: &random))
    }
}
