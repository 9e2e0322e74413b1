import ArgumentParser
import Caching

struct HitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hit",
        abstract: "Measure what a memory hit costs, beside a look-up in a dictionary behind a lock.",
        discussion: """
            1,000 keys that are made beforehand, asked for by Zipf's law (exponent 1), by one thread and by two at once. \
            What is measured takes turns, so that a noisy moment hits all alike. Shown are the nanoseconds that one \
            thread waits for one hit: the median of the rounds, the least and the greatest, and the median in parts of \
            the dictionary's.

              dictionary   Mutex<[String: ByteBuffer]>, the peer
              tier         MemoryTier: the look-up alone
              cache        CacheManager.answer, an entry that only expires
              coherent     CacheManager.answer with a version map that is polled in the background

            EXAMPLES
              quran-bench hit
              quran-bench hit --rounds 15 --json | jq '.results[] | select(.subject == "coherent")'
              perf record -g quran-bench hit --subject coherent
            """)

    @Option(help: "How often everything is measured.")
    var rounds = 9

    @Option(help: "Hits of each thread in a round.")
    var hits = 500_000

    @Option(help: "Measure only this; may be given more than once.")
    var subject: [HitSubject] = []

    @Flag(help: "Print JSON.")
    var json = false

    /// Nanoseconds that one thread waits for one hit.
    private struct Result: Encodable {
        let subject: HitSubject
        let threads: Int
        let median: Double
        let least: Double
        let greatest: Double
        /// The median in parts of the dictionary's, with as many threads; `nil` if that was not measured.
        let ratio: Double?
    }

    private struct Report: Encodable {
        let rounds: Int
        let hitsPerRound: Int
        let results: [Result]
    }

    func validate() throws {
        guard rounds >= 5 else { throw ValidationError("a median takes at least 5 rounds") }
        guard hits >= 10_000 else { throw ValidationError("a round takes at least 10000 hits") }
    }

    func run() async throws {
        let subjects = subject.isEmpty ? HitSubject.allCases : subject
        let bench = await HitBench()
        let polling = Task { try await bench.poller.run() }
        defer { polling.cancel() }
        // The first round warms up.
        var times: [[Int]: [Double]] = [:]
        for round in 0...rounds {
            for (place, subject) in subjects.enumerated() {
                for threads in 1...2 {
                    let time = try await bench.time(subject, threads: threads, hits: hits)
                    if round > 0 { times[[place, threads], default: []].append(time) }
                }
            }
        }
        var results: [Result] = []
        for (place, subject) in subjects.enumerated() {
            for threads in 1...2 {
                let spread = Spread(times[[place, threads]] ?? [])
                let peer = results.first { $0.subject == .dictionary && $0.threads == threads }?.median
                results.append(
                    Result(
                        subject: subject, threads: threads, median: spread.median, least: spread.sorted[0],
                        greatest: spread.sorted[spread.sorted.count - 1], ratio: peer.map { spread.median / $0 }))
            }
        }
        if json {
            try Console.printJSON(Report(rounds: rounds, hitsPerRound: hits, results: results))
        } else {
            show(results)
        }
    }

    private func show(_ results: [Result]) {
        let header = ["median", "least", "greatest", "ratio"].map { $0.right(in: 10) }.joined()
        print("\("ns per hit".left(in: 12))\("threads".right(in: 8))\(header)")
        for result in results {
            let columns = [result.median, result.least, result.greatest].map { $0.text(decimals: 1, width: 10) }
            let ratio = (result.ratio?.text(decimals: 2) ?? "-").right(in: 10)
            let name = result.subject.rawValue.left(in: 12)
            print("\(name)\("\(result.threads)".right(in: 8))\(columns.joined())\(ratio)")
        }
    }
}
