import ArgumentParser
import CoherenceHarness
import Redis
import Storage
import TestSupport

struct CoherenceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "coherence",
        abstract:
            "Fuzz several instances over a real Redis and store: no answer labelled fresh may miss an old commit.",
        discussion: """
            Half of the writes are plain SQL of another program; of the rest a fifth dies between commit and kick, and of \
            their hints three in ten are lost. Loads, fills and lookups are delayed at random, transactions are held open. \
            Kept if no answer labelled fresh misses a commit older than 1 s, all is right when it is quiet, and every \
            fault is recovered from within 2 s.

            EXAMPLES
              quran-bench coherence
              quran-bench coherence --engine sqlite --faults redis
              quran-bench coherence --plain         the same load on GET/SET/DEL
            """)

    enum Faults: String, ExpressibleByArgument, CaseIterable {
        case none, redis, database, all
    }

    @Option(help: "Where the store is.")
    var engine = DatabaseEngine.postgres

    @Option(help: "Reads, at least.")
    var reads = 1_000_000

    @Option(help: "Writes, at least.")
    var writes = 10_000

    @Option(help: "What is broken meanwhile; the database only with PostgreSQL.")
    var faults = Faults.none

    @Flag(help: "Instead of the cache, the one that is usually built: it shows that the judge can see.")
    var plain = false

    func run() async throws {
        var options = CoherenceFuzz.Options()
        options.reads = reads
        options.writes = writes
        try await Servers.run(engine) { [options] servers in
            let databases = try (0..<options.instances).map { _ in try servers.connect() }
            let configuration = try RedisConfiguration(url: servers.redis.url)
            if plain {
                let report = try await PlainCacheFuzz(
                    options: options, databases: databases, tier: Tier.redis(configuration)
                ).run()
                print("GET/SET/DEL, \(engine.rawValue): \(report)")
                try conclude(
                    Double(report.freshButBehind) > 0.01 * Double(report.reads)
                        ? [] : ["more than 1 % of the answers are behind a commit"])
                return
            }
            let report = try await CoherenceFuzz(
                options: options, databases: databases, rawDatabase: servers.connect(), tier: Tier.redis(configuration)
            ).run(faults: try await faults(of: servers))
            print("coherence, \(engine.rawValue), faults: \(faults.rawValue): \(report)")
            try conclude(broken(report))
        }
    }

    private func broken(_ report: FuzzReport) -> [String] {
        var broken: [String] = []
        if report.violations > 0 { broken.append("no answer labelled fresh misses a commit older than 1 s") }
        if report.wrongAfterwards > 0 { broken.append("all is right when it is quiet") }
        for recovery in report.recoveries where recovery.time > .seconds(2) {
            broken.append("recovered from \(recovery.fault) within 2 s")
        }
        if report.lostOwnWrites > 0 { broken.append("who wrote through an instance reads it there") }
        if faults == .none && report.failedReads + report.failedWrites > 0 {
            broken.append("without faults nothing fails")
        }
        return broken
    }

    private func faults(of servers: Servers) async throws -> [CoherenceFuzz.Fault] {
        var list: [CoherenceFuzz.Fault] = []
        if faults == .redis || faults == .all { list += redisFaults(servers.redis) }
        if faults == .database || faults == .all, let postgres = servers.postgres { list += databaseFaults(postgres) }
        return list
    }

    private func redisFaults(_ redis: PrivateRedis) -> [CoherenceFuzz.Fault] {
        [
            .init("Redis restarted from an older snapshot") {
                let snapshot = try await redis.snapshot()
                try await Task.sleep(for: .seconds(3))
                await redis.stop()
                try await Task.sleep(for: .seconds(1))
                try await redis.restart(from: snapshot)
            },
            .init("FLUSHALL") { try await redis.command("FLUSHALL") },
            .init("Redis paused: a black hole for 3 s") {
                await redis.pause()
                try await Task.sleep(for: .seconds(3))
                await redis.proceed()
            },
            .init("Redis down for 5 s, back empty") {
                await redis.stop()
                try await Task.sleep(for: .seconds(5))
                try await redis.start()
            },
        ]
    }

    private func databaseFaults(_ postgres: PrivatePostgres) -> [CoherenceFuzz.Fault] {
        [
            .init("PostgreSQL restarted") { try await postgres.restart() },
            .init("PostgreSQL crashed, down for 3 s") {
                try await postgres.stop(.immediate)
                try await Task.sleep(for: .seconds(3))
                try await postgres.start()
            },
            .init("PostgreSQL paused: a black hole for 4 s") {
                try await postgres.pause()
                try await Task.sleep(for: .seconds(4))
                try await postgres.proceed()
            },
        ]
    }
}
