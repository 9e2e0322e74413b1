import Postgres
import TestSupport
import Testing

@Suite struct ReconnectTests {
    @Test("A backend that was terminated while idle is replaced unseen, also for writes")
    func terminatedWhileIdle() async throws {
        try await withPool { observer in
            try await withPool {
                $0.maximumConnections = 1
            } _: { pool in
                for _ in 1...5 {
                    let pid = try await pool.text("SELECT pg_backend_pid()")
                    try await terminate(pid, by: observer)
                    let next = try await pool.withConnection { try $0.query("SELECT pg_backend_pid()").text(0, 0) }
                    #expect(next != pid)
                }
            }
        }
    }

    @Test("A backend that is terminated in a query: a read runs again, anything else fails with connectionLost")
    func terminatedWhileRunning() async throws {
        try await withPool { observer in
            try await withPool {
                $0.maximumConnections = 1
            } _: { pool in
                // The job ends its own backend, the first time that it runs.
                let pid = try await pool.text("SELECT pg_backend_pid()")
                let sql = "SELECT CASE WHEN pg_backend_pid() = $1 THEN pg_terminate_backend($1)::text ELSE 'again' END"
                let parameter = PostgresValue.int(try #require(Int64(pid)))
                let answer = try await pool.withConnection(retryIfConnectionLost: true) { connection in
                    let first = try connection.query(sql, [parameter]).text(0, 0)
                    if first != "again" { try connection.query("SELECT pg_sleep(10)") }
                    return first
                }
                #expect(answer == "again")

                let second = try await pool.text("SELECT pg_backend_pid()")
                let error = try await postgresError {
                    try await pool.withConnection { connection in
                        try connection.query(sql, [.int(Int64(second) ?? 0)])
                        try connection.query("SELECT pg_sleep(10)")
                    }
                }
                #expect(error.code == .connectionLost)
                #expect(error.sqlState == nil || error.sqlState == "57P01")
                #expect(try await pool.text("SELECT 1") == "1")
            }
        }
    }

    @Test("Reads live through a restart of the server, and the pool works as before")
    func restart() async throws {
        try await PrivatePostgres.run { server in
            try await withPool(url: server.url()) {
                $0.maximumConnections = 3
            } _: { pool in
                try await pool.withConnection { try $0.execute(script: "CREATE TABLE kept AS SELECT 7 AS n") }
                #expect(
                    try await withThrowingTaskGroup(of: String.self) { group in
                        for _ in 0..<3 { group.addTask { try await pool.text("SELECT n FROM kept, pg_sleep(0.05)") } }
                        return try await group.reduce(into: []) { $0.append($1) }
                    } == ["7", "7", "7"])
                #expect(pool.statistics.open == 3)
                try await server.restart()
                for _ in 1...6 { #expect(try await pool.text("SELECT n FROM kept") == "7") }

                try await server.stop()
                let error = try await postgresError { _ = try await pool.text("SELECT n FROM kept") }
                #expect(error.code == .connectionFailed)
                try await server.start()
                #expect(try await pool.withConnection { try $0.query("SELECT n FROM kept").text(0, 0) } == "7")
            }
        }
    }

    private func terminate(_ pid: String, by observer: PostgresPool) async throws {
        // With its second parameter the function waits until the backend has ended.
        #expect(try await observer.text("SELECT pg_terminate_backend($1::int, 20000)", [.text(pid)]) == "t")
    }
}
