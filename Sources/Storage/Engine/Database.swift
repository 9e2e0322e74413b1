public import ServiceLifecycle

/// Where the content is stored: an embedded SQLite file or a PostgreSQL server, behind one interface.
///
/// As a `Service`, it runs until the group shuts down and then closes its connections, after the work that is running.
public protocol Database: Service {
    var engine: DatabaseEngine { get }

    /// The numbers at this moment. Asks no server.
    var statistics: DatabaseStatistics { get }

    /// Runs `body` on a connection's own thread, in a read-only transaction that sees one snapshot.
    ///
    /// - Parameter deadline: how long to wait for a connection and the whole of `body`; the query that is running then
    ///   is cancelled. Cancelling the task cancels it likewise.
    /// - Throws: ``StorageError``, `CancellationError`, or what `body` throws.
    func read<Value: Sendable>(
        deadline: Duration, _ body: @escaping @Sendable (any SQLReader) throws -> Value
    ) async throws -> Value

    /// Runs `body` on a connection's own thread, in a transaction that commits if it returns and is rolled back if it
    /// throws. If the server takes the transaction back in favour of another, `body` runs once more, within the deadline.
    func write<Value: Sendable>(
        deadline: Duration, _ body: @escaping @Sendable (any SQLWriter) throws -> Value
    ) async throws -> Value
}

public enum DatabaseEngine: String, Sendable, CaseIterable {
    case sqlite, postgres
}

extension Database {
    /// How long a request may wait for the database (ARCHITECTURE, "tiers, degradation, memory").
    public static var requestDeadline: Duration { .seconds(2) }

    public func read<Value: Sendable>(
        _ body: @escaping @Sendable (any SQLReader) throws -> Value
    ) async throws -> Value {
        try await read(deadline: Self.requestDeadline, body)
    }

    public func write<Value: Sendable>(
        _ body: @escaping @Sendable (any SQLWriter) throws -> Value
    ) async throws -> Value {
        try await write(deadline: Self.requestDeadline, body)
    }
}
