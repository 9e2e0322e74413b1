import Foundation
import Logging
import Postgres
import ServiceLifecycle
import TestSupport
import Testing

@Suite struct PoolTests {
    @Test("Jobs never use more connections than allowed, and all are done")
    func maximumIsRespected() async throws {
        try await withPool {
            $0.maximumConnections = 3
        } _: { pool in
            let pids = try await withThrowingTaskGroup(of: String.self) { group in
                for number in 0..<200 {
                    group.addTask {
                        try await pool.text(
                            "SELECT pg_backend_pid() FROM pg_sleep($1)", [.double(Double(number % 3) / 1000)])
                    }
                }
                return try await group.reduce(into: Set<String>()) { $0.insert($1) }
            }
            #expect((1...3).contains(pids.count))
            #expect(pool.statistics.open == pids.count)
            #expect(pool.statistics == PostgresPoolStatistics.resting(open: pids.count))
        }
    }

    @Test("Connections are made when they are needed")
    func lazyStart() async throws {
        try await withPool { pool in
            #expect(pool.statistics == .resting(open: 0))
            for _ in 1...20 { _ = try await pool.text("SELECT 1") }
            #expect(pool.statistics == .resting(open: 1))
        }
    }

    @Test("Beyond the queue's length a job fails at once; those in the queue run in order")
    func exhaustion() async throws {
        try await withPool {
            $0.maximumConnections = 1
            $0.maximumWaiting = 2
        } _: { pool in
            let gate = DispatchSemaphore(value: 0)
            let order = AsyncStream.makeStream(of: Int.self)
            async let holder: Void = pool.withConnection { _ in gate.wait() }
            try await eventually("the connection is held") { pool.statistics.running == 1 }
            async let first: Void = pool.withConnection { _ in _ = order.continuation.yield(1) }
            try await eventually("the first job waits") { pool.statistics.waiting == 1 }
            async let second: Void = pool.withConnection { _ in _ = order.continuation.yield(2) }
            try await eventually("the second job waits") { pool.statistics.waiting == 2 }
            let error = try await postgresError { try await pool.withConnection { _ in } }
            #expect(error.code == .poolExhausted)
            gate.signal()
            _ = try await (holder, first, second)
            order.continuation.finish()
            #expect(await order.stream.reduce(into: []) { $0.append($1) } == [1, 2])
        }
    }

    @Test("A shutdown lets the running job finish and fails the waiting and the new ones")
    func gracefulShutdown() async throws {
        var configuration = try PostgresConfiguration(url: TestDatabase.postgresURL())
        configuration.maximumConnections = 1
        configuration.applicationName = "shutdown-\(UUID().uuidString)"
        let name = configuration.applicationName ?? ""
        let logger = Logger(label: "PostgresTests", factory: { _ in SwiftLogNoOpLogHandler() })
        let pool = PostgresPool(configuration: configuration, logger: logger)
        let group = ServiceGroup(services: [pool], logger: logger)
        async let service: Void = group.run()
        let gate = DispatchSemaphore(value: 0)
        async let running = pool.withConnection { connection in
            gate.wait()
            return try connection.query("SELECT 42").int(0, 0)
        }
        try await eventually("the job runs") { pool.statistics.open == 1 }
        let waiting = Task { try await pool.withConnection { _ in _ = Issue.record("a waiting job ran") } }
        try await eventually("the job waits") { pool.statistics.waiting == 1 }
        await group.triggerGracefulShutdown()
        let waitingError = try await postgresError { try await waiting.value }
        #expect(waitingError.code == .shutDown)
        let newError = try await postgresError { try await pool.withConnection { _ in } }
        #expect(newError.code == .shutDown)
        gate.signal()
        #expect(try await running == 42)
        try await service
        #expect(pool.statistics == PostgresPoolStatistics.ended)
        try await withPool { observer in
            try await eventually("the connection is closed") {
                try await observer.text(
                    "SELECT count(*) FROM pg_stat_activity WHERE application_name = $1", [.text(name)]) == "0"
            }
        }
    }

    @Test("The service ends when its task is cancelled")
    func cancelledService() async throws {
        try await withPool { pool in
            _ = try await pool.text("SELECT 1")
            let service = Task { try await pool.run() }
            service.cancel()
            try await service.value
            let error = try await postgresError { try await pool.withConnection { _ in } }
            #expect(error.code == .shutDown)
        }
    }

    @Test("A pool that is dropped without a shutdown closes its connections")
    func droppedPool() async throws {
        let name = "dropped-\(UUID().uuidString)"
        let count = "SELECT count(*) FROM pg_stat_activity WHERE application_name = $1"
        try await withPool { observer in
            do {
                var configuration = try PostgresConfiguration(url: TestDatabase.postgresURL())
                configuration.applicationName = name
                let pool = PostgresPool(
                    configuration: configuration,
                    logger: Logger(label: "PostgresTests", factory: { _ in SwiftLogNoOpLogHandler() }))
                #expect(try await pool.text(count, [.text(name)]) == "1")
            }
            try await eventually("the connection is closed") { try await observer.text(count, [.text(name)]) == "0" }
        }
    }

    @Test(
        "COPY doesn't hang: it is refused, and the next job gets a fresh connection",
        arguments: ["FROM STDIN", "TO STDOUT"])
    func copyIsRefused(direction: String) async throws {
        try await withPool {
            $0.maximumConnections = 1
        } _: { pool in
            for asScript in [true, false] {
                let error = try await postgresError {
                    try await pool.withConnection { connection in
                        try connection.execute(script: "CREATE TEMP TABLE copied AS SELECT 1 AS n")
                        if asScript {
                            try connection.execute(script: "COPY copied \(direction)")
                        } else {
                            try connection.query("COPY copied \(direction)")
                        }
                    }
                }
                #expect(error.code == .protocolViolation)
                #expect(try await pool.text("SELECT 1") == "1")
            }
        }
    }

    @Test("The server's notices reach the logger")
    func notices() async throws {
        let log = RecordingLog()
        var logger = Logger(label: "PostgresTests") { _ in log }
        logger.logLevel = .debug
        try await withPool(logger: logger) { pool in
            try await pool.withConnection { try $0.execute(script: "DO $$ BEGIN RAISE NOTICE 'heard'; END $$") }
        }
        #expect(log.lines.contains { $0.contains("message=heard") })
    }
}

extension PostgresPoolStatistics {
    static func resting(open: Int) -> PostgresPoolStatistics {
        PostgresPoolStatistics(open: open, idle: open, running: 0, waiting: 0)
    }

    static var ended: PostgresPoolStatistics { .resting(open: 0) }
}
