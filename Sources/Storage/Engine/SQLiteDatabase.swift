import Dispatch
import Foundation
import GRDB
public import Logging
import ServiceLifecycle
import Synchronization

/// The embedded engine: one SQLite file in WAL mode, one writer and several readers at a time, through GRDB.
public final class SQLiteDatabase: Database {
    private let pool: DatabasePool
    private let patience: BusyPatience

    public var engine: DatabaseEngine { .sqlite }

    public var statistics: DatabaseStatistics {
        DatabaseStatistics(fileBytes: size(of: pool.path), logBytes: size(of: pool.path + "-wal"))
    }

    private func size(of path: String) -> Int {
        var status = stat()
        return stat(path, &status) == 0 ? Int(status.st_size) : 0
    }

    /// Opens the store.
    ///
    /// - Parameter create: make the file and its folder if they don't exist.
    /// - Throws: ``StorageError`` (`missing`) if the file doesn't exist and `create` is false.
    public init(path: String, create: Bool, logger: Logger) throws {
        let files = FileManager.default
        if !files.fileExists(atPath: path) {
            guard create else {
                throw StorageError(.missing, "there is no store at \(path); make one with: quran migrate && quran seed")
            }
            let folder = URL(filePath: path).deletingLastPathComponent()
            do {
                try files.createDirectory(at: folder, withIntermediateDirectories: true)
            } catch {
                throw StorageError(.unavailable, "cannot make the folder \(folder.path): \(error)", cause: error)
            }
        }
        var configuration = GRDB.Configuration()
        configuration.label = "quran"
        let patience = BusyPatience()
        self.patience = patience
        configuration.busyMode = .callback { patience.waitForLock(attempt: $0) }
        configuration.maximumReaderCount = 8
        // An acknowledged write survives a power cut, not only the end of the process.
        configuration.prepareDatabase { try $0.execute(sql: "PRAGMA synchronous = FULL") }
        do {
            pool = try DatabasePool(path: path, configuration: configuration)
            try pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
        } catch {
            throw StorageError(.unavailable, "cannot open the store at \(path): \(error)", cause: error)
        }
        logger.debug("store opened", metadata: ["path": "\(path)"])
    }

    public func read<Value: Sendable>(
        deadline: Duration, _ body: @escaping @Sendable (any SQLReader) throws -> Value
    ) async throws -> Value {
        try await measured(.read) {
            try await withDeadline(deadline) { [pool] in
                try await pool.read { try body(SQLiteSession(database: $0)) }
            }
        }
    }

    public func write<Value: Sendable>(
        deadline: Duration, _ body: @escaping @Sendable (any SQLWriter) throws -> Value
    ) async throws -> Value {
        let limit = ContinuousClock.now + min(deadline, .seconds(365 * 86400))
        return try await measured(.write) {
            try await withDeadline(deadline) { [pool, patience] in
                try await pool.writeWithoutTransaction { database in
                    patience.set(limit)
                    defer { patience.set(nil) }
                    var value: Value?
                    try database.inTransaction(.immediate) {
                        value = try body(SQLiteSession(database: database))
                        return .commit
                    }
                    guard let value else {
                        throw StorageError(.unexpectedResult, "a transaction ended without a result")
                    }
                    return value
                }
            }
        }
    }

    public func run() async throws {
        try await gracefulShutdown()
        try pool.close()
    }

    /// Runs work that GRDB interrupts when its task is cancelled, and cancels it at the deadline.
    private func withDeadline<Value: Sendable>(
        _ deadline: Duration, _ work: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        try await withThrowingTaskGroup(of: Value?.self) { group in
            group.addTask {
                do {
                    return try await work()
                } catch let error as DatabaseError {
                    // What GRDB itself ran: BEGIN, COMMIT, or nothing on a closed pool.
                    throw StorageError(error)
                }
            }
            group.addTask {
                try await Task.sleep(for: deadline)
                return nil
            }
            defer { group.cancelAll() }
            guard let first = try await group.next(), let value = first else {
                throw StorageError(.timedOut, "the store did not answer within \(deadline)")
            }
            return value
        }
    }
}

/// A GRDB connection in a transaction.
private struct SQLiteSession: SQLWriter {
    let database: GRDB.Database

    func forEach(_ sql: SQL, _ body: (any SQLRow) throws -> Void) throws {
        try translatingErrors {
            let statement = try database.cachedStatement(sql: sql.text(placeholderPrefix: "?"))
            let rows = try Row.fetchCursor(statement, arguments: arguments(sql))
            while let row = try rows.next() { try body(SQLiteRow(row: row)) }
        }
    }

    func execute(_ sql: SQL) throws -> Int {
        try translatingErrors {
            let statement = try database.cachedStatement(sql: sql.text(placeholderPrefix: "?"))
            try statement.execute(arguments: arguments(sql))
            return database.changesCount
        }
    }

    func execute(script: String) throws {
        try translatingErrors { try database.execute(sql: script) }
    }

    private func arguments(_ sql: SQL) -> StatementArguments {
        StatementArguments(
            sql.values.map { value -> (any DatabaseValueConvertible)? in
                switch value {
                case .null: nil
                case .integer(let integer): integer
                case .text(let text): text
                }
            })
    }

    private func translatingErrors<Value>(_ body: () throws -> Value) throws -> Value {
        do {
            return try body()
        } catch let error as DatabaseError {
            throw StorageError(error)
        }
    }
}

extension StorageError {
    fileprivate init(_ error: DatabaseError) {
        let code: Code =
            switch error.resultCode {
            case .SQLITE_CONSTRAINT: .constraintViolated
            case .SQLITE_CANTOPEN, .SQLITE_IOERR, .SQLITE_FULL, .SQLITE_LOCKED, .SQLITE_MISUSE: .unavailable
            // Another process held the lock until the deadline, or the query ran until then.
            case .SQLITE_BUSY, .SQLITE_INTERRUPT: .timedOut
            default: .statementFailed
            }
        self.init(code, "SQLite: \(error.message ?? "error \(error.resultCode)")", cause: error)
    }
}

/// How long a connection waits for another process's lock: as long as the work that needs it may take. SQLite's own timeout
/// knows no deadline, and an interrupt does not reach it.
private final class BusyPatience: Sendable {
    /// Milliseconds.
    private static let pause = 5
    /// Where no deadline is set, 10 s: while the store is opened, and for readers, who hardly ever wait in WAL mode.
    private static let usualAttempts = 2000

    private let limit = Mutex<ContinuousClock.Instant?>(nil)
    private let never = DispatchSemaphore(value: 0)

    /// There is one writer at a time, so there is one deadline.
    func set(_ limit: ContinuousClock.Instant?) { self.limit.withLock { $0 = limit } }

    /// Sleeps for a moment on SQLite's thread.
    ///
    /// - Returns: whether to try again.
    func waitForLock(attempt: Int) -> Bool {
        let isPatient = limit.withLock { limit in
            limit.map { ContinuousClock.now < $0 } ?? (attempt < Self.usualAttempts)
        }
        if isPatient { _ = never.wait(timeout: .now() + .milliseconds(Self.pause)) }
        return isPatient
    }
}

private struct SQLiteRow: SQLRow {
    let row: Row

    func isNull(_ column: Int) -> Bool { row.hasNull(atIndex: column) }

    func integer(_ column: Int) throws -> Int64 {
        guard case .int64(let value) = (row[column] as DatabaseValue).storage else { throw mismatch(column, "integer") }
        return value
    }

    func text(_ column: Int) throws -> String {
        guard case .string(let value) = (row[column] as DatabaseValue).storage else { throw mismatch(column, "text") }
        return value
    }

    private func mismatch(_ column: Int, _ type: String) -> StorageError {
        let name = Array(row.columnNames)[column]
        return StorageError(.unexpectedResult, "column \(name) holds no \(type)")
    }
}
