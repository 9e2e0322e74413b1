import ArgumentParser
import CoherenceHarness
import Storage
import TestSupport

struct KillsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kills",
        abstract: "Kill the server with SIGKILL under load: no acknowledged write may be lost, none made twice.",
        discussion: """
            Clients of several users write to a server process in every way that the API has, and send again what was not \
            answered. The process is killed at a random moment, and started again on the same store.

            EXAMPLES
              quran-bench kills --engine sqlite --rounds 200
            """)

    @Option(help: "Where the store is.")
    var engine = DatabaseEngine.postgres

    @Option(help: "How often the server is killed.")
    var rounds = 200

    @Option(help: "Of the random numbers.")
    var seed: UInt64 = 1

    func run() async throws {
        var options = KillFuzz.Options()
        options.rounds = rounds
        options.seed = seed
        let report = try await Servers.run(engine) { [options] servers in
            try await KillFuzz(options: options, store: servers.url, redis: servers.redis.url).run()
        }
        print("kills, \(engine.rawValue): \(report)")
        var broken: [String] = []
        if report.lost > 0 { broken.append("every acknowledged write is there") }
        if report.doubled > 0 { broken.append("no write is made twice") }
        if report.halves > 0 { broken.append("the changes of a request are made together or not at all") }
        if !report.unexpected.isEmpty { broken.append("every answer is one that the document has") }
        if report.acknowledged == 0 { broken.append("something was written, which shows that the run can tell") }
        try conclude(broken)
    }
}
