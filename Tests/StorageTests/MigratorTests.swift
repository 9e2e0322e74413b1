import Foundation
import Storage
import TestSupport
import Testing

@Suite struct `Migrations` {
    private static let folder = Repository.root.appending(path: "migrations")

    /// A folder of migrations of its own.
    private static func folder(_ engine: DatabaseEngine, _ scripts: [String: String]) throws -> URL {
        let folder = TemporaryFolder.unique("migrations")
        let files = folder.appending(path: engine.rawValue)
        try FileManager.default.createDirectory(at: files, withIntermediateDirectories: true)
        for (name, script) in scripts { try Data(script.utf8).write(to: files.appending(path: name)) }
        return folder
    }

    private static func migrator(
        _ store: TestDatabase, _ engine: DatabaseEngine, _ scripts: [String: String]
    ) throws -> Migrator {
        Migrator(
            database: store.database, migrations: try Migration.load(from: folder(engine, scripts), engine: engine))
    }

    private static let three = [
        "0001_one.sql": "CREATE TABLE one (a integer);", "0002_two.sql": "CREATE TABLE two (a integer);",
        "0003_three.sql": "CREATE TABLE three (a integer);",
    ]

    @Test(arguments: DatabaseEngine.allCases)
    func `are applied in order, and nothing the second time`(engine: DatabaseEngine) async throws {
        try await TestDatabase.with(engine, holding: .nothing) { store in
            let migrator = try Self.migrator(store, engine, Self.three)
            #expect(try await migrator.status().map(\.appliedAt) == [nil, nil, nil])
            #expect(try await migrator.migrate().map(\.name) == ["one", "two", "three"])
            let dump = try await store.dump()
            #expect(try await migrator.migrate().isEmpty)
            #expect(try await store.dump() == dump)
            let status = try await migrator.status()
            #expect(status.map(\.version) == [1, 2, 3])
            #expect(status.allSatisfy { $0.appliedAt?.hasSuffix("Z") == true })
            try await migrator.requireCurrent()
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `of the program make every table on a fresh store`(engine: DatabaseEngine) async throws {
        try await TestDatabase.with(engine, holding: .nothing) { store in
            let migrations = try Migration.load(from: Self.folder, engine: engine)
            #expect(try await TestDatabase.migrator(store.database).migrate() == migrations)
            for table in WatchedTable.all.map(\.name) + ["seeds"] {
                #expect(try await store.count(table) == 0)
            }
            // The one tag that is there from the start tells the store from any other.
            #expect(try await store.count("content_versions") == 1)
            #expect(try await store.versions().isEmpty)
        }
    }

    @Test(arguments: DatabaseEngine.allCases, [2, 8])
    func `are applied once each by several instances that start at once`(
        engine: DatabaseEngine, instances: Int
    ) async throws {
        let url = try await TestDatabase.make(engine)
        var scripts = Self.three
        // Not idempotent: a second run would show.
        scripts["0004_rows.sql"] = "CREATE TABLE rows (a integer); INSERT INTO rows VALUES (1);"
        for number in 5...20 {
            scripts["00\(number < 10 ? "0" : "")\(number)_more.sql"] = "INSERT INTO rows VALUES (\(number));"
        }
        let folder = try Self.folder(engine, scripts)
        let applied = try await withThrowingTaskGroup(of: [Int].self) { group in
            for _ in 0..<instances {
                group.addTask {
                    // Opened at the same time as well: the file is made by whoever is first.
                    let database = try DatabaseURL(url).open(create: true, logger: TestDatabase.logger)
                    let migrations = try Migration.load(from: folder, engine: engine)
                    return try await Migrator(database: database, migrations: migrations).migrate().map(\.version)
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        #expect(applied.sorted() == Array(1...20))
        let store = TestDatabase(
            database: try DatabaseURL(url).open(create: false, logger: TestDatabase.logger), url: url)
        #expect(try await store.count("schema_migrations") == 20)
        #expect(try await store.count("rows") == 17)
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `that are pending are applied after those that are there`(engine: DatabaseEngine) async throws {
        try await TestDatabase.with(engine, holding: .nothing) { store in
            var scripts = Self.three
            scripts["0003_three.sql"] = nil
            try await Self.migrator(store, engine, scripts).migrate()
            let migrator = try Self.migrator(store, engine, Self.three)
            let status = try await migrator.status()
            #expect(status.map { $0.appliedAt == nil } == [false, false, true])
            let error = await #expect(throws: StorageError.self) { try await migrator.requireCurrent() }
            #expect(error?.code == .missing)
            #expect(error?.message.contains("3 three") == true)
            #expect(error?.message.contains("quran migrate") == true)
            #expect(try await migrator.migrate().map(\.version) == [3])
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `that were changed after they were applied are refused, and nothing is applied`(
        engine: DatabaseEngine
    ) async throws {
        try await TestDatabase.with(engine, holding: .nothing) { store in
            var scripts = Self.three
            scripts["0003_three.sql"] = nil
            try await Self.migrator(store, engine, scripts).migrate()
            let dump = try await store.dump()
            var changed = Self.three
            changed["0002_two.sql"] = "CREATE TABLE two (a integer); -- harmless?"
            let migrator = try Self.migrator(store, engine, changed)
            for attempt in [
                { _ = try await migrator.migrate() }, { _ = try await migrator.status() },
                {
                    try await migrator.requireCurrent()
                },
            ] as [@Sendable () async throws -> Void] {
                let error = await #expect(throws: StorageError.self) { try await attempt() }
                #expect(error?.code == .migrationMismatch)
                #expect(error?.message.contains("migration 2 (two) was changed") == true)
            }
            #expect(try await store.dump() == dump)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `of a newer program are refused`(engine: DatabaseEngine) async throws {
        try await TestDatabase.with(engine, holding: .nothing) { store in
            try await Self.migrator(store, engine, Self.three).migrate()
            let dump = try await store.dump()
            let old = try Self.migrator(store, engine, ["0001_one.sql": Self.three["0001_one.sql"] ?? ""])
            let error = await #expect(throws: StorageError.self) { try await old.migrate() }
            #expect(error?.code == .migrationMismatch)
            #expect(error?.message.contains("migration 2") == true)
            #expect(try await store.dump() == dump)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `with a gap in the store's history are refused`(engine: DatabaseEngine) async throws {
        try await TestDatabase.with(engine, holding: .nothing) { store in
            let migrator = try Self.migrator(store, engine, Self.three)
            try await migrator.migrate()
            try await store.shell("DELETE FROM schema_migrations WHERE version = 2; DROP TABLE two")
            let dump = try await store.dump()
            let error = await #expect(throws: StorageError.self) { try await migrator.migrate() }
            #expect(error?.code == .migrationMismatch)
            #expect(error?.message.contains("2") == true)
            #expect(try await store.dump() == dump)
        }
    }

    @Test(
        arguments: DatabaseEngine.allCases,
        [
            ["0001_one.sql", "0003_three.sql"], ["0002_two.sql"], ["0001_one.sql", "0001_two.sql"], ["1_one.sql"],
            ["one.sql"], ["0001one.sql"], ["0001_one.sql", "00002_two.sql"], ["+001_one.sql"],
        ])
    func `with a gap in the files are refused`(engine: DatabaseEngine, files: [String]) throws {
        let folder = try Self.folder(engine, Dictionary(uniqueKeysWithValues: files.map { ($0, "SELECT 1") }))
        let error = #expect(throws: StorageError.self) { try Migration.load(from: folder, engine: engine) }
        #expect(error?.code == .migrationMismatch)
        #expect(error?.message.contains("should be number") == true)
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `without a folder are refused`(engine: DatabaseEngine) {
        let folder = TemporaryFolder.unique("nowhere")
        let error = #expect(throws: StorageError.self) { try Migration.load(from: folder, engine: engine) }
        #expect(error?.code == .migrationMismatch)
        #expect(error?.message.contains(folder.path) == true)
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `that fail are rolled back and reported, and those before stay`(engine: DatabaseEngine) async throws {
        try await TestDatabase.with(engine, holding: .nothing) { store in
            var scripts = Self.three
            scripts["0002_two.sql"] = "CREATE TABLE two (a integer); INSERT INTO two VALUES (1); SELECT * FROM nowhere;"
            let error = await #expect(throws: StorageError.self) {
                try await Self.migrator(store, engine, scripts).migrate()
            }
            #expect(error?.code == .statementFailed)
            #expect(error?.message.contains("nowhere") == true)
            #expect(error?.message.contains("2 (two)") == true)
            let applied = try await store.shell("SELECT version FROM schema_migrations")
            #expect(applied == "1")
            await #expect(throws: TestFailure.self) { try await store.count("two") }
            // Repaired, it goes on from there.
            #expect(try await Self.migrator(store, engine, Self.three).migrate().map(\.version) == [2, 3])
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `are only read by the status, also on a store without a history`(engine: DatabaseEngine) async throws {
        try await TestDatabase.with(engine, holding: .nothing) { store in
            let migrator = try TestDatabase.migrator(store.database)
            let empty = try await store.dump()
            #expect(try await migrator.status().allSatisfy { $0.appliedAt == nil })
            let error = await #expect(throws: StorageError.self) { try await migrator.requireCurrent() }
            #expect(error?.code == .missing)
            #expect(try await store.dump() == empty)
            try await migrator.migrate()
            let migrated = try await store.dump()
            #expect(try await migrator.status().allSatisfy { $0.appliedAt != nil })
            #expect(try await store.dump() == migrated)
        }
    }
}
