import Postgres
import TestSupport
import Testing

@Suite struct StatementCacheTests {
    private static let prepared = "SELECT count(*) FROM pg_prepared_statements WHERE strpos(statement, $1) > 0"

    @Test("A statement is prepared once per connection")
    func reuse() async throws {
        try await withPool { pool in
            try await pool.withConnection { connection in
                for number in 1...10 {
                    let answer = try connection.query("SELECT $1::int8 -- reused", [.int(Int64(number))]).int(0, 0)
                    #expect(answer == number)
                }
                #expect(try connection.query(Self.prepared, [.text("reused")]).int(0, 0) == 1)
            }
        }
    }

    @Test("Beyond the capacity the statement used longest ago leaves the server")
    func eviction() async throws {
        try await withPool {
            $0.statementCacheCapacity = 3
            $0.maximumConnections = 1
        } _: { pool in
            try await pool.withConnection { connection in
                for number in [1, 2, 3, 1, 4] { try connection.query("SELECT \(number) -- evicted") }
            }
            // In the simple protocol, which prepares nothing itself: 2 was used longest ago.
            let kept: @Sendable (borrowing PostgresConnection) throws -> Void = { connection in
                try connection.execute(
                    script: """
                        DO $$ BEGIN ASSERT (SELECT array_agg(statement ORDER BY statement) FROM pg_prepared_statements)
                        = ARRAY['SELECT 1 -- evicted', 'SELECT 3 -- evicted', 'SELECT 4 -- evicted']; END $$
                        """)
            }
            try await pool.withConnection(kept)
        }
    }

    @Test("Statements evicted in transactions leave the server too, and forgotten ones don't abort a transaction")
    func evictionInTransactions() async throws {
        try await withPool {
            $0.statementCacheCapacity = 2
            $0.maximumConnections = 1
        } _: { pool in
            for round in 0..<5 {
                try await pool.withConnection { connection in
                    try connection.transaction(.readOnlySnapshot) {
                        for number in 0..<4 { try connection.query("SELECT \(round * 4 + number)") }
                    }
                }
            }
            try await pool.withConnection { connection in
                try connection.execute(
                    script: "DO $$ BEGIN ASSERT (SELECT count(*) FROM pg_prepared_statements) = 2; END $$")
                try connection.execute(script: "DEALLOCATE ALL")
            }
            let last = try await pool.withConnection { connection in
                try connection.transaction(.readOnlySnapshot) {
                    for number in 100..<110 { try connection.query("SELECT \(number)") }
                    return try connection.query("SELECT 110").int(0, 0)
                }
            }
            #expect(last == 110)
        }
    }

    @Test("After ALTER TABLE a statement is prepared again, outside a transaction unseen")
    func alteredTable() async throws {
        try await withPool { pool in
            try await pool.withConnection { connection in
                try connection.execute(script: "CREATE TEMP TABLE altered (a int); INSERT INTO altered VALUES (1)")
                #expect(try connection.query("SELECT * FROM altered").columnCount == 1)
                try connection.execute(script: "ALTER TABLE altered ADD b text DEFAULT 'new'")
                let result = try connection.query("SELECT * FROM altered")
                #expect(try result.text(0, 1) == "new")
                #expect(try connection.query(Self.prepared, [.text("SELECT * FROM altered")]).int(0, 0) == 1)
            }
        }
    }

    @Test("After ALTER TABLE a read in a transaction runs again as a whole; without leave to retry it fails once")
    func alteredTableInTransaction() async throws {
        try await withPool {
            $0.maximumConnections = 1
        } _: { pool in
            let read: @Sendable (borrowing PostgresConnection) throws -> Int = { connection in
                try connection.transaction(.readOnlySnapshot) {
                    try connection.query("SELECT * FROM altered").columnCount
                }
            }
            try await pool.withConnection { try $0.execute(script: "CREATE TEMP TABLE altered (a int)") }
            #expect(try await pool.withConnection(read) == 1)
            try await pool.withConnection { try $0.execute(script: "ALTER TABLE altered ADD b text") }
            #expect(try await pool.withConnection(retryIfConnectionLost: true, read) == 2)
            try await pool.withConnection { try $0.execute(script: "ALTER TABLE altered ADD c text") }
            let error = try await postgresError { _ = try await pool.withConnection(read) }
            #expect(error.sqlState == "0A000")
            #expect(try await pool.withConnection(read) == 3)
        }
    }

    @Test("A statement that the server was told to forget is prepared again")
    func deallocated() async throws {
        try await withPool { pool in
            try await pool.withConnection { connection in
                #expect(try connection.query("SELECT 1").int(0, 0) == 1)
                try connection.execute(script: "DEALLOCATE ALL")
                #expect(try connection.query("SELECT 1").int(0, 0) == 1)
                try connection.execute(script: "DISCARD ALL")
                #expect(try connection.query("SELECT 1").int(0, 0) == 1)
            }
        }
    }
}
