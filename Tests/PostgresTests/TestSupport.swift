import Logging
import Postgres
import TestSupport
import Testing

/// Runs `body` with a pool of its own, which is shut down afterwards.
func withPool<R>(
    url: String? = nil,
    logger: Logger = Logger(label: "PostgresTests", factory: { _ in SwiftLogNoOpLogHandler() }),
    _ configure: (inout PostgresConfiguration) -> Void = { _ in },
    _ body: (PostgresPool) async throws -> R
) async throws -> R {
    var configuration = try PostgresConfiguration(url: url ?? TestDatabase.postgresURL())
    configure(&configuration)
    let pool = PostgresPool(configuration: configuration, logger: logger)
    do {
        let value = try await body(pool)
        await pool.shutdown()
        return value
    } catch {
        await pool.shutdown()
        throw error
    }
}

/// The `PostgresError` that `body` throws.
func postgresError(
    sourceLocation: SourceLocation = #_sourceLocation, _ body: () async throws -> Void
) async throws -> PostgresError {
    do {
        try await body()
    } catch let error as PostgresError {
        return error
    }
    throw TestFailure("no PostgresError at \(sourceLocation)")
}

extension PostgresPool {
    /// The text of the first field.
    func text(_ sql: String, _ parameters: [PostgresValue] = []) async throws -> String {
        try await withConnection(retryIfConnectionLost: true) { try $0.query(sql, parameters).text(0, 0) }
    }

    /// Backends, other than the one that asks, that run a query with `marker` in its text.
    func running(_ marker: String) async throws -> Int64 {
        try await withConnection {
            try $0.query(
                """
                SELECT count(*) FROM pg_stat_activity
                WHERE state = 'active' AND pid <> pg_backend_pid() AND strpos(query, $1) > 0
                """, [.text(marker)]
            ).int(0, 0)
        }
    }
}
