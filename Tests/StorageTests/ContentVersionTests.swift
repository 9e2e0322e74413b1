import Foundation
import Quran
import Storage
import TestSupport
import Testing

/// A change by plain SQL, and the tags whose versions it must move: these and no others.
struct Change: Sendable {
    let sql: String
    let tags: Set<String>
    /// `nil` if every engine takes it.
    let engine: DatabaseEngine?

    init(_ sql: String, _ tags: Set<String>, only engine: DatabaseEngine? = nil) {
        self.sql = sql
        self.tags = tags
        self.engine = engine
    }
}

/// A watched table and changes to it, in an order in which they work on the rows of ``SmallRows``.
struct WatchedTable: Sendable, CustomTestStringConvertible {
    let name: String
    let changes: [Change]
    var testDescription: String { name }

    static let all: [WatchedTable] = [
        WatchedTable(
            name: "surahs",
            changes: [
                Change("INSERT INTO surahs VALUES (4, 'a', 't', 'e', 'meccan', 4, 1, 1)", ["surahs", "surah:4"]),
                Change(
                    "INSERT INTO surahs SELECT number + 4, 'a', 't', 'e', 'meccan', 4, 1, 1 FROM surahs WHERE number < 3",
                    ["surahs", "surah:5", "surah:6"]),
                Change("UPDATE surahs SET name_english = 'new' WHERE number = 2", ["surahs", "surah:2"]),
                Change("UPDATE surahs SET name_english = name_english WHERE number = 2", ["surahs", "surah:2"]),
                Change(
                    "UPDATE surahs SET name_english = 'x' WHERE number IN (1, 3)", ["surahs", "surah:1", "surah:3"]),
                Change("UPDATE surahs SET number = 100 WHERE number = 6", ["surahs", "surah:6", "surah:100"]),
                Change("UPDATE surahs SET name_english = 'new' WHERE number = 77", []),
                Change("DELETE FROM surahs WHERE number = 77", []),
                Change("INSERT INTO surahs SELECT * FROM surahs WHERE number = 77", []),
                Change(
                    """
                    INSERT INTO surahs VALUES (2, 'a', 't', 'upsert', 'meccan', 4, 1, 1)
                    ON CONFLICT (number) DO UPDATE SET name_english = excluded.name_english
                    """, ["surahs", "surah:2"]),
                Change(
                    """
                    INSERT INTO surahs VALUES (3, 'a', 't', 'e', 'meccan', 4, 1, 1), (7, 'a', 't', 'e', 'meccan', 4, 1, 1)
                    ON CONFLICT (number) DO UPDATE SET name_english = excluded.name_english
                    """, ["surahs", "surah:3", "surah:7"]),
                Change(
                    """
                    INSERT INTO surahs VALUES (2, 'a', 't', 'nothing', 'meccan', 4, 1, 1)
                    ON CONFLICT (number) DO NOTHING
                    """, []),
                Change(
                    "INSERT OR REPLACE INTO surahs VALUES (2, 'a', 't', 'r', 'meccan', 4, 1, 1)",
                    ["surahs", "surah:2"],
                    only: .sqlite),
                Change(
                    "REPLACE INTO surahs SELECT * FROM surahs WHERE number = 3", ["surahs", "surah:3"], only: .sqlite),
                Change("INSERT OR IGNORE INTO surahs VALUES (2, 'a', 't', 'i', 'meccan', 4, 1, 1)", [], only: .sqlite),
                Change(
                    """
                    INSERT OR IGNORE INTO surahs VALUES (2, 'a', 't', 'i', 'meccan', 4, 1, 1),
                        (8, 'a', 't', 'i', 'meccan', 4, 1, 1)
                    """, ["surahs", "surah:8"], only: .sqlite),
                Change(
                    "UPDATE OR REPLACE surahs SET number = 8 WHERE number = 7", ["surahs", "surah:7", "surah:8"],
                    only: .sqlite),
                Change("UPDATE OR IGNORE surahs SET number = 8 WHERE number = 5", [], only: .sqlite),
                Change("DELETE FROM surahs WHERE number = 100", ["surahs", "surah:100"]),
                Change(
                    """
                    MERGE INTO surahs USING (VALUES (2), (9)) AS new (number) ON surahs.number = new.number
                    WHEN MATCHED THEN UPDATE SET name_english = 'merged'
                    WHEN NOT MATCHED THEN INSERT VALUES (new.number, 'a', 't', 'e', 'meccan', 4, 1, 1)
                    """, ["surahs", "surah:2", "surah:9"], only: .postgres),
                Change(
                    "WITH gone AS (DELETE FROM surahs WHERE number = 9 RETURNING *) SELECT 1 FROM gone",
                    ["surahs", "surah:9"], only: .postgres),
                Change(
                    "DELETE FROM surahs WHERE number > 3",
                    ["surahs", "surah:4", "surah:5", "surah:8"], only: .sqlite),
                Change(
                    "DELETE FROM surahs WHERE number > 3",
                    ["surahs", "surah:4", "surah:5", "surah:7"], only: .postgres),
                Change("DELETE FROM surahs", ["surahs", "surah:1", "surah:2", "surah:3"], only: .sqlite),
                // No row says any more which ones there were: all that ever had a version.
                Change(
                    "TRUNCATE surahs",
                    Set([1, 2, 3, 4, 5, 6, 7, 9, 100].map { "surah:\($0)" } + ["surahs"]), only: .postgres),
            ]),
        WatchedTable(
            name: "divisions",
            changes: [
                Change(
                    "INSERT INTO divisions VALUES ('juz', 's', 1, 3, '3:1'), ('juz', 's', 1, 4, '4:1')", ["structure"]),
                Change("UPDATE divisions SET first_ayah = '2:2' WHERE number = 2", ["structure"]),
                Change("UPDATE divisions SET number = 9 WHERE number = 4", ["structure"]),
                Change("UPDATE divisions SET number = 10 WHERE number = 77", []),
                Change(
                    """
                    INSERT INTO divisions VALUES ('juz', 's', 1, 1, '1:1')
                    ON CONFLICT (kind, scheme, number) DO UPDATE SET first_ayah = excluded.first_ayah
                    """, ["structure"]),
                Change(
                    "INSERT OR REPLACE INTO divisions VALUES ('juz', 's', 1, 1, '1:1')", ["structure"], only: .sqlite),
                Change("INSERT OR IGNORE INTO divisions VALUES ('juz', 's', 1, 1, '1:2')", [], only: .sqlite),
                Change("DELETE FROM divisions WHERE number = 3", ["structure"]),
                Change("DELETE FROM divisions WHERE number = 77", []),
                Change("TRUNCATE divisions", ["structure"], only: .postgres),
                Change("DELETE FROM divisions", ["structure"], only: .sqlite),
            ]),
        WatchedTable(
            name: "sajdas",
            changes: [
                Change("INSERT INTO sajdas VALUES (2, '13:15', 'recommended', 's')", ["structure"]),
                Change("UPDATE sajdas SET kind = 'obligatory' WHERE number = 1", ["structure"]),
                Change("UPDATE sajdas SET kind = 'obligatory' WHERE number = 77", []),
                Change(
                    "INSERT OR REPLACE INTO sajdas VALUES (2, '13:16', 'recommended', 's')", ["structure"],
                    only: .sqlite),
                Change("DELETE FROM sajdas WHERE number = 1", ["structure"]),
                Change("TRUNCATE sajdas", ["structure"], only: .postgres),
            ]),
        WatchedTable(
            name: "editions",
            changes: [
                Change(SmallRows.edition("new", "tafsir"), ["editions", "tafsir:new"]),
                Change("UPDATE editions SET name = 'n' WHERE id = 'q'", ["editions", "quran:q"]),
                Change(
                    "UPDATE editions SET name = 'n'",
                    ["editions", "quran:q", "translation:t", "tafsir:f", "tafsir:new"]),
                Change("UPDATE editions SET name = 'n' WHERE id = 'x'", []),
                Change(
                    "UPDATE editions SET id = 'newer' WHERE id = 'new'", ["editions", "tafsir:new", "tafsir:newer"]),
                Change(
                    "UPDATE editions SET kind = 'translation' WHERE id = 'newer'",
                    ["editions", "tafsir:newer", "translation:newer"]),
                Change(
                    SmallRows.edition("newer", "tafsir") + " ON CONFLICT (id) DO UPDATE SET kind = excluded.kind",
                    ["editions", "tafsir:newer", "translation:newer"]),
                // What was replaced without a trace was of another kind.
                Change(
                    SmallRows.edition("newer", "translation").replacing("INSERT", with: "INSERT OR REPLACE"),
                    ["editions", "tafsir:newer", "translation:newer"], only: .sqlite),
                Change(
                    SmallRows.edition("other", "quran"), ["editions", "quran:other"]),
                Change(
                    "UPDATE OR REPLACE editions SET id = 'other' WHERE id = 'newer'",
                    ["editions", "quran:other", "translation:newer", "translation:other"], only: .sqlite),
                Change("DELETE FROM editions WHERE id = 'other'", ["editions", "translation:other"], only: .sqlite),
                Change("DELETE FROM editions WHERE id = 'other'", ["editions", "quran:other"], only: .postgres),
                // Takes its texts along.
                Change(
                    "PRAGMA foreign_keys = ON; DELETE FROM editions WHERE id = 't'", ["editions", "translation:t"],
                    only: .sqlite),
                Change("DELETE FROM editions WHERE id = 't'", ["editions", "translation:t"], only: .postgres),
                Change(
                    "TRUNCATE editions CASCADE",
                    [
                        "editions", "quran:q", "translation:t", "tafsir:f", "tafsir:new", "tafsir:newer",
                        "translation:newer", "quran:other",
                    ], only: .postgres),
            ]),
        WatchedTable(
            name: "edition_contents",
            changes: [
                Change(
                    "UPDATE edition_contents SET sha256 = 'other' WHERE edition = 'q'", ["editions", "quran:q"]),
                Change("UPDATE edition_contents SET sha256 = 'other' WHERE edition = 'x'", []),
                Change("DELETE FROM edition_contents WHERE edition = 'f'", ["editions", "tafsir:f"]),
                Change(
                    "UPDATE edition_contents SET edition = 'f' WHERE edition = 't'",
                    ["editions", "tafsir:f", "translation:t"]),
                Change(
                    "INSERT INTO edition_contents VALUES ('t', 'file', 'hash', 1, NULL, 'now')",
                    ["editions", "translation:t"]),
                Change(
                    """
                    INSERT INTO edition_contents VALUES ('t', 'file', 'hash', 1, NULL, 'now')
                    ON CONFLICT (edition) DO UPDATE SET sha256 = excluded.sha256
                    """, ["editions", "translation:t"]),
                Change(
                    "INSERT OR REPLACE INTO edition_contents VALUES ('t', 'file', 'hash', 1, NULL, 'now')",
                    ["editions", "translation:t"], only: .sqlite),
                Change(
                    "TRUNCATE edition_contents", ["editions", "quran:q", "tafsir:f", "translation:t"], only: .postgres),
            ]),
        WatchedTable(
            name: "ayah_texts",
            changes: [
                Change("UPDATE ayah_texts SET text = 'new' WHERE edition = 'q' AND ayah = 1", ["quran:q"]),
                Change("UPDATE ayah_texts SET text = 'new' WHERE ayah = 1", ["quran:q", "translation:t", "tafsir:f"]),
                Change("UPDATE ayah_texts SET text = 'new' WHERE ayah = 77", []),
                Change(
                    "INSERT INTO ayah_texts VALUES ('t', 3, 'a'), ('t', 4, 'b'), ('f', 3, 'c')",
                    ["translation:t", "tafsir:f"]),
                Change(
                    "UPDATE ayah_texts SET edition = 'f' WHERE edition = 't' AND ayah = 4",
                    ["translation:t", "tafsir:f"]),
                Change("UPDATE ayah_texts SET ayah = 5 WHERE edition = 'f' AND ayah = 4", ["tafsir:f"]),
                Change(
                    """
                    INSERT INTO ayah_texts VALUES ('q', 1, 'upsert'), ('q', 3, 'new')
                    ON CONFLICT (edition, ayah) DO UPDATE SET text = excluded.text
                    """, ["quran:q"]),
                Change("INSERT OR REPLACE INTO ayah_texts VALUES ('q', 1, 'r')", ["quran:q"], only: .sqlite),
                Change("INSERT OR IGNORE INTO ayah_texts VALUES ('q', 1, 'i')", [], only: .sqlite),
                Change(
                    "UPDATE OR REPLACE ayah_texts SET edition = 'q' WHERE edition = 't' AND ayah = 1",
                    ["quran:q", "translation:t"], only: .sqlite),
                Change("DELETE FROM ayah_texts WHERE edition = 'f'", ["tafsir:f"]),
                Change("DELETE FROM ayah_texts WHERE edition = 'f'", []),
                Change("TRUNCATE ayah_texts", ["quran:q", "translation:t", "tafsir:f"], only: .postgres),
            ]),
        WatchedTable(
            name: "basmalas",
            changes: [
                Change("UPDATE basmalas SET text = 'new' WHERE surah = 2", ["quran:q"]),
                Change("UPDATE basmalas SET text = 'new' WHERE surah = 77", []),
                Change("INSERT INTO basmalas VALUES ('q', 3, 'b'), ('q', 4, 'b')", ["quran:q"]),
                Change("UPDATE basmalas SET edition = 't' WHERE surah = 4", ["quran:q", "translation:t"]),
                Change("INSERT OR REPLACE INTO basmalas VALUES ('q', 3, 'c')", ["quran:q"], only: .sqlite),
                Change("DELETE FROM basmalas WHERE surah = 3", ["quran:q"]),
                Change("DELETE FROM basmalas WHERE surah = 4", ["translation:t"]),
                Change("TRUNCATE basmalas", ["quran:q", "translation:t", "tafsir:f"], only: .postgres),
            ]),
        WatchedTable(
            name: "reciters",
            changes: [
                Change(SmallRows.reciter("c"), ["reciters", "reciter:c"]),
                Change("UPDATE reciters SET name_english = 'n' WHERE id = 'a'", ["reciters", "reciter:a"]),
                Change("UPDATE reciters SET name_english = 'n' WHERE id = 'x'", []),
                Change("UPDATE reciters SET id = 'd' WHERE id = 'c'", ["reciters", "reciter:c", "reciter:d"]),
                Change(
                    SmallRows.reciter("a") + " ON CONFLICT (id) DO UPDATE SET name_english = excluded.name_english",
                    ["reciters", "reciter:a"]),
                Change(
                    SmallRows.reciter("a").replacing("INSERT", with: "INSERT OR REPLACE"), ["reciters", "reciter:a"],
                    only: .sqlite),
                Change("DELETE FROM reciters WHERE id = 'd'", ["reciters", "reciter:d"]),
                Change(
                    "TRUNCATE reciters", ["reciters", "reciter:a", "reciter:b", "reciter:c", "reciter:d"],
                    only: .postgres),
            ]),
    ]
}

/// A few rows in each table: surahs 1 to 3, editions q, t and f with two ayahs each, reciters a and b.
enum SmallRows {
    static func edition(_ id: String, _ kind: String) -> String {
        """
        INSERT INTO editions (id, kind, name, language, direction, licence, redistributable, source, attribution)
        VALUES ('\(id)', '\(kind)', 'name', 'ar', 'rtl', 'unknown', 'yes', 'test', 'test')
        """
    }

    static func reciter(_ id: String) -> String {
        """
        INSERT INTO reciters VALUES ('\(id)', 'name', 'name', 'murattal', 'hafs', 'ayah', 'test',
            'https://example.org/{s}', NULL, '[]', NULL)
        """
    }

    static func insert(_ store: TestDatabase) async throws {
        try await store.shell(
            """
            INSERT INTO surahs VALUES (1, 'a', 't', 'e', 'meccan', 1, 7, 0), (2, 'a', 't', 'e', 'meccan', 2, 7, 1),
                (3, 'a', 't', 'e', 'meccan', 3, 7, 1);
            INSERT INTO divisions VALUES ('juz', 's', 1, 1, '1:1'), ('juz', 's', 1, 2, '2:1');
            INSERT INTO sajdas VALUES (1, '7:206', 'recommended', 's');
            \(edition("q", "quran")); \(edition("t", "translation")); \(edition("f", "tafsir"));
            INSERT INTO edition_contents VALUES ('q', 'file', 'hash', 1, NULL, 'now'),
                ('t', 'file', 'hash', 1, NULL, 'now'), ('f', 'file', 'hash', 1, NULL, 'now');
            INSERT INTO ayah_texts VALUES ('q', 1, 'x'), ('q', 2, 'x'), ('t', 1, 'x'), ('t', 2, 'x'), ('f', 1, 'x'),
                ('f', 2, 'x');
            INSERT INTO basmalas VALUES ('q', 2, 'b');
            \(reciter("a")); \(reciter("b"));
            """)
    }
}

@Suite struct `Versions of content` {
    @Test(arguments: DatabaseEngine.allCases, WatchedTable.all)
    func `move with every change by plain SQL, in its transaction, for exactly the tags that it touches`(
        engine: DatabaseEngine, table: WatchedTable
    ) async throws {
        try await TestDatabase.with(engine) { store in
            try await SmallRows.insert(store)
            for change in table.changes where change.engine ?? engine == engine {
                let before = try await store.versions()
                // First taken back: nothing moves.
                if !change.sql.hasPrefix("PRAGMA") {
                    try await store.shell("BEGIN; \(change.sql); ROLLBACK")
                    #expect(try await store.versions() == before, "\(change.sql)")
                }
                try await store.shell(change.sql)
                #expect(moved(before, try await store.versions()) == change.tags, "\(change.sql)")
            }
        }
    }

    @Test(arguments: DatabaseEngine.allCases, WatchedTable.all)
    func `are seen together with the change, and not before`(
        engine: DatabaseEngine, table: WatchedTable
    ) async throws {
        let change = try #require(table.changes.first { $0.engine == nil && !$0.tags.isEmpty })
        try await TestDatabase.with(engine) { store in
            try await SmallRows.insert(store)
            let before = try await store.versions()
            let rows = "SELECT * FROM \(table.name) ORDER BY 1, 2"
            let versionsBefore = try await store.shell(TestDatabase.versionsQuery)
            let rowsBefore = try await store.shell(rows)
            try await store.database.write(deadline: .seconds(60)) { sql in
                try sql.execute(script: change.sql)
                let own = try sql.all("SELECT tag, version FROM content_versions WHERE tag NOT LIKE 'store:%'") { row in
                    (try row.text(0), try row.int(1))
                }
                #expect(moved(before, Dictionary(uniqueKeysWithValues: own)) == change.tags)
                #expect(try store.shellNow(TestDatabase.versionsQuery) == versionsBefore)
                #expect(try store.shellNow(rows) == rowsBefore)
            }
            #expect(moved(before, try await store.versions()) == change.tags)
            #expect(try await store.shell(rows) != rowsBefore)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `start at 1 and grow by every change`(engine: DatabaseEngine) async throws {
        try await TestDatabase.with(engine) { store in
            #expect(try await store.versions().isEmpty)
            try await store.shell(SmallRows.reciter("a"))
            #expect(try await store.versions() == ["reciter:a": 1, "reciters": 1])
            for version in 2...5 {
                try await store.shell("UPDATE reciters SET name_english = 'name \(version)'")
                #expect(try await store.versions() == ["reciter:a": version, "reciters": version])
            }
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `of a tag that was deleted go on where they were`(engine: DatabaseEngine) async throws {
        try await TestDatabase.with(engine) { store in
            try await store.shell("\(SmallRows.reciter("a")); DELETE FROM reciters; \(SmallRows.reciter("a"))")
            #expect(try await store.versions() == ["reciter:a": 3, "reciters": 3])
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `move for a whole import, by the engine's own way to load rows`(engine: DatabaseEngine) async throws {
        let file = TemporaryFolder.unique("rows")
        try Data("q\t10\ttext\nt\t10\ttext\n".utf8).write(to: file)
        try await TestDatabase.with(engine) { store in
            try await SmallRows.insert(store)
            let before = try await store.versions()
            switch engine {
            case .sqlite:
                try await run(
                    "sqlite3",
                    [
                        "-cmd", ".mode tabs", String(store.url.dropFirst("sqlite:".count)),
                        ".import \(file.path) ayah_texts",
                    ])
            case .postgres:
                try await run(
                    TestDatabase.psqlProgram,
                    ["-v", "ON_ERROR_STOP=1", "-c", "\\copy ayah_texts FROM '\(file.path)'", store.url])
            }
            #expect(moved(before, try await store.versions()) == ["quran:q", "translation:t"])
        }
    }

    // MARK: SQLite

    @Test func `on SQLite have a sequence that is unique and grows with every change`() async throws {
        try await TestDatabase.with(.sqlite) { store in
            try await SmallRows.insert(store)
            var highest = try #require(Int(try await store.shell("SELECT max(sequence) FROM content_versions")))
            for change in WatchedTable.all.flatMap(\.changes) where change.engine == nil && !change.tags.isEmpty {
                try await store.shell(change.sql)
                let lines = try await store.shell(
                    "SELECT sequence || '=' || tag FROM content_versions ORDER BY sequence")
                let rows = lines.split(separator: "\n").map { $0.split(separator: "=") }
                let sequences = rows.compactMap { Int($0[0]) }
                #expect(Set(sequences).count == rows.count)
                let new = Set(rows.filter { (Int($0[0]) ?? 0) > highest }.map { String($0[1]) })
                #expect(new == change.tags, "\(change.sql)")
                highest = try #require(sequences.last)
            }
        }
    }

    // MARK: PostgreSQL

    @Test func `on PostgreSQL go up by one for a statement, however many rows it has`() async throws {
        try await TestDatabase.with(.postgres) { store in
            try await store.shell(SmallRows.edition("q", "quran"))
            var version = try await store.versions()["quran:q"] ?? 0
            for statement in [
                "INSERT INTO ayah_texts SELECT 'q', number, 'text' FROM generate_series(1, 6236) AS number",
                "UPDATE ayah_texts SET text = text || '.'",
                "UPDATE ayah_texts SET edition = 'q' WHERE ayah > 3000",
                """
                INSERT INTO ayah_texts SELECT 'q', number, 'text' FROM generate_series(1, 6236) AS number
                ON CONFLICT (edition, ayah) DO UPDATE SET text = excluded.text
                """,
                "DELETE FROM ayah_texts",
            ] {
                try await store.shell(statement)
                version += 1
                #expect(try await store.versions()["quran:q"] == version, "\(statement)")
            }
        }
    }

    @Test func `on PostgreSQL carry the transaction id of the writer`() async throws {
        try await TestDatabase.with(.postgres) { store in
            try await SmallRows.insert(store)
            let (writer, tagged) = try await store.database.write { sql in
                try sql.execute("UPDATE surahs SET name_english = 'new' WHERE number = 2")
                let writer = try sql.first("SELECT CAST(CAST(pg_current_xact_id() AS text) AS bigint)") {
                    try $0.integer(0)
                }
                let tagged = try sql.all(
                    "SELECT tag, CAST(CAST(xid AS text) AS bigint) FROM content_versions WHERE tag LIKE 'surah%'"
                ) { (try $0.text(0), try $0.integer(1)) }
                return (writer, tagged)
            }
            let ids = Dictionary(uniqueKeysWithValues: tagged)
            #expect(ids["surah:2"] == writer)
            #expect(ids["surahs"] == writer)
            #expect((ids["surah:1"] ?? .max) < (writer ?? 0))
        }
    }

    @Test func `on PostgreSQL are found by a poll that starts before a writer that commits late`() async throws {
        try await TestDatabase.with(.postgres) { store in
            try await SmallRows.insert(store)
            let other = try DatabaseURL(store.url).open(create: false, logger: TestDatabase.logger)
            let position = "SELECT CAST(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS text) AS bigint)"
            let start = try await store.database.write { early in
                // An early transaction id that commits after a later one, and a poll in between.
                try early.execute("UPDATE surahs SET name_english = 'early' WHERE number = 1")
                try store.shellNow("UPDATE reciters SET name_english = 'late' WHERE id = 'a'")
                return Int64(try store.shellNow(position)) ?? 0
            }
            let tags = try await other.read { sql in
                try sql.all("SELECT tag FROM content_versions WHERE CAST(CAST(xid AS text) AS bigint) >= \(Int(start))")
                {
                    try $0.text(0)
                }
            }
            #expect(Set(tags).isSuperset(of: ["surah:1", "surahs"]))
        }
    }

    @Test func `on PostgreSQL do not lock out two statements that touch the same tags in another order`() async throws {
        try await TestDatabase.with(.postgres) { store in
            try await SmallRows.insert(store)
            try await store.shell(
                """
                INSERT INTO ayah_texts SELECT edition, ayah, 'x'
                FROM unnest(ARRAY['q', 't', 'f']) AS edition, generate_series(11, 1000) AS ayah
                """)
            // The same tags from different rows, in opposite orders; statements that move rows from one tag to another,
            // too.
            let statements = [
                "UPDATE ayah_texts SET text = 'a' WHERE (edition, ayah) IN (SELECT edition, ayah FROM ayah_texts WHERE ayah BETWEEN 100 AND 200 ORDER BY edition)",
                "UPDATE ayah_texts SET text = 'b' WHERE (edition, ayah) IN (SELECT edition, ayah FROM ayah_texts WHERE ayah BETWEEN 300 AND 400 ORDER BY edition DESC)",
                "UPDATE ayah_texts SET edition = 'f', ayah = ayah + 1000 WHERE edition = 't' AND ayah = 500",
                "UPDATE ayah_texts SET edition = 't', ayah = ayah + 1000 WHERE edition = 'f' AND ayah = 600",
            ]
            let before = try await store.versions()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (index, statement) in statements.enumerated() {
                    group.addTask {
                        let database = try DatabaseURL(store.url).open(create: false, logger: TestDatabase.logger)
                        for round in 0..<50 {
                            // Back again every second time, so that there is always a row to move.
                            let isMove = index > 1
                            let (from, to) = index == 2 ? ("t", "f") : ("f", "t")
                            let ayah = index == 2 ? 500 : 600
                            let sql =
                                isMove && round % 2 == 1
                                ? "UPDATE ayah_texts SET edition = '\(from)', ayah = \(ayah) WHERE edition = '\(to)' AND ayah = \(ayah + 1000)"
                                : statement
                            try await database.write(deadline: .seconds(60)) { try $0.execute(script: sql) }
                        }
                    }
                }
                try await group.waitForAll()
            }
            let after = try await store.versions()
            #expect(after["quran:q"] == (before["quran:q"] ?? 0) + 100)
            #expect(after["translation:t"] == (before["translation:t"] ?? 0) + 200)
            #expect(after["tafsir:f"] == (before["tafsir:f"] ?? 0) + 200)
        }
    }

    @Test(arguments: ["pg_catalog", "elsewhere", "elsewhere, public", "''"])
    func `on PostgreSQL move whatever the writer's search path is`(path: String) async throws {
        try await TestDatabase.with(.postgres) { store in
            try await SmallRows.insert(store)
            // Tables of the same names where the writer's path leads.
            try await store.shell(
                """
                CREATE SCHEMA elsewhere; CREATE TABLE elsewhere.content_versions (LIKE public.content_versions);
                CREATE TABLE elsewhere.editions (LIKE public.editions);
                """)
            for table in WatchedTable.all {
                let change = try #require(table.changes.first { $0.engine == nil && $0.sql.hasPrefix("UPDATE") })
                let before = try await store.versions()
                let sql = change.sql.replacing("UPDATE \(table.name)", with: "UPDATE public.\(table.name)")
                try await store.shell("SET search_path = \(path); \(sql)")
                let found = moved(before, try await store.versions())
                #expect(!found.isEmpty)
                #expect(found == change.tags, "\(sql)")
            }
            try await store.shell("SET search_path = \(path); TRUNCATE public.reciters")
            #expect(try await store.count("elsewhere.content_versions") == 0)
        }
    }
}
