import ArgumentParser
import CoherenceHarness
import Redis
import TestSupport

struct StampedeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stampede",
        abstract: "1,000 cold requests of 4 instances at once for one key whose origin takes 200 ms.",
        discussion: """
            Kept if the origin is asked once with a shared Redis, at most 4 times without, and the 99th percentile is at \
            most 300 ms.
            """)

    @Option(help: "How often; each with a key of its own.")
    var rounds = 5

    func run() async throws {
        var broken: [String] = []
        let alone = Stampede(stores: [nil, nil, nil, nil])
        for round in 1...rounds {
            let report = try await alone.run(id: "\(round)")
            print("without Redis: \(report)")
            if report.loads > 4 { broken.append("without Redis at most 4 loads") }
            if report.p99 > .milliseconds(300) { broken.append("without Redis p99 ≤ 300 ms") }
        }
        broken += try await PrivateRedis.run { redis in
            try await Stampede.sharing(RedisConfiguration(url: redis.url)) { stampede in
                var broken: [String] = []
                for round in 1...rounds {
                    let report = try await stampede.run(id: "\(round)")
                    print("with Redis: \(report)")
                    if report.loads != 1 { broken.append("with Redis one load") }
                    if report.p99 > .milliseconds(300) { broken.append("with Redis p99 ≤ 300 ms") }
                }
                return broken
            }
        }
        try conclude(broken)
    }
}
