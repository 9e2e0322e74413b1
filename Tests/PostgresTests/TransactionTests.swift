import Foundation
import Postgres
import TestSupport
import Testing

@Suite struct TransactionTests {
    private struct Deliberate: Error, Equatable {}

    /// Runs `body` with a table's name; the table is dropped afterwards.
    private func withTable(_ body: (PostgresPool, String) async throws -> Void) async throws {
        let table = "t_" + UUID().uuidString.replacing("-", with: "").lowercased()
        try await withPool { pool in
            try await pool.withConnection { try $0.execute(script: "CREATE TABLE \(table) (n int PRIMARY KEY)") }
            do {
                try await body(pool, table)
            } catch {
                try await pool.withConnection { try $0.execute(script: "DROP TABLE \(table)") }
                throw error
            }
            try await pool.withConnection { try $0.execute(script: "DROP TABLE \(table)") }
        }
    }

    @Test("A snapshot sees one state while another transaction commits")
    func snapshot() async throws {
        try await withTable { pool, table in
            let sawFirst = DispatchSemaphore(value: 0)
            let committed = DispatchSemaphore(value: 0)
            async let counts = pool.withConnection { connection in
                try connection.transaction(.readOnlySnapshot) {
                    let first = try connection.query("SELECT count(*) FROM \(table)").int(0, 0)
                    sawFirst.signal()
                    committed.wait()
                    return [first, try connection.query("SELECT count(*) FROM \(table)").int(0, 0)]
                }
            }
            try await pool.withConnection { connection in
                defer { committed.signal() }
                sawFirst.wait()
                try connection.transaction(.readWrite) { _ = try connection.query("INSERT INTO \(table) VALUES (1)") }
            }
            #expect(try await counts == [0, 0])
            #expect(try await pool.text("SELECT count(*) FROM \(table)") == "1")
        }
    }

    @Test("A snapshot can't write")
    func snapshotIsReadOnly() async throws {
        try await withTable { pool, table in
            let error = try await postgresError {
                try await pool.withConnection { connection in
                    try connection.transaction(.readOnlySnapshot) {
                        _ = try connection.query("INSERT INTO \(table) VALUES (1)")
                    }
                }
            }
            #expect(error.code == .server(sqlState: "25006"))
        }
    }

    @Test("An error rolls back and is thrown unchanged", arguments: [PostgresTransaction.readWrite, .serializable])
    func rollback(kind: PostgresTransaction) async throws {
        try await withTable { pool, table in
            await #expect(throws: Deliberate()) {
                try await pool.withConnection { connection in
                    try connection.transaction(kind) {
                        _ = try connection.query("INSERT INTO \(table) VALUES (1)")
                        throw Deliberate()
                    }
                }
            }
            let count = try await pool.text("SELECT count(*) FROM \(table)")
            #expect(count == "0")
        }
    }

    @Test("A COMMIT that the server turned into a rollback is an error")
    func commitThatRollsBack() async throws {
        try await withTable { pool, table in
            let error = try await postgresError {
                try await pool.withConnection { connection in
                    try connection.transaction(.readWrite) {
                        _ = try connection.query("INSERT INTO \(table) VALUES (1)")
                        do { _ = try connection.query("SELECT 1/0") } catch is PostgresError {}
                    }
                }
            }
            #expect(error.code == .transactionRolledBack)
            #expect(try await pool.text("SELECT count(*) FROM \(table)") == "0")
        }
    }

    @Test("A transaction in a transaction is refused, and the outer one can go on")
    func nesting() async throws {
        try await withTable { pool, table in
            try await pool.withConnection { connection in
                try connection.transaction(.readWrite) {
                    let error = #expect(throws: PostgresError.self) { try connection.transaction(.readWrite) {} }
                    #expect(error?.code == .invalidTransactionState)
                    _ = try connection.query("INSERT INTO \(table) VALUES (1)")
                }
            }
            #expect(try await pool.text("SELECT count(*) FROM \(table)") == "1")
        }
    }

    @Test("A transaction that a job leaves open is rolled back before the next job")
    func leftOpen() async throws {
        try await withPool {
            $0.maximumConnections = 1
        } _: { pool in
            try await pool.withConnection { try $0.execute(script: "CREATE TEMP TABLE kept (n int)") }
            try await pool.withConnection { try $0.execute(script: "BEGIN; INSERT INTO kept VALUES (1)") }
            #expect(try await pool.text("SELECT count(*) FROM kept") == "0")
        }
    }

    @Test("A violated constraint is named, and the value isn't in the description")
    func violatedConstraint() async throws {
        try await withTable { pool, table in
            let error = try await postgresError {
                try await pool.withConnection { connection in
                    for _ in 1...2 { _ = try connection.query("INSERT INTO \(table) VALUES ($1)", [.int(4_242_424)]) }
                }
            }
            #expect(error.code == .server(sqlState: "23505"))
            #expect(error.constraint == "\(table)_pkey" && error.table == table)
            #expect(error.detail?.contains("4242424") == true)
            #expect(!error.description.contains("4242424"))
            let dataError = try await postgresError {
                try await pool.withConnection { _ = try $0.query("SELECT $1::int", [.text("confidential")]) }
            }
            #expect(dataError.sqlState == "22P02" && !"\(dataError)".contains("confidential"))
        }
    }
}
