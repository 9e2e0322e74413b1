import Foundation
import Logging
import Postgres
import Testing

/// What a test that can't run says. Tests against a server fail without one, they never skip.
struct TestSetupError: Error, CustomStringConvertible {
    let description: String
}

/// The server that the environment names.
enum TestServer {
    static var url: String {
        get throws {
            guard let url = ProcessInfo.processInfo.environment["TEST_POSTGRES_URL"], !url.isEmpty else {
                throw TestSetupError(
                    description: "TEST_POSTGRES_URL is not set: start a PostgreSQL server and give its URL")
            }
            return url
        }
    }
}

/// Runs `body` with a pool of its own, which is shut down afterwards.
func withPool<R>(
    url: String? = nil,
    logger: Logger = Logger(label: "PostgresTests", factory: { _ in SwiftLogNoOpLogHandler() }),
    _ configure: (inout PostgresConfiguration) -> Void = { _ in },
    _ body: (PostgresPool) async throws -> R
) async throws -> R {
    var configuration = try PostgresConfiguration(url: url ?? TestServer.url)
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

/// Asks `condition` until it holds; fails after a time that no healthy run needs.
func eventually(
    _ what: Comment, within timeout: Duration = .seconds(20), sourceLocation: SourceLocation = #_sourceLocation,
    _ condition: () async throws -> Bool
) async throws {
    let end = ContinuousClock.now + timeout
    while try await !condition() {
        guard .now < end else {
            Issue.record(what, sourceLocation: sourceLocation)
            throw TestSetupError(description: "never came true: \(what)")
        }
        // Only to leave the processor to what the condition waits for.
        try await Task.sleep(for: .milliseconds(5))
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
    throw TestSetupError(description: "no PostgresError at \(sourceLocation)")
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
