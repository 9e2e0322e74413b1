public import Caching
import NIOCore
import Quran
import ServiceLifecycle
public import Storage

/// The same load on the cache that is usually built: GET, else read and SET with a time to live; DEL after each write. It
/// shows that the judge can see.
public struct PlainCacheFuzz: Sendable {
    private let options: CoherenceFuzz.Options
    private let databases: [any Database]
    private let tier: Tier
    private let log: CommitLog
    private let slowness: Slowness

    public init(options: CoherenceFuzz.Options, databases: [any Database], tier: Tier.Maker) throws {
        self.options = options
        self.databases = databases
        self.tier = try tier { _ in }
        log = CommitLog(keys: options.keys)
        slowness = Slowness(part: options.slowLoads, most: options.slowLoad)
    }

    public func run() async throws -> FuzzReport {
        for key in 0..<options.keys {
            _ = try await databases[0].write { try $0.execute(Row.insertion(of: key)) }
        }
        let services = tier.services.map { service in Task { try await service.run() } }
        defer { for service in services { service.cancel() } }
        try await tier.connected()
        let start = ContinuousClock.now
        var report = try await withThrowingTaskGroup(of: FuzzReport.self) { group in
            let countdown = Countdown(options.writers)
            for writer in 0..<options.writers {
                group.addTask {
                    defer { countdown.signal() }
                    return try await write(writer)
                }
            }
            let readers = databases.count * options.readersPerInstance
            for reader in 0..<readers {
                group.addTask {
                    var report = FuzzReport()
                    let share = options.reads / readers
                    while report.reads < share || !countdown.isDone {
                        try await read(from: databases[reader % databases.count], &report)
                        // A hit need not suspend; writers need the threads too.
                        if report.reads % 64 == 0 {
                            try await Task.sleep(for: .microseconds(200))
                        } else {
                            await Task.yield()
                        }
                    }
                    return report
                }
            }
            var report = FuzzReport()
            for try await part in group {
                report.add(part)
            }
            return report
        }
        report.seconds = start.duration(to: .now) / .seconds(1)
        return report
    }

    private func read(from database: any Database, _ report: inout FuzzReport) async throws {
        let key = Int.random(in: 0..<options.keys)
        let name = "plain:\(key)"
        let start = ContinuousClock.now
        var value = try await tier.store.get([name])[0].map { String(buffer: $0) }
        if value == nil {
            let id = Row.id(of: key)
            let read = try await database.snapshot { try ReciterRepository($0).reciter(id)?.nameEnglish ?? "" }.value
            try await slowness.wait()
            try await tier.store.set([(name, ByteBuffer(string: read), .seconds(7 * 24 * 3600))])
            value = read
        }
        report.reads += 1
        report.fresh += 1
        guard let lag = log.staleness(of: value.flatMap { Int($0) } ?? -1, key: key, at: start) else { return }
        report.freshButBehind += 1
        report.worstLag = max(report.worstLag, lag)
        if lag > options.bound { report.violations += 1 }
    }

    private func write(_ writer: Int) async throws -> FuzzReport {
        var report = FuzzReport()
        let keys = stride(from: writer, to: options.keys, by: options.writers).map(\.self)
        while report.writes < options.writes / options.writers {
            guard let key = keys.randomElement() else { break }
            let version = log.nextVersion(of: key)
            _ = try await databases[writer % databases.count].write(deadline: .seconds(10)) {
                try $0.execute(Row.update(of: key, to: version))
            }
            log.committed(key)
            report.writes += 1
            // 5 % of the writers die between commit and DEL.
            if Double.random(in: 0..<1) >= 0.05 { _ = try await tier.store.delete(["plain:\(key)"]) }
        }
        return report
    }
}
