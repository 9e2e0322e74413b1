public import Caching
import ContentService
import Logging
import NIOCore
import Quran
public import Storage

/// Several instances of the program's cache over one store, with readers, writers and everything that goes wrong between
/// them: slow readers, lost hints, writers that die between commit and kick, transactions that are held open. Judges each
/// answer by when the writers' commits returned.
public struct CoherenceFuzz: Sendable {
    public struct Options: Sendable {
        public var instances = 3
        public var keys = 24
        public var readersPerInstance = 4
        public var reads = 1_000_000
        public var writes = 10_000
        public var writers = 4
        /// Part of the writes that are plain SQL by another program, of which no instance is told.
        public var rawWrites = 0.5
        /// Part of the other writes whose kick is lost, or whose writer dies before it.
        public var lostKicks = 0.3
        /// Part of the loads that are slow, and by how much at most, between reading and storing.
        public var slowLoads = 0.05
        public var slowLoad = Duration.seconds(2)
        /// Part of the writes that hold their transaction open, and for how long at most.
        public var heldTransactions = 0.002
        public var heldTransaction = Duration.seconds(2)
        /// Part of the answers that may be labelled stale by a store in trouble: 0 for runs without faults.
        public var bound = Duration.seconds(1)

        public init() {}
    }

    private let options: Options
    private let databases: [any Database]
    private let rawDatabase: any Database
    private let makeShared: @Sendable () -> (any SharedStore)?
    private let log: CommitLog

    /// - Parameters:
    ///   - databases: one connection pool for each instance, to the same seeded store.
    ///   - rawDatabase: another program's.
    ///   - makeShared: an instance's client of the shared tier.
    public init(
        options: Options, databases: [any Database], rawDatabase: any Database,
        makeShared: @escaping @Sendable () -> (any SharedStore)?
    ) {
        self.options = options
        self.databases = databases
        self.rawDatabase = rawDatabase
        self.makeShared = makeShared
        log = CommitLog(keys: options.keys)
    }

    /// What is under test: a cache as an instance of the program has it.
    private struct Instance: Sendable {
        let database: any Database
        let cache: CacheManager
        let poller: VersionPoller
    }

    private static let namespace = CacheNamespace.shared("fuzz")

    /// Runs everything to its end.
    ///
    /// - Parameter faults: runs beside the load; when it returns and the load is done, the run ends.
    public func run(faults: @escaping @Sendable () async throws -> Void = {}) async throws -> FuzzReport {
        try await prepare()
        let logger = Logger(label: "fuzz") { _ in SwiftLogNoOpLogHandler() }
        let instances = databases.map { database in
            let map = VersionMap(isListed: ContentFeed.isListed)
            let feed = ContentFeed(database)
            let clock = CacheClock.system()
            let hooks = ContentHooks()
            let poller = VersionPoller(feed: feed, map: map, clock: clock, logger: logger) { hooks.dispatch($0) }
            let cache = CacheManager(
                shared: makeShared(), coherence: .init(map: map, feed: feed, poller: poller), clock: clock)
            hooks.subscribe(cache)
            return Instance(database: database, cache: cache, poller: poller)
        }
        // As the program does: before the first poll a load counts as one from a source in trouble, and is given up early.
        for instance in instances { await instance.poller.poll() }
        let start = ContinuousClock.now
        var report = try await withThrowingTaskGroup(of: FuzzReport.self) { group in
            let pollers = Task {
                await withTaskGroup(of: Void.self) { group in
                    for instance in instances {
                        group.addTask { do { try await instance.poller.run() } catch { return } }
                    }
                }
            }
            defer { pollers.cancel() }
            let countdown = Countdown(1)
            group.addTask {
                let report = try await write(instances)
                try await faults()
                countdown.signal()
                return report
            }
            let readers = instances.count * options.readersPerInstance
            for reader in 0..<readers {
                let instance = instances[reader % instances.count]
                let share = options.reads / readers
                group.addTask { try await read(from: instance, atLeast: share, until: countdown) }
            }
            var report = FuzzReport()
            for try await part in group {
                report.add(part)
                report.writes += part.writes
                report.failedWrites += part.failedWrites
            }
            report.wrongAfterwards = try await countWrong(instances)
            return report
        }
        report.seconds = start.duration(to: .now) / .seconds(1)
        return report
    }

    /// Makes the rows that are read and written.
    public func prepare() async throws {
        for key in 0..<options.keys {
            _ = try await rawDatabase.write { try $0.execute(Self.insertion(of: key)) }
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
            do {
                let answer = try await answer(key, from: instance)
                report.reads += 1
                judge(answer, key: key, askedAt: start, in: &report)
            } catch {
                report.reads += 1
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

    private func answer(_ key: Int, from instance: Instance) async throws -> CacheAnswer {
        try await instance.cache.answer(for: CacheKey(Self.namespace, "\(key)")) {
            let id = Self.id(of: key)
            let snapshot = try await transient {
                try await instance.database.snapshot { reader in
                    reader.touch(.all)
                    reader.touch(.namespace(Self.namespace.name))
                    return try ReciterRepository(reader).reciter(id)?.nameEnglish ?? ""
                }
            }
            // What makes delete-on-write caches wrong: a reader that stores late what it read early.
            let isSlow = Double.random(in: 0..<1) < options.slowLoads
            try await Task.sleep(for: (isSlow ? options.slowLoad : .milliseconds(4)) * Double.random(in: 0..<1))
            return CacheFill(
                body: ByteBuffer(string: snapshot.value), contentType: "text/plain",
                versions: Dictionary(
                    uniqueKeysWithValues: snapshot.versions.map {
                        (CacheTag($0.key.description), CacheVersion($0.value))
                    }), readAt: FeedPosition(snapshot.position))
        }
    }

    private func transient<Value>(_ work: () async throws -> Value) async throws -> Value {
        do { return try await work() } catch let error as StorageError { throw StoreUnavailable(cause: error) }
    }

    /// Once all is quiet: every instance must have every key's last version, within the bound and a poll.
    private func countWrong(_ instances: [Instance]) async throws -> Int {
        try await Task.sleep(for: options.bound + .milliseconds(500))
        var wrong = 0
        for instance in instances {
            for key in 0..<options.keys {
                let answer = try await answer(key, from: instance)
                if String(buffer: answer.entry.body) != "\(log.newest(of: key))" { wrong += 1 }
            }
        }
        return wrong
    }

    // MARK: Writers

    private func write(_ instances: [Instance]) async throws -> FuzzReport {
        try await withThrowingTaskGroup(of: (done: Int, failed: Int).self) { group in
            for writer in 0..<options.writers {
                group.addTask {
                    var (done, failed) = (0, 0)
                    let keys = stride(from: writer, to: options.keys, by: options.writers).map(\.self)
                    while done < options.writes / options.writers {
                        guard let key = keys.randomElement() else { break }
                        do {
                            try await write(key, instances)
                            done += 1
                        } catch {
                            // Whether it was committed is not known: the next try writes the same version.
                            failed += 1
                            try await Task.sleep(for: .milliseconds(20))
                        }
                    }
                    return (done, failed)
                }
            }
            var report = FuzzReport()
            for try await part in group {
                report.writes += part.done
                report.failedWrites += part.failed
            }
            return report
        }
    }

    private func write(_ key: Int, _ instances: [Instance]) async throws {
        let version = log.nextVersion(of: key)
        let isRaw = Double.random(in: 0..<1) < options.rawWrites
        let instance = instances.randomElement()
        let isHeld = Double.random(in: 0..<1) < options.heldTransactions
        let pause = isHeld ? options.heldTransaction * Double.random(in: 0..<1) : .zero
        try await (isRaw ? rawDatabase : instance?.database ?? rawDatabase).write(deadline: .seconds(10)) { sql in
            try sql.execute(Self.update(of: key, to: version))
            if pause > .zero { hold(pause) }
        }
        log.committed(key)
        // A hint: it may be late, or lost, or its sender dead.
        guard !isRaw, Double.random(in: 0..<1) >= options.lostKicks else { return }
        try await Task.sleep(for: .milliseconds(Int.random(in: 0..<20)))
        instances.randomElement()?.poller.kick()
    }

    static func id(of key: Int) -> ReciterID {
        guard let id = ReciterID("fuzz.\(key)") else { preconditionFailure("a slug") }
        return id
    }

    static func update(of key: Int, to version: Int) -> SQL {
        "UPDATE reciters SET name_english = \(String(version)) WHERE id = \(id(of: key).name)"
    }

    static func insertion(of key: Int) -> SQL {
        """
        INSERT INTO reciters (id, name_english, name_arabic, style, riwayah, granularity, provider, url_pattern, alternates)
        VALUES (\(id(of: key).name), '0', '', 'murattal', 'hafs_an_asim', 'surah', 'fuzz',
            'https://example.org/{sss}.mp3', '[]')
        """
    }
}
