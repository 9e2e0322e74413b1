import Caching
import ContentService
import NIOCore
public import Storage

/// Several instances of the program's cache over one store, with readers, writers and everything that goes wrong between
/// them: slow readers, lost hints, writers that die between commit and kick, transactions that are held open, and faults.
/// Judges each answer by when the writers' commits returned.
public struct CoherenceFuzz: Sendable {
    public struct Options: Sendable {
        public var instances = 3
        public var keys = 24
        public var readersPerInstance = 4
        /// At least so many; reading goes on until the writers and the faults are done.
        public var reads = 1_000_000
        /// At least so many; writing goes on until the faults are done.
        public var writes = 10_000
        public var writers = 4
        /// Part of the writes that are plain SQL by another program, of which no instance is told.
        public var rawWrites = 0.5
        /// Part of the other writes whose writer dies after the commit, before it could tell anyone.
        public var dyingWriters = 0.2
        /// Part of the hints between instances that are lost.
        public var lostHints = 0.3
        /// Part of the loads that are slow, and by how much at most, between reading and storing.
        public var slowLoads = 0.05
        public var slowLoad = Duration.seconds(2)
        /// Part of the calls of the shared tier that are delayed, and by how much at most.
        public var delayedStores = 0.02
        public var storeDelay = Duration.milliseconds(200)
        /// Part of the writes that hold their transaction open, and for how long at most.
        public var heldTransactions = 0.002
        public var heldTransaction = Duration.seconds(2)
        /// δ: what an answer labelled fresh may miss must be younger.
        public var bound = Duration.seconds(1)

        public init() {}
    }

    /// Something that goes wrong for a while.
    public struct Fault: Sendable {
        let name: String
        let inflict: @Sendable () async throws -> Void

        /// - Parameter inflict: returns when the fault has ended.
        public init(_ name: String, _ inflict: @escaping @Sendable () async throws -> Void) {
            self.name = name
            self.inflict = inflict
        }
    }

    private let options: Options
    private let databases: [any Database]
    private let rawDatabase: any Database
    private let tier: Tier.Maker?
    private let log: CommitLog
    private let slowness: Slowness

    /// - Parameters:
    ///   - databases: one connection pool for each instance, to the same store.
    ///   - rawDatabase: another program's.
    ///   - tier: makes what an instance shares with the others.
    public init(
        options: Options, databases: [any Database], rawDatabase: any Database, tier: Tier.Maker?
    ) {
        self.options = options
        self.databases = databases
        self.rawDatabase = rawDatabase
        self.tier = tier
        log = CommitLog(keys: options.keys)
        slowness = Slowness(part: options.slowLoads, most: options.slowLoad)
    }

    /// Runs everything to its end.
    ///
    /// - Parameter faults: are inflicted one after another, beside the load.
    public func run(faults: [Fault] = []) async throws -> FuzzReport {
        for key in 0..<options.keys {
            _ = try await rawDatabase.write { try $0.execute(Row.insertion(of: key)) }
        }
        var instances: [Instance] = []
        for database in databases {
            let instance = try await Instance(database, tier: tier, options: options, slowness: slowness) { [options] in
                Double.random(in: 0..<1) < options.lostHints
            }
            instances.append(instance)
        }
        let start = ContinuousClock.now
        let running = instances.map { instance in Task { await instance.run() } }
        defer { for task in running { task.cancel() } }
        var report = try await load(instances, faults)
        report.wrongAfterwards = try await countWrong(instances)
        report.seconds = start.duration(to: .now) / .seconds(1)
        return report
    }

    private func load(_ instances: [Instance], _ faults: [Fault]) async throws -> FuzzReport {
        // Faults end first, then writers, then readers.
        let (faultsLeft, writersLeft) = (Countdown(1), Countdown(options.writers))
        return try await withThrowingTaskGroup(of: FuzzReport.self) { group in
            group.addTask {
                defer { faultsLeft.signal() }
                return try await inflict(faults, on: instances)
            }
            for writer in 0..<options.writers {
                group.addTask {
                    defer { writersLeft.signal() }
                    return try await write(as: writer, to: instances, until: faultsLeft)
                }
            }
            let readers = instances.count * options.readersPerInstance
            for reader in 0..<readers {
                let instance = instances[reader % instances.count]
                let share = options.reads / readers
                group.addTask { try await read(from: instance, atLeast: share, until: writersLeft) }
            }
            return try await group.reduce(into: FuzzReport()) { $0.add($1) }
        }
    }

    // MARK: Readers

    private func read(
        from instance: Instance, atLeast share: Int, until countdown: Countdown
    ) async throws -> FuzzReport {
        var report = FuzzReport()
        while report.reads < share || !countdown.isDone {
            let key = Int.random(in: 0..<options.keys)
            let start = ContinuousClock.now
            report.reads += 1
            do {
                judge(try await instance.answer(key), key: key, askedAt: start, in: &report)
            } catch {
                report.failedReads += 1
                try await Task.sleep(for: .milliseconds(5))
            }
            // A hit never suspends; writers and pollers need the threads too.
            if report.reads % 64 == 0 { try await Task.sleep(for: .microseconds(200)) } else { await Task.yield() }
        }
        return report
    }

    private func judge(
        _ answer: CacheAnswer, key: Int, askedAt start: ContinuousClock.Instant, in report: inout FuzzReport
    ) {
        guard answer.staleness == nil else {
            report.labelledStale += 1
            return
        }
        report.fresh += 1
        let version = Int(String(buffer: answer.entry.body)) ?? -1
        guard let lag = log.staleness(of: version, key: key, at: start) else { return }
        report.freshButBehind += 1
        report.worstLag = max(report.worstLag, lag)
        if lag > options.bound { report.violations += 1 }
    }

    /// Once all is quiet: every instance must have every key's last version, within the bound and a poll.
    private func countWrong(_ instances: [Instance]) async throws -> Int {
        try await Task.sleep(for: options.bound + .milliseconds(500))
        var wrong = 0
        for instance in instances {
            for key in 0..<options.keys {
                let answer = try await instance.answer(key)
                if String(buffer: answer.entry.body) != "\(log.newest(of: key))" { wrong += 1 }
            }
        }
        return wrong
    }

    // MARK: Writers

    /// - Parameter writer: writes keys that no other writer does.
    private func write(
        as writer: Int, to instances: [Instance], until countdown: Countdown
    ) async throws -> FuzzReport {
        var report = FuzzReport()
        let keys = stride(from: writer, to: options.keys, by: options.writers).map(\.self)
        while report.writes < options.writes / options.writers || !countdown.isDone {
            guard let key = keys.randomElement(), let instance = instances.randomElement() else { break }
            do {
                let sawOwn = try await write(key, through: instance)
                report.writes += 1
                if !sawOwn { report.lostOwnWrites += 1 }
            } catch {
                // Whether it was committed is not known: the next try writes the same version.
                report.failedWrites += 1
                try await Task.sleep(for: .milliseconds(20))
            }
        }
        return report
    }

    /// - Returns: whether who wrote through an instance read there what they wrote.
    private func write(_ key: Int, through instance: Instance) async throws -> Bool {
        let version = log.nextVersion(of: key)
        let isHeld = Double.random(in: 0..<1) < options.heldTransactions
        let pause = isHeld ? options.heldTransaction * Double.random(in: 0..<1) : .zero
        let change: @Sendable (any SQLWriter) throws -> Void = { sql in
            try sql.execute(Row.update(of: key, to: version))
            if pause > .zero { hold(pause) }
        }
        switch Double.random(in: 0..<1) {
        case ..<options.rawWrites:
            try await rawDatabase.write(deadline: .seconds(10), change)
            log.committed(key)
        case ..<(options.rawWrites + (1 - options.rawWrites) * options.dyingWriters):
            try await instance.database.write(deadline: .seconds(10), change)
            log.committed(key)
        default:
            // What `ContentSystem.write` does, with the commit noted at once in between.
            try await instance.database.write(deadline: .seconds(10), change)
            log.committed(key)
            await instance.system.followCommit()
            let answer = try await instance.answer(key)
            return answer.staleness != nil || String(buffer: answer.entry.body) == "\(version)"
        }
        return true
    }

    // MARK: Faults

    private func inflict(_ faults: [Fault], on instances: [Instance]) async throws -> FuzzReport {
        var report = FuzzReport()
        for fault in faults {
            try await Task.sleep(for: .milliseconds(1500))
            try await fault.inflict()
            let end = ContinuousClock.now
            slowness.pause()
            let time = try await recovery(of: instances, since: end)
            slowness.proceed()
            report.recoveries.append(.init(fault: fault.name, time: time))
        }
        return report
    }

    /// How long it takes until every instance has a fresh answer for every key, and uses what it shares again.
    private func recovery(
        of instances: [Instance], since end: ContinuousClock.Instant
    ) async throws -> Duration {
        for instance in instances {
            for key in 0..<options.keys {
                while try await !isFresh(key, from: instance) {
                    guard end.duration(to: .now) < .seconds(60) else { return .seconds(60) }
                    try await Task.sleep(for: .milliseconds(5))
                }
            }
        }
        while !instances.allSatisfy(\.isWhole) {
            guard end.duration(to: .now) < .seconds(60) else { return .seconds(60) }
            try await Task.sleep(for: .milliseconds(5))
        }
        return end.duration(to: .now)
    }

    private func isFresh(_ key: Int, from instance: Instance) async throws -> Bool {
        do {
            return try await instance.answer(key).staleness == nil
        } catch {
            return false
        }
    }
}
