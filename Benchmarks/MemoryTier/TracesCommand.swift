import ArgumentParser

struct TracesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "traces",
        abstract: "Replay request traces against the memory tier, LRU and the optimum, and compare hit ratios.",
        discussion: """
            Every policy has the same bytes and counts the same cost for an entry. The requests are decided by the seed. \
            The shard of a key is not, as Swift seeds its hashes anew for every process: the column of the tier with 8 \
            shards varies by some tenths of a point, and by one or two in the smallest caches.

            The traces ask for 31,750 objects, some 170 MB:
              zipf S             independent requests; the weight of rank r is 1 / r^S
              zipf S, one size   the same on objects of one size
              zipf S + scan      as zipf; of ten requests three are those of a crawler that walks over every object
              zipf S + drift     as zipf; after every 100 requests a new object is the most popular
              loop +25 %         a cyclic walk over a quarter more objects of one size than fit into the cache

            The optimum is Belady's MIN where all objects have one size. Elsewhere it is the bound PFOO-L (Berger et al., \
            SIGMETRICS 2018), which may be higher than what any cache could reach; the tier's share of the gap between \
            LRU and the optimum is then higher than what is shown.

            CONTRACT
            In caches of 1…25 % of all bytes the tier with 8 shards has to be above LRU by at least
              0 points on zipf and on drift, 3 on scan, 30 on loop
            Exits with 1 if it is not. Other sizes are shown and not judged.

            EXAMPLES
              quran-bench traces
              quran-bench traces --capacity-share 2 --capacity-share 50 --requests 200000
              quran-bench traces --json | jq '.results[] | select(.trace == "zipf 0.9")'
            """)

    @Option(help: "The size of the cache in percent of the bytes of all objects; may be given more than once.")
    var capacityShare: [Double] = [1, 5, 10, 25]

    @Option(help: "Requests of each trace.")
    var requests = 500_000

    @Option(help: "The seed of all draws.")
    var seed: UInt64 = 1

    @Flag(help: "Print JSON.")
    var json = false

    /// How one trace went in caches of one size. Hit ratios are in percent.
    private struct Result: Encodable {
        let trace: String
        let capacityShare: Double
        let capacityBytes: Int
        let lru: Double
        let tierOf8Shards: Double
        let tierOf1Shard: Double
        let optimum: Double
        /// Of the way from LRU to the optimum, what the tier with 8 shards goes; `nil` if there is none.
        let gapClosed: Double?
        let breach: String?
    }

    private struct Report: Encodable {
        let seed: UInt64
        let requests: Int
        let results: [Result]
    }

    func validate() throws {
        guard capacityShare.allSatisfy({ $0 > 0 && $0 <= 50 }) else {
            throw ValidationError("a capacity share is more than 0 and at most 50 %")
        }
        // With fewer, most requests are the first ones for their objects, which no policy can hit.
        guard requests >= 200_000 else { throw ValidationError("a trace needs at least 200000 requests") }
    }

    func run() throws {
        let (quran, equal) = (Population.quran(seed: seed), Population.equal(count: 31_750))
        let (count, seed) = (requests, seed)
        let traces = [
            Trace.zipf(0.7, of: quran, count: count, seed: seed), .zipf(0.9, of: quran, count: count, seed: seed),
            .zipf(1.1, of: quran, count: count, seed: seed), .zipf(0.9, of: equal, count: count, seed: seed),
            .zipfAndScan(0.9, share: 0.3, of: quran, count: count, seed: seed),
            .drift(0.9, every: 100, of: quran, count: count, seed: seed),
        ]
        var results: [Result] = []
        for trace in traces { results += capacityShare.map { replay(trace, capacityShare: $0) } }
        for share in capacityShare {
            let capacity = Self.capacity(share, of: equal)
            results.append(
                replay(.loop(exceeding: capacity, by: 0.25, of: equal, count: count), capacityShare: share))
        }
        if json {
            try Console.printJSON(Report(seed: seed, requests: count, results: results))
            if results.contains(where: { $0.breach != nil }) { throw ExitCode.failure }
        } else {
            show(results)
            try conclude(results.compactMap(\.breach))
        }
    }

    private static func capacity(_ share: Double, of population: Population) -> Int {
        Int(share / 100 * Double(population.bytes))
    }

    private func replay(_ trace: Trace, capacityShare: Double) -> Result {
        let population = trace.population
        let capacity = Self.capacity(capacityShare, of: population)
        var plain = LRUReplay(capacity: capacity, population: population)
        var eight = TierReplay(capacity: capacity, shards: 8, population: population)
        var one = TierReplay(capacity: capacity, shards: 1, population: population)
        let lru = 100 * plain.hitRatio(on: trace)
        let tier = 100 * eight.hitRatio(on: trace)
        let optimum = 100 * Optimum.hitRatio(on: trace, capacity: capacity)
        let lead = tier - lru
        var breach: String?
        if (1...25).contains(capacityShare), lead < trace.kind.leastLead {
            breach = """
                \(trace.name), cache of \(capacityShare) %: the tier is \(lead.text(decimals: 2)) points above LRU, \
                promised are \(trace.kind.leastLead)
                """
        }
        return Result(
            trace: trace.name, capacityShare: capacityShare, capacityBytes: capacity, lru: lru, tierOf8Shards: tier,
            tierOf1Shard: 100 * one.hitRatio(on: trace), optimum: optimum,
            gapClosed: optimum > lru ? 100 * lead / (optimum - lru) : nil, breach: breach)
    }

    private func show(_ results: [Result]) {
        let header = ["LRU", "tier, 8", "tier, 1", "optimum", "gap closed"].map { $0.right(in: 11) }.joined()
        print("\("hit ratio, %".left(in: 20))\("cache".right(in: 7))\(header)")
        for result in results {
            let ratios = [result.lru, result.tierOf8Shards, result.tierOf1Shard, result.optimum]
            let columns = ratios.map { $0.text(decimals: 1, width: 11) }.joined()
            let gap = result.gapClosed.map { "\($0.text(decimals: 0)) %" } ?? "-"
            let cache = "\(result.capacityShare.formatted) %".right(in: 7)
            print("\(result.trace.left(in: 20))\(cache)\(columns)\(gap.right(in: 11))")
        }
    }
}

extension Double {
    /// The number without decimals that say nothing.
    fileprivate var formatted: String { self == rounded() ? String(Int(self)) : String(self) }
}
