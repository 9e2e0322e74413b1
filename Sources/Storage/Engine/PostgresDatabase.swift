public import Logging
import Postgres

/// The engine for several instances: a PostgreSQL server, through pooled libpq connections.
public final class PostgresDatabase: Database {
    private let pool: PostgresPool

    public var engine: DatabaseEngine { .postgres }

    public var statistics: DatabaseStatistics {
        let pool = pool.statistics
        return DatabaseStatistics(
            pool: DatabaseStatistics.Pool(
                open: pool.open, idle: pool.idle, running: pool.running, waiting: pool.waiting))
    }

    /// Connects when it is first used.
    ///
    /// - Throws: ``StorageError`` (`invalidConfiguration`) if libpq does not understand the URL.
    public init(url: String, logger: Logger) throws {
        do {
            pool = PostgresPool(configuration: try PostgresConfiguration(url: url), logger: logger)
        } catch {
            throw StorageError(.invalidConfiguration, "DATABASE_URL: \(error.message)", cause: error)
        }
    }

    public func read<Value: Sendable>(
        deadline: Duration, _ body: @escaping @Sendable (any SQLReader) throws -> Value
    ) async throws -> Value {
        try await measured(.read) { try await run(.readOnlySnapshot, deadline: deadline) { try body($0) } }
    }

    public func write<Value: Sendable>(
        deadline: Duration, _ body: @escaping @Sendable (any SQLWriter) throws -> Value
    ) async throws -> Value {
        let start = ContinuousClock.now
        return try await measured(.write) {
            do {
                return try await run(.readWrite, deadline: deadline) { try body($0) }
            } catch let error as StorageError where error.code == .aborted {
                let left = deadline - (ContinuousClock.now - start)
                return try await run(.readWrite, deadline: left) { try body($0) }
            }
        }
    }

    public func run() async throws { try await pool.run() }

    private func run<Value: Sendable>(
        _ transaction: PostgresTransaction, deadline: Duration,
        _ body: @escaping @Sendable (PostgresSession) throws -> Value
    ) async throws -> Value {
        do {
            return try await pool.withConnection(
                deadline: deadline, retryIfConnectionLost: transaction == .readOnlySnapshot
            ) { connection in
                try connection.transaction(transaction) { try body(PostgresSession(connection: connection)) }
            }
        } catch let error as PostgresError {
            throw StorageError(error)
        }
    }
}

/// A libpq connection in a transaction.
private struct PostgresSession: SQLWriter {
    let connection: PostgresConnection

    func forEach(_ sql: SQL, _ body: (any SQLRow) throws -> Void) throws {
        let result = try query(sql)
        for row in 0..<result.count { try body(PostgresRow(result: result, row: row)) }
    }

    func execute(_ sql: SQL) throws -> Int { try query(sql).affectedRows }

    func execute(script: String) throws { try translatingErrors { try connection.execute(script: script) } }

    private func query(_ sql: SQL) throws -> PostgresResult {
        let values = sql.values.map { value -> PostgresValue in
            switch value {
            case .null: .null
            case .integer(let integer): .int(integer)
            case .text(let text): .text(text)
            }
        }
        return try translatingErrors { try connection.query(sql.text(placeholderPrefix: "$"), values) }
    }
}

private struct PostgresRow: SQLRow {
    let result: PostgresResult
    let row: Int

    func isNull(_ column: Int) -> Bool { result.isNull(row, column) }

    func integer(_ column: Int) throws -> Int64 { try translatingErrors { try result.int(row, column) } }

    func text(_ column: Int) throws -> String { try translatingErrors { try result.text(row, column) } }
}

/// Lets the body of a transaction see the errors that ``SQLReader`` promises.
private func translatingErrors<Value>(_ body: () throws -> Value) throws -> Value {
    do {
        return try body()
    } catch let error as PostgresError {
        throw error.code == .cancelled ? CancellationError() : StorageError(error)
    }
}

extension StorageError {
    fileprivate init(_ error: PostgresError) {
        let code: Code =
            switch error.code {
            case .connectionFailed, .connectionLost, .authenticationFailed, .shutDown: .unavailable
            case .poolExhausted: .overloaded
            case .deadlineExceeded: .timedOut
            case .unexpectedResult: .unexpectedResult
            default:
                switch error.sqlState {
                // A deadlock, and a failure to serialise.
                case "40P01", "40001": .aborted
                case let state?: state.hasPrefix("23") ? .constraintViolated : .statementFailed
                case nil: .statementFailed
                }
            }
        // Messages of these classes quote values; the description leaves them out.
        let quotesValues = ["22", "P0"].contains { error.sqlState?.hasPrefix($0) ?? false }
        self.init(code, "PostgreSQL: \(quotesValues ? error.description : error.message)", cause: error)
    }
}
