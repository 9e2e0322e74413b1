import Dispatch
import Foundation
import Storage
import TestSupport
import Testing

/// What every engine must do alike.
@Suite struct `A database` {
    private static func with<Value: Sendable>(
        _ engine: DatabaseEngine, _ test: @Sendable (TestDatabase) async throws -> Value
    ) async throws -> Value {
        try await TestDatabase.with(engine, holding: .nothing) { store in
            try await store.shell(
                """
                CREATE TABLE parents (id integer PRIMARY KEY);
                CREATE TABLE notes (id bigint PRIMARY KEY, note text CHECK (note <> 'bad'),
                    parent integer REFERENCES parents (id), must text NOT NULL DEFAULT 'x')
                """)
            return try await test(store)
        }
    }

    private static let texts = [
        "", "it's", "\"quoted\"", "'; DROP TABLE notes; --", "$1", "?1", ":name", "@x", "%s\\n\\0", "\\", "--", "/*",
        "بِسْمِ ٱللَّهِ", "e\u{301} é", "a\u{651}\u{64E} a\u{64E}\u{651}", "\u{FEFF}x", "😀\u{10FFFD}", "a\nb\r\nc\td",
        String(repeating: "سلام ", count: 120_000),
    ]

    @Test(arguments: DatabaseEngine.allCases)
    func `binds texts, whose bytes come back as they went in`(engine: DatabaseEngine) async throws {
        try await Self.with(engine) { store in
            for (index, text) in Self.texts.enumerated() {
                let found = try await store.database.write { sql in
                    let count = try sql.execute("INSERT INTO notes (id, note) VALUES (\(index), \(text))")
                    #expect(count == 1)
                    return try sql.all("SELECT note, id FROM notes WHERE note = \(text)") {
                        (try $0.text(0), try $0.int(1))
                    }
                }
                #expect(found.map { Array($0.0.utf8) } == [Array(text.utf8)])
                #expect(found.map(\.1) == [index])
            }
            #expect(try await store.count("notes") == Self.texts.count)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `binds integers to the ends of 64 bits, and nulls`(engine: DatabaseEngine) async throws {
        try await Self.with(engine) { store in
            let numbers: [Int64] = [.min, .min + 1, -1, 0, 1, 1 << 53 + 1, .max - 1, .max]
            let rows = numbers.map { [SQLValue.integer($0), .null] }
            let stored = try await store.database.write { sql in
                #expect(try sql.execute("INSERT INTO notes (id, note) VALUES \(rows: rows)") == numbers.count)
                return try sql.all("SELECT id, note FROM notes ORDER BY id") { row in
                    #expect(row.isNull(1))
                    #expect(!row.isNull(0))
                    #expect(try row.optionalText(1) == nil)
                    return try row.integer(0)
                }
            }
            #expect(stored == numbers)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `binds optional values, truth and lists`(engine: DatabaseEngine) async throws {
        try await Self.with(engine) { store in
            let (none, some): (String?, Int?) = (nil, 7)
            let found = try await store.database.write { sql in
                try sql.execute(
                    "INSERT INTO notes (id, note) VALUES (\(some), \(none)), (\(true), \("a")), (\(false), 'b')")
                let listed = try sql.all("SELECT id FROM notes WHERE note IN \(list: ["a", "b", "'"]) ORDER BY id") {
                    try $0.int(0)
                }
                let empty = try sql.all("SELECT id FROM notes WHERE note IN \(list: [])") { try $0.int(0) }
                return [listed, empty, try sql.all("SELECT id FROM notes WHERE note IS NULL") { try $0.int(0) }]
            }
            #expect(found == [[0, 1], [], [7]])
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `says so when a column is not what is asked for`(engine: DatabaseEngine) async throws {
        try await Self.with(engine) { store in
            try await store.shell("INSERT INTO notes (id, note) VALUES (1, NULL), (2, 'text')")
            for read in [
                { _ = try $0.first("SELECT note FROM notes WHERE id = 1") { try $0.text(0) } },
                { _ = try $0.first("SELECT note FROM notes WHERE id = 1") { try $0.integer(0) } },
                { _ = try $0.first("SELECT note FROM notes WHERE id = 2") { try $0.integer(0) } },
            ] as [@Sendable (any SQLReader) throws -> Void] {
                let error = await #expect(throws: StorageError.self) { try await store.database.read(read) }
                #expect(error?.code == .unexpectedResult)
            }
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `commits a write that returns, and takes back one that throws`(engine: DatabaseEngine) async throws {
        struct Refusal: Error {}
        try await Self.with(engine) { store in
            await #expect(throws: Refusal.self) {
                try await store.database.write { sql in
                    try sql.execute("INSERT INTO notes (id) VALUES (1)")
                    #expect(try sql.first("SELECT count(*) FROM notes") { try $0.int(0) } == 1)
                    throw Refusal()
                }
            }
            #expect(try await store.count("notes") == 0)
            _ = try await store.database.write { sql in try sql.execute("INSERT INTO notes (id) VALUES (1)") }
            #expect(try await store.count("notes") == 1)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `takes back a write whose last statement failed`(engine: DatabaseEngine) async throws {
        try await Self.with(engine) { store in
            let error = await #expect(throws: StorageError.self) {
                try await store.database.write { sql in
                    try sql.execute("INSERT INTO notes (id) VALUES (1)")
                    try sql.execute("INSERT INTO nowhere VALUES (1)")
                }
            }
            #expect(error?.code == .statementFailed)
            let count = try await store.count("notes")
            #expect(count == 0)
        }
    }

    @Test(
        arguments: DatabaseEngine.allCases,
        [
            "INSERT INTO notes (id) VALUES (7) RETURNING id", "UPDATE notes SET note = 'x' RETURNING id",
            "DELETE FROM notes RETURNING id", "CREATE TABLE more (a integer)", "DROP TABLE notes",
        ] as [SQL])
    func `refuses to write in a read`(engine: DatabaseEngine, statement: SQL) async throws {
        try await Self.with(engine) { store in
            try await store.shell("INSERT INTO notes (id) VALUES (1)")
            let before = try await store.dump()
            let error = await #expect(throws: StorageError.self) {
                try await store.database.read { sql in try sql.forEach(statement) { _ in } }
            }
            #expect(error?.code == .statementFailed)
            #expect(try await store.dump() == before)
        }
    }

    @Test(
        arguments: DatabaseEngine.allCases,
        [
            "INSERT INTO notes (id) VALUES (1)", "INSERT INTO notes (id, note) VALUES (2, 'bad')",
            "INSERT INTO notes (id, parent) VALUES (2, 77)", "INSERT INTO notes (id, must) VALUES (2, NULL)",
        ] as [SQL])
    func `tells a violated constraint from other failures, inside and outside of the write`(
        engine: DatabaseEngine, statement: SQL
    ) async throws {
        try await Self.with(engine) { store in
            try await store.shell("INSERT INTO notes (id) VALUES (1)")
            let error = await #expect(throws: StorageError.self) {
                try await store.database.write { sql in
                    do {
                        try sql.execute(statement)
                    } catch let error as StorageError {
                        #expect(error.code == .constraintViolated)
                        throw error
                    }
                }
            }
            #expect(error?.code == .constraintViolated)
            #expect(error?.message.isEmpty == false)
            #expect(try await store.count("notes") == 1)
        }
    }

    /// A query that would take until the end of days.
    private static func endless(_ engine: DatabaseEngine) -> SQL {
        switch engine {
        case .sqlite: "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
        case .postgres: "SELECT count(pg_sleep(86400))"
        }
    }

    /// Whether the server still works on it. SQLite works in this process, in the call that has returned.
    private static func isEnded(_ store: TestDatabase) async throws -> Bool {
        guard store.database.engine == .postgres else { return true }
        return try await store.count(
            "pg_stat_activity WHERE state = 'active' AND query LIKE '%86400%' AND pid <> pg_backend_pid() AND datname = current_database()"
        ) == 0
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `ends a query when its deadline passes`(engine: DatabaseEngine) async throws {
        try await Self.with(engine) { store in
            for isWrite in [false, true] {
                let start = ContinuousClock.now
                let error = await #expect(throws: StorageError.self) {
                    if isWrite {
                        try await store.database.write(deadline: .milliseconds(200)) { sql in
                            try sql.execute("INSERT INTO notes (id) VALUES (1)")
                            try sql.forEach(Self.endless(engine)) { _ in }
                        }
                    } else {
                        try await store.database.read(deadline: .milliseconds(200)) { sql in
                            try sql.forEach(Self.endless(engine)) { _ in }
                        }
                    }
                }
                #expect(error?.code == .timedOut)
                #expect(ContinuousClock.now - start < .seconds(20))
                try await eventually("the query ended") { try await Self.isEnded(store) }
            }
            #expect(try await store.count("notes") == 0)
            // The writer's place is free again.
            _ = try await store.database.write { sql in try sql.execute("INSERT INTO notes (id) VALUES (2)") }
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `ends a query when its task is cancelled`(engine: DatabaseEngine) async throws {
        try await Self.with(engine) { store in
            for isWrite in [false, true] {
                let (begun, continuation) = AsyncStream.makeStream(of: Void.self)
                let task = Task {
                    let work: @Sendable (any SQLReader) throws -> Void = { sql in
                        continuation.yield()
                        continuation.finish()
                        try sql.forEach(Self.endless(engine)) { _ in }
                    }
                    if isWrite {
                        try await store.database.write(deadline: .seconds(3600)) { sql in
                            try sql.execute("INSERT INTO notes (id) VALUES (1)")
                            try work(sql)
                        }
                    } else {
                        try await store.database.read(deadline: .seconds(3600), work)
                    }
                }
                for await _ in begun {}
                task.cancel()
                await #expect(throws: CancellationError.self) { try await task.value }
                try await eventually("the query ended") { try await Self.isEnded(store) }
            }
            #expect(try await store.count("notes") == 0)
            _ = try await store.database.write { sql in try sql.execute("INSERT INTO notes (id) VALUES (2)") }
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `refuses work of a task that is cancelled already`(engine: DatabaseEngine) async throws {
        try await Self.with(engine) { store in
            let task = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                _ = try await store.database.write { sql in try sql.execute("INSERT INTO notes (id) VALUES (1)") }
            }
            await #expect(throws: CancellationError.self) { try await task.value }
            let count = try await store.count("notes")
            #expect(count == 0)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `keeps its deadline also while another process holds a lock`(engine: DatabaseEngine) async throws {
        try await Self.with(engine) { store in
            let other = try DatabaseURL(store.url).open(create: false, logger: TestDatabase.logger)
            let release = DispatchSemaphore(value: 0)
            let (begun, continuation) = AsyncStream.makeStream(of: Void.self)
            let holder = Task {
                try await other.write(deadline: .seconds(60)) { sql in
                    try sql.execute("INSERT INTO notes (id) VALUES (1)")
                    continuation.yield()
                    continuation.finish()
                    release.wait()
                }
            }
            for await _ in begun {}
            let start = ContinuousClock.now
            let error = await #expect(throws: StorageError.self) {
                // The same key: PostgreSQL waits for the other's end as well.
                try await store.database.write(deadline: .milliseconds(200)) { sql in
                    _ = try sql.execute("INSERT INTO notes (id) VALUES (1)")
                }
            }
            #expect(error?.code == .timedOut)
            // GRDB would wait for ten seconds.
            #expect(ContinuousClock.now - start < .seconds(8))
            release.signal()
            try await holder.value
            _ = try await store.database.write { sql in try sql.execute("INSERT INTO notes (id) VALUES (2)") }
            #expect(try await store.count("notes") == 2)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `lets many read while one writes, and shows them what was before`(engine: DatabaseEngine) async throws {
        try await Self.with(engine) { store in
            try await store.shell("INSERT INTO notes (id, note) VALUES (1, 'before')")
            let release = DispatchSemaphore(value: 0)
            let (begun, continuation) = AsyncStream.makeStream(of: Void.self)
            let writer = Task {
                try await store.database.write(deadline: .seconds(60)) { sql in
                    try sql.execute("UPDATE notes SET note = 'after'")
                    continuation.yield()
                    continuation.finish()
                    release.wait()
                }
            }
            for await _ in begun {}
            let notes = try await withThrowingTaskGroup(of: String?.self) { group in
                for _ in 0..<20 {
                    group.addTask {
                        try await store.database.read(deadline: .seconds(30)) { sql in
                            try sql.first("SELECT note FROM notes") { try $0.text(0) }
                        }
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            release.signal()
            try await writer.value
            #expect(notes == Array(repeating: "before", count: 20))
            let after = try await store.database.read { try $0.first("SELECT note FROM notes") { try $0.text(0) } }
            #expect(after == "after")
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `does one write after another, none lost`(engine: DatabaseEngine) async throws {
        try await Self.with(engine) { store in
            try await store.shell("INSERT INTO notes (id, note) VALUES (1, '0')")
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<40 {
                    group.addTask {
                        _ = try await store.database.write(deadline: .seconds(60)) { sql in
                            try sql.execute(
                                "UPDATE notes SET note = CAST(CAST(note AS integer) + 1 AS text) WHERE id = 1")
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await store.shell("SELECT note FROM notes") == "40")
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `counts the rows that a statement changed`(engine: DatabaseEngine) async throws {
        try await Self.with(engine) { store in
            let counts = try await store.database.write { sql in
                [
                    try sql.execute("INSERT INTO notes (id) VALUES (1), (2), (3)"),
                    try sql.execute("UPDATE notes SET note = 'x' WHERE id > 1"),
                    try sql.execute("UPDATE notes SET note = 'x' WHERE id > 10"),
                    try sql.execute("DELETE FROM notes"),
                ]
            }
            #expect(counts == [3, 2, 0, 3])
        }
    }

    @Test func `in SQLite that is not there is missing, with one line that says how to make it`() throws {
        let path = TemporaryFolder.unique("nowhere").appending(path: "quran.sqlite").path
        let error = #expect(throws: StorageError.self) {
            try DatabaseURL("sqlite:\(path)").open(create: false, logger: TestDatabase.logger)
        }
        #expect(error?.code == .missing)
        #expect(error?.description == "there is no store at \(path); make one with: quran migrate && quran seed")
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test func `in SQLite that is another file is not opened`() throws {
        let file = TemporaryFolder.unique("text.sqlite")
        let bytes = Data(String(repeating: "not a database ", count: 1000).utf8)
        try bytes.write(to: file)
        let error = #expect(throws: StorageError.self) {
            try DatabaseURL("sqlite:\(file.path)").open(create: true, logger: TestDatabase.logger)
        }
        #expect(error?.code == .unavailable)
        #expect(try Data(contentsOf: file) == bytes)
    }

    @Test func `in PostgreSQL that is not there is unavailable, and says no password`() async throws {
        let database = try DatabaseURL("postgres://someone:secret@127.0.0.1:1/nowhere?connect_timeout=5")
            .open(create: false, logger: TestDatabase.logger)
        let error = await #expect(throws: StorageError.self) {
            try await database.read(deadline: .seconds(30)) { _ in 1 }
        }
        #expect(error?.code == .unavailable)
        #expect(error?.description.contains("secret") == false)
    }
}
