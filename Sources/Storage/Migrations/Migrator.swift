import Foundation

/// Brings a store's schema up to date: forward only, each migration in a transaction of its own, safe when several
/// instances start at once.
public struct Migrator: Sendable {
    private let database: any Database
    private let migrations: [Migration]

    /// How long one migration may take, the wait for another instance included.
    private static let deadline = Duration.seconds(600)
    /// How long a look at the history may take: nobody waits for a response, and the server may just be starting.
    private static let statusDeadline = Duration.seconds(30)

    public init(database: any Database, migrations: [Migration]) {
        self.database = database
        self.migrations = migrations
    }

    /// Applies what is pending.
    ///
    /// - Returns: the migrations that this call applied, in order.
    /// - Throws: ``StorageError`` (`migrationMismatch`) if an applied migration is not the one in its file, or the
    ///   store is newer than this program; nothing is applied then.
    @discardableResult
    public func migrate() async throws -> [Migration] {
        // The whole history is checked before the first change.
        guard try await status().contains(where: { $0.appliedAt == nil }) else { return [] }
        try await database.writeExclusively(deadline: Self.deadline) { sql in try Self.createHistory(sql) }
        var applied: [Migration] = []
        for migration in migrations {
            let ran = try await database.writeExclusively(deadline: Self.deadline) { [migrations] sql in
                let history = try Self.history(sql)
                try Self.check(history, against: migrations)
                // Another instance may have been first.
                guard history[migration.version] == nil else { return false }
                do {
                    try sql.execute(script: migration.script)
                } catch let error as StorageError {
                    throw StorageError(
                        error.code, "migration \(migration.version) (\(migration.name)) failed: \(error.message)",
                        cause: error)
                }
                try sql.execute(
                    """
                    INSERT INTO schema_migrations (version, name, checksum, applied_at)
                    VALUES (\(migration.version), \(migration.name), \(migration.checksum), \(timestamp()))
                    """)
                return true
            }
            if ran { applied.append(migration) }
        }
        return applied
    }

    /// Every known migration and when it was applied. Changes nothing.
    public func status() async throws -> [MigrationStatus] {
        try await database.read(deadline: Self.statusDeadline) { [migrations, engine = database.engine] sql in
            let history = try Self.historyExists(sql, engine: engine) ? try Self.history(sql) : [:]
            try Self.check(history, against: migrations)
            return migrations.map { migration in
                MigrationStatus(
                    version: migration.version, name: migration.name,
                    appliedAt: history[migration.version]?.appliedAt)
            }
        }
    }

    /// - Throws: ``StorageError`` (`missing`) if a migration is pending.
    public func requireCurrent() async throws {
        let pending = try await status().filter { $0.appliedAt == nil }
        guard pending.isEmpty else {
            let names = pending.map { "\($0.version) \($0.name)" }.joined(separator: ", ")
            throw StorageError(.missing, "the store lacks migrations (\(names)); apply them with: quran migrate")
        }
    }

    private struct Applied {
        let checksum: String
        let appliedAt: String
    }

    private static func createHistory(_ sql: any SQLWriter) throws {
        try sql.execute(
            script: """
                CREATE TABLE IF NOT EXISTS schema_migrations (
                    version integer PRIMARY KEY,
                    name text NOT NULL,
                    checksum text NOT NULL,
                    applied_at text NOT NULL
                )
                """)
    }

    private static func historyExists(_ sql: any SQLReader, engine: DatabaseEngine) throws -> Bool {
        switch engine {
        case .sqlite:
            try sql.first("SELECT count(*) FROM sqlite_master WHERE name = 'schema_migrations'") { try $0.bool(0) }
                ?? false
        case .postgres:
            try sql.first("SELECT count(to_regclass('schema_migrations'))") { try $0.bool(0) } ?? false
        }
    }

    private static func history(_ sql: any SQLReader) throws -> [Int: Applied] {
        let rows = try sql.all("SELECT version, checksum, applied_at FROM schema_migrations") { row in
            (try row.int(0), Applied(checksum: try row.text(1), appliedAt: try row.text(2)))
        }
        return Dictionary(uniqueKeysWithValues: rows)
    }

    private static func check(_ history: [Int: Applied], against migrations: [Migration]) throws {
        for (index, (version, applied)) in history.sorted(by: { $0.key < $1.key }).enumerated() {
            guard version == index + 1 else {
                throw StorageError(
                    .migrationMismatch,
                    "the store has migration \(version) but lacks \(index + 1), which comes before it")
            }
            guard migrations.indices.contains(version - 1) else {
                throw StorageError(
                    .migrationMismatch, "the store has migration \(version), which this program does not know")
            }
            guard migrations[version - 1].checksum == applied.checksum else {
                throw StorageError(
                    .migrationMismatch,
                    "migration \(version) (\(migrations[version - 1].name)) was changed after it was applied")
            }
        }
    }
}
