import Foundation
import Synchronization
import TestSupport

/// Writers of several users against a server process that is killed outright, again and again: what was acknowledged is
/// there once, what was not is there once or not at all, and never by half.
public struct KillFuzz: Sendable {
    public struct Options: Sendable {
        public var rounds = 200
        public var users = 3
        public var writersPerUser = 2
        /// After so many rounds new users come, so that nobody has more records than are allowed.
        public var roundsPerCohort = 10
        /// How long a server takes requests before it is killed.
        public var lifetime = Duration.milliseconds(100)...Duration.milliseconds(900)
        public var seed: UInt64 = 1

        public init() {}
    }

    private let options: Options
    private let environment: [String: String]

    /// - Parameter store: the URL of a migrated and seeded store.
    public init(options: Options, store: String, redis: String? = nil) {
        self.options = options
        var environment = ["DATABASE_URL": store, "AUTH_SECRET": TestServer.secret, "LOG_LEVEL": "error"]
        environment["REDIS_URL"] = redis
        self.environment = environment
    }

    public func run() async throws -> KillReport {
        let start = ContinuousClock.now
        var random = SplitMix(seed: options.seed)
        let stage = KillStage()
        let ledger = KillLedger()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for user in 0..<options.users {
                for number in 0..<options.writersPerUser {
                    let seed = random.next()
                    group.addTask {
                        var writer = KillWriter(user: user, number: number, stage: stage, ledger: ledger, seed: seed)
                        try await writer.run()
                    }
                }
            }
            for round in 0..<options.rounds {
                try await serve(on: stage, cohort: round / options.roundsPerCohort, random: &random)
            }
            stage.close()
            try await group.waitForAll()
        }
        var report = KillReport()
        report.rounds = options.rounds
        report.unexpected = ledger.unexpected
        let found = try await TestServer.with(environment) { try await ledger.audit(at: $0) }
        for part in found { report.add(part) }
        report.time = start.duration(to: .now)
        return report
    }

    /// Runs a server for a while, and kills it.
    private func serve(on stage: KillStage, cohort: Int, random: inout SplitMix) async throws {
        let server = try await TestServer.start(environment)
        defer { server.program.end() }
        stage.open(server, cohort: cohort)
        defer { stage.interrupt() }
        let (shortest, longest) = (options.lifetime.lowerBound, options.lifetime.upperBound)
        try await Task.sleep(for: shortest + (longest - shortest) * Double.random(in: 0...1, using: &random))
    }
}

/// The server of the moment, for the writers.
final class KillStage: Sendable {
    private struct State {
        var server: TestServer?
        var cohort = 0
        var isClosed = false
    }

    private let state = Mutex(State())

    func open(_ server: TestServer, cohort: Int) {
        state.withLock {
            $0.server = server
            $0.cohort = cohort
        }
    }

    /// The server is about to die.
    func interrupt() { state.withLock { $0.server = nil } }

    func close() { state.withLock { $0.isClosed = true } }

    var cohort: Int { state.withLock { $0.cohort } }
    var isClosed: Bool { state.withLock { $0.isClosed } }

    /// Waits for a server.
    ///
    /// - Returns: `nil` when there will be none any more.
    func server() async throws -> TestServer? {
        while true {
            let (server, isClosed) = state.withLock { ($0.server, $0.isClosed) }
            if let server { return server }
            if isClosed { return nil }
            try await Task.sleep(for: .milliseconds(2))
        }
    }
}

/// What became of what was written.
public struct KillReport: Sendable, CustomStringConvertible {
    public var rounds = 0
    public var acknowledged = 0
    /// Requests that nobody got an answer to, and that were not sent again.
    public var abandoned = 0
    /// Acknowledged writes that are not there, deletions among them.
    public var lost = 0
    /// Writes that are there twice.
    public var doubled = 0
    /// Requests whose changes are there in part.
    public var halves = 0
    /// Answers that the API's document does not have, and listings that disagree.
    public var unexpected: [String] = []
    public var time = Duration.zero

    public var isGood: Bool { lost + doubled + halves + unexpected.count == 0 && acknowledged > 0 }

    mutating func add(_ other: KillReport) {
        acknowledged += other.acknowledged
        abandoned += other.abandoned
        lost += other.lost
        doubled += other.doubled
        halves += other.halves
        unexpected += other.unexpected
    }

    public var description: String {
        """
        \(rounds) rounds, as many kills and restarts, in \(time.components.seconds) s; \(acknowledged) acknowledged \
        writes, \(abandoned) given up unanswered; lost \(lost), doubled \(doubled), by half \(halves), \
        unexpected \(unexpected.count)
        """ + unexpected.prefix(10).map { "\n  \($0)" }.joined()
    }
}
