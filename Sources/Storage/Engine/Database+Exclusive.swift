extension Database {
    /// A write transaction that only one instance at a time can be in: for migrations, seeds and edits, which decide
    /// by what they read whether to write.
    public func writeExclusively<Value: Sendable>(
        deadline: Duration, _ body: @escaping @Sendable (any SQLWriter) throws -> Value
    ) async throws -> Value {
        try await write(deadline: deadline) { [engine] sql in
            // A SQLite write transaction already excludes every other; PostgreSQL needs a lock, held until commit.
            if engine == .postgres { try sql.execute(script: "SELECT pg_advisory_xact_lock(7133701809754865664)") }
            return try body(sql)
        }
    }
}
