import Foundation
public import Logging
public import Storage
import Synchronization

/// A store of its own for a test, on either engine.
public struct TestDatabase: Sendable {
    public let database: any Database
    public let url: String

    public init(database: any Database, url: String) {
        self.database = database
        self.url = url
    }

    public static let logger: Logger = {
        var logger = Logger(label: "test")
        logger.logLevel = .error
        return logger
    }()

    /// The private server that `make test` starts.
    public static func postgresURL() throws -> String {
        guard let url = ProcessInfo.processInfo.environment["TEST_POSTGRES_URL"] else {
            throw TestFailure("TEST_POSTGRES_URL is not set: run the tests with make test, which starts PostgreSQL")
        }
        return url
    }

    /// Runs a test with a store of its own, which is removed afterwards.
    public static func with<Value: Sendable>(
        _ engine: DatabaseEngine, holding content: StoreContent = .schema,
        _ test: @Sendable (TestDatabase) async throws -> Value
    ) async throws -> Value {
        let store = try await StoreTemplates.copy(engine, holding: content)
        let result: Result<Value, any Error>
        do { result = .success(try await test(store)) } catch { result = .failure(error) }
        do { try await remove(engine, url: store.url) } catch {
            // Why the test failed is the better reason.
            _ = try result.get()
            throw error
        }
        return try result.get()
    }

    /// The same with a server of its own, for what any transaction in another database of the server would change: how far back
    /// changes are read again goes by the oldest that is running on it.
    public static func alone<Value: Sendable>(
        _ engine: DatabaseEngine, holding content: StoreContent = .schema,
        _ test: @Sendable (TestDatabase) async throws -> Value
    ) async throws -> Value {
        guard engine == .postgres else { return try await with(engine, holding: content, test) }
        return try await PrivatePostgres.run { server in
            let store = try StoreTemplates.open(server.url())
            try await content.fill?(store)
            return try await test(store)
        }
    }

    /// A store with the synthetic content, shared by the tests of a process that only read it.
    public static func seeded(_ engine: DatabaseEngine) async throws -> TestDatabase {
        switch engine {
        case .sqlite: try await seededSQLite.value
        case .postgres: try await seededPostgres.value
        }
    }

    private static let seededSQLite = Task { try await StoreTemplates.copy(.sqlite, holding: .texts) }
    private static let seededPostgres = Task { try await StoreTemplates.copy(.postgres, holding: .texts) }

    public static func migrator(_ database: any Database) throws -> Migrator {
        Migrator(
            database: database,
            migrations: try Migration.load(
                from: Repository.root.appending(path: "migrations"), engine: database.engine))
    }

    /// Makes an empty store, without a schema, or a copy of another that nobody uses.
    public static func make(_ engine: DatabaseEngine, like template: String? = nil) async throws -> String {
        switch engine {
        case .sqlite:
            let folder = TemporaryFolder.unique("store")
            if let template {
                let files = FileManager.default
                try files.createDirectory(at: folder, withIntermediateDirectories: true)
                try files.copyItem(
                    at: URL(filePath: String(template.dropFirst("sqlite:".count))),
                    to: folder.appending(path: "quran.sqlite"))
            }
            return "sqlite:\(folder.path)/quran.sqlite"
        case .postgres:
            let name = "quran_\(UUID().uuidString.lowercased().replacing("-", with: ""))"
            let copied = template.map { " TEMPLATE \(self.name(of: $0))" } ?? ""
            try await psql("CREATE DATABASE \(name)\(copied)", url: postgresURL())
            guard var components = URLComponents(string: try postgresURL()) else {
                throw TestFailure("TEST_POSTGRES_URL is no URL")
            }
            components.path = "/\(name)"
            return components.string ?? ""
        }
    }

    /// The name of a database of PostgreSQL.
    static func name(of url: String) -> String { String(URLComponents(string: url)?.path.dropFirst() ?? "") }

    private static func remove(_ engine: DatabaseEngine, url: String) async throws {
        guard engine == .postgres else {
            let folder = URL(filePath: String(url.dropFirst("sqlite:".count))).deletingLastPathComponent()
            // A connection that closes meanwhile removes files as well.
            try await eventually("the folder \(folder.path) can be removed") {
                do { try FileManager.default.removeItem(at: folder) } catch CocoaError.fileNoSuchFile {}
                return !FileManager.default.fileExists(atPath: folder.path)
            }
            return
        }
        let name = name(of: url)
        // FORCE ends the sessions of the tests' role, but may not end one of the server's own that just looks in.
        try await eventually("the database \(name) can be dropped") {
            do {
                try await psql("DROP DATABASE IF EXISTS \(name) WITH (FORCE)", url: postgresURL())
                return true
            } catch let error as TestFailure where error.description.contains("pg_signal_backend") {
                return false
            }
        }
    }

    /// Runs SQL as an operator would: with the engine's own shell, in a process of its own.
    ///
    /// - Returns: what the shell printed.
    @discardableResult
    public func shell(_ sql: String) async throws -> String {
        let (program, arguments) = shellCommand(sql)
        return try await run(program, arguments)
    }

    /// The same for the work of a transaction, which has a thread of its own to wait on.
    @discardableResult
    public func shellNow(_ sql: String) throws -> String {
        let (program, arguments) = shellCommand(sql)
        return try runBlocking(program, arguments)
    }

    private func shellCommand(_ sql: String) -> (program: String, arguments: [String]) {
        switch database.engine {
        case .sqlite: ("sqlite3", ["-cmd", ".timeout 10000", String(url.dropFirst("sqlite:".count)), sql])
        case .postgres: (Self.psqlProgram, Self.psqlArguments(sql, url: url))
        }
    }

    @discardableResult
    static func psql(_ sql: String, url: String) async throws -> String {
        try await run(psqlProgram, psqlArguments(sql, url: url))
    }

    /// The program itself where its folder is known, not Debian's wrapper in Perl, which takes longer than a query.
    public static let psqlProgram =
        ProcessInfo.processInfo.environment["TEST_POSTGRES_BINDIR"].map { "\($0)/psql" } ?? "psql"

    private static func psqlArguments(_ sql: String, url: String) -> [String] {
        ["--no-psqlrc", "-v", "ON_ERROR_STOP=1", "-qAt", "-c", sql, url]
    }
}

/// Why a test can't go on.
public struct TestFailure: Error, CustomStringConvertible {
    public let description: String

    public init(_ description: String) { self.description = description }
}

/// Runs a program to its end.
///
/// - Returns: its standard output, without the last line end.
/// - Throws: ``TestFailure`` with its standard error if it exits with anything but 0.
@discardableResult
public func run(_ program: String, _ arguments: [String]) async throws -> String {
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread { continuation.resume(with: Result { try runBlocking(program, arguments) }) }
    }
}

private func runBlocking(_ program: String, _ arguments: [String]) throws -> String {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [program] + arguments
    let (output, errors) = try Command.spawning.withLock { _ in
        let (output, errors) = (Pipe(), Pipe())
        process.standardOutput = output
        process.standardError = errors
        process.standardInput = FileHandle.nullDevice
        try process.run()
        return (output, errors)
    }
    var printed = try output.fileHandleForReading.readToEnd() ?? Data()
    let complaints = try errors.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
        throw TestFailure("\(program) failed: \(String(decoding: complaints, as: UTF8.self))")
    }
    while printed.last == UInt8(ascii: "\n") { printed.removeLast() }
    return String(decoding: printed, as: UTF8.self)
}
