import Foundation
import Postgres
import TestSupport
import Testing

@Suite struct CancellationTests {
    private static func marker() -> String { "marker-\(UUID().uuidString)" }

    @Test("A deadline ends the query on the server, and the connection serves the next job")
    func deadlineCancels() async throws {
        try await withPool {
            $0.maximumConnections = 1
        } _: { pool in
            let marker = Self.marker()
            let before = try await pool.text("SELECT pg_backend_pid()")
            let error = try await postgresError {
                try await pool.withConnection(deadline: .milliseconds(100)) {
                    _ = try $0.query("SELECT pg_sleep(30) /* \(marker) */")
                }
            }
            #expect(error.code == .deadlineExceeded)
            #expect(try await pool.text("SELECT pg_backend_pid()") == before)
            #expect(try await pool.running(marker) == 0)
        }
    }

    @Test("Cancelling the task ends the query on the server, and the connection serves the next job")
    func cancellationCancels() async throws {
        try await withPool { observer in
            try await withPool {
                $0.maximumConnections = 1
            } _: { pool in
                let marker = Self.marker()
                let before = try await pool.text("SELECT pg_backend_pid()")
                let task = Task {
                    try await pool.withConnection { connection in
                        try connection.transaction(.readWrite) {
                            _ = try connection.query("SELECT pg_sleep(30) /* \(marker) */")
                        }
                    }
                }
                try await eventually("the query runs") { try await observer.running(marker) == 1 }
                task.cancel()
                await #expect(throws: CancellationError.self) { try await task.value }
                #expect(try await observer.running(marker) == 0)
                #expect(try await pool.text("SELECT pg_backend_pid()") == before)
            }
        }
    }

    @Test("A cancelled job never hurts the next one on its connection")
    func lateCancellation() async throws {
        try await withPool {
            $0.maximumConnections = 1
        } _: { pool in
            for round in 1...150 {
                let task = Task { try await pool.withConnection { _ = try $0.query("SELECT pg_sleep(0.001)") } }
                for _ in 0..<(round * 7 % 40) { await Task.yield() }
                task.cancel()
                let next = try await pool.withConnection { connection in
                    try connection.query("SELECT pg_sleep(0.0005)")
                    return try connection.query("SELECT $1::int8", [.int(Int64(round))]).int(0, 0)
                }
                #expect(next == Int64(round))
                do { try await task.value } catch is CancellationError {}
            }
        }
    }

    @Test("A waiting job that is cancelled fails at once and leaves the queue")
    func cancelledInQueue() async throws {
        try await withPool {
            $0.maximumConnections = 1
        } _: { pool in
            let gate = DispatchSemaphore(value: 0)
            async let holder: Void = pool.withConnection { _ in gate.wait() }
            try await eventually("the connection is held") { pool.statistics.running == 1 }
            let task = Task { try await pool.withConnection { _ in _ = Issue.record("a cancelled job ran") } }
            try await eventually("the job waits") { pool.statistics.waiting == 1 }
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            #expect(pool.statistics.waiting == 0)
            gate.signal()
            try await holder
        }
    }

    @Test("A waiting job whose deadline passes fails while the connection is still held")
    func deadlineInQueue() async throws {
        try await withPool {
            $0.maximumConnections = 1
        } _: { pool in
            let gate = DispatchSemaphore(value: 0)
            async let holder: Void = pool.withConnection { _ in gate.wait() }
            try await eventually("the connection is held") { pool.statistics.running == 1 }
            let error = try await postgresError {
                try await pool.withConnection(deadline: .milliseconds(50)) { _ in _ = Issue.record("a late job ran") }
            }
            #expect(error.code == .deadlineExceeded)
            #expect(pool.statistics.waiting == 0)
            gate.signal()
            try await holder
        }
    }

    @Test("A task that was cancelled before doesn't run")
    func cancelledBefore() async throws {
        try await withPool { pool in
            let task = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                try await pool.withConnection { _ in _ = Issue.record("a cancelled job ran") }
            }
            await #expect(throws: CancellationError.self) { try await task.value }
        }
    }

    @Test("A job whose deadline passes between two queries fails at the second")
    func deadlineBetweenQueries() async throws {
        try await withPool { pool in
            let error = try await postgresError {
                try await pool.withConnection(deadline: .milliseconds(200)) { connection in
                    _ = try connection.query("SELECT 1")
                    let end = ContinuousClock.now + .milliseconds(210)
                    while .now < end {}
                    _ = try connection.query("SELECT 2")
                }
            }
            #expect(error.code == .deadlineExceeded)
        }
    }

    @Test("A query that doesn't end within the grace costs its connection, not the caller's time")
    func unendingQuery() async throws {
        try await withPool {
            $0.maximumConnections = 1
            $0.cancelGrace = .milliseconds(100)
        } _: { pool in
            let before = try await pool.text("SELECT pg_backend_pid()")
            let started = ContinuousClock.now
            let error = try await postgresError {
                try await pool.withConnection(deadline: .milliseconds(100)) {
                    // Every cancellation is swallowed and the sleep begins again, for five seconds.
                    _ = try $0.execute(
                        script: """
                            DO $$ DECLARE stop timestamptz := clock_timestamp() + '5 s'; BEGIN
                            WHILE clock_timestamp() < stop LOOP
                            BEGIN PERFORM pg_sleep(1); EXCEPTION WHEN query_canceled THEN NULL; END;
                            END LOOP; END $$
                            """)
                }
            }
            #expect(error.code == .deadlineExceeded)
            #expect(started.duration(to: .now) < .seconds(3))
            #expect(try await pool.text("SELECT pg_backend_pid()") != before)
        }
    }
}
