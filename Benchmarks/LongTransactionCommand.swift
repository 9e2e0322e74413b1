import ArgumentParser
import CoherenceHarness
import Storage

struct LongTransactionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "long-transaction",
        abstract: "Hold transactions open while others commit: the feed misses no change, its `id > last` twin does.")

    @Option(help: "Seconds for which the longest is held.")
    var seconds = 10

    func run() async throws {
        let report = try await Servers.run(.postgres) { [seconds] servers in
            try await LongTransaction(servers.connect()).run(holding: .seconds(seconds))
        }
        print("long transactions: \(report)")
        var broken: [String] = []
        if report.missedByFeed > 0 { broken.append("the feed misses no change") }
        if report.missedByTwin == 0 { broken.append("the twin misses some, which shows that the run can tell") }
        try conclude(broken)
    }
}
