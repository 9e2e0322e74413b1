import Foundation
import Quran
import Storage
import TestSupport
import Testing

/// The search index follows the texts, whoever changes them.
@Suite(.timeLimit(.minutes(20))) struct `The search index` {
    private static func store(
        _ engine: DatabaseEngine, _ test: @escaping @Sendable (TestDatabase, [Edition]) async throws -> Void
    ) async throws {
        try await TestDatabase.with(engine, holding: .small) { store in
            try await test(store, try await SearchQueries.editions(of: store))
        }
    }

    /// Corrects a text as an editor does, who lets the index follow in the same transaction.
    private static func edit(_ ayah: Int, of edition: String, to text: String, _ store: TestDatabase) async throws {
        try await store.database.write { [engine = store.database.engine] sql in
            let index = SearchIndex(engine, sql)
            let change = try index.lastChange()
            try sql.execute("UPDATE ayah_texts SET text = \(text) WHERE edition = \(edition) AND ayah = \(ayah)")
            try index.follow(after: change, atMost: 10)
        }
    }

    /// What is found once the index is up to date.
    private static func found(_ text: String, _ store: TestDatabase, _ editions: [Edition]) async throws -> [String] {
        let query = try SearchQuery(text)
        while true {
            do {
                return try await `A search`.search(query, store, editions).map {
                    "\(editions[$0.edition].id) \($0.ayah)"
                }
            } catch SearchIndexError.outdated {
                try await store.database.updateSearchIndex(atMost: SearchIndex.batch)
            }
        }
    }

    private static func isCurrent(_ store: TestDatabase) async throws -> Bool {
        let version = SearchFolding.version
        return try await (store.count("search_pending"), store.shell("SELECT version FROM search_index"))
            == (0, "\(version)")
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `is there after a seed`(engine: DatabaseEngine) async throws {
        try await Self.store(engine) { store, editions in
            let isCurrent = try await Self.isCurrent(store)
            #expect(isCurrent)
            let hits = try await `A search`.search(SearchQuery("sample "), store, editions)
            #expect(hits.count > 100)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `follows what is typed into the engine's own shell`(engine: DatabaseEngine) async throws {
        try await Self.store(engine) { store, editions in
            let before = try await store.versions()
            let id = "en.pickthall"
            try await store.shell(
                "UPDATE ayah_texts SET text = 'A Unicorn''s horn' WHERE edition = '\(id)' AND ayah = 7")
            await #expect(throws: SearchIndexError.outdated) {
                try await `A search`.search(try SearchQuery("unicorn "), store, editions)
            }
            #expect(try await Self.found("unicorns ", store, editions) == ["\(id) 7"])
            #expect(moved(before, try await store.versions()) == ["translation:\(id)"])
            let indexed = try await store.versions()
            try await store.shell("UPDATE ayah_texts SET text = 'Another' WHERE edition = '\(id)' AND ayah = 7")
            #expect(try await Self.found("unicorns ", store, editions) == [])
            try await store.shell("DELETE FROM ayah_texts WHERE edition = '\(id)' AND ayah = 7")
            #expect(try await Self.found("another ", store, editions) == [])
            try await store.shell("INSERT INTO ayah_texts (edition, ayah, text) VALUES ('\(id)', 7, 'Unicorns again')")
            #expect(try await Self.found("unicorns ", store, editions) == ["\(id) 7"])
            try await store.shell("DELETE FROM ayah_texts WHERE edition = '\(id)' AND ayah = 8")
            try await store.shell("UPDATE ayah_texts SET ayah = 8 WHERE edition = '\(id)' AND ayah = 7")
            #expect(try await Self.found("unicorns ", store, editions) == ["\(id) 8"])
            #expect(moved(indexed, try await store.versions()) == ["translation:\(id)"])
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `is empty of an edition that is deleted, and of texts that are truncated`(engine: DatabaseEngine) async throws
    {
        try await Self.store(engine) { store, editions in
            #expect(try await !Self.found("sample ", store, editions).isEmpty)
            let foreignKeys = engine == .sqlite ? "PRAGMA foreign_keys = ON;" : ""
            try await store.shell("\(foreignKeys) DELETE FROM editions WHERE id = 'en.pickthall'")
            #expect(try await Self.found("sample ", store, editions).allSatisfy { !$0.hasPrefix("en.pickthall") })
            try await store.shell(engine == .sqlite ? "DELETE FROM ayah_texts" : "TRUNCATE ayah_texts")
            #expect(try await Self.found("sample ", store, editions) == [])
            #expect(try await Self.found("ا*", store, editions) == [])
            #expect(try await store.count("search_texts") == 0)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `is made anew for another folding, and not for an older program`(engine: DatabaseEngine) async throws {
        try await Self.store(engine) { store, editions in
            let query = try SearchQuery("sample quoted ")
            let hits = try await `A search`.search(query, store, editions)
            try await store.shell("DELETE FROM search_texts; UPDATE search_index SET version = 0")
            #expect(try await Self.found("sample quoted ", store, editions).count == hits.count)
            #expect(try await `A search`.search(query, store, editions) == hits)
            try await store.shell("UPDATE search_index SET version = 1000")
            let rows = try await store.count("search_texts")
            await #expect(throws: SearchIndexError.newer) { try await `A search`.search(query, store, editions) }
            #expect(try await store.database.updateSearchIndex(atMost: 1).isDone)
            #expect(try await store.count("search_texts") == rows)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `is brought up to date by several at once, and after one that gave up`(engine: DatabaseEngine) async throws {
        try await Self.store(engine) { store, editions in
            let other = try DatabaseURL(store.url).open(create: false, logger: TestDatabase.logger)
            let id = "en.pickthall"
            try await store.shell(
                "UPDATE ayah_texts SET text = 'griffin ' || ayah WHERE edition = '\(id)' AND ayah <= 600")
            await #expect(throws: TestFailure.self) {
                try await store.database.write(deadline: .seconds(60)) { sql -> Void in
                    try SearchIndex(engine, sql).update(atMost: 100)
                    throw TestFailure("given up")
                }
            }
            #expect(try await store.count("search_pending") == 600)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for database in [store.database, other, store.database, other] {
                    group.addTask {
                        for _ in 0..<10 where try await !database.updateSearchIndex(atMost: 40).isDone {}
                    }
                }
                group.addTask {
                    for round in 1...5 {
                        try await store.database.write(deadline: .seconds(60)) { sql -> Void in
                            try sql.execute(
                                """
                                UPDATE ayah_texts SET text = \("phoenix \(round)")
                                WHERE edition = \(id) AND ayah BETWEEN 1 AND 300
                                """)
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await Self.found("griffin ", store, editions).count == 300)
            #expect(try await Self.found("\"phoenix 5\"", store, editions).count == 300)
            #expect(try await Self.found("\"phoenix 4\"", store, editions) == [])
            #expect(try await store.count("search_texts WHERE rowid & 4095 = 0") == 3 * 6236)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `of a newer program stops neither edits nor seeds, which leave their texts noted`(engine: DatabaseEngine)
        async throws
    {
        try await Self.store(engine) { store, editions in
            try await store.shell("UPDATE search_index SET version = 1000")
            let id = "en.pickthall"
            try await Self.edit(7, of: id, to: "unicorn", store)
            #expect(try await store.count("search_pending") == 1)
            try await store.shell("DELETE FROM edition_contents WHERE edition = '\(id)'")
            try await SmallContent.shared.seed(store)
            #expect(try await store.count("search_pending") >= 6236)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `follows an edit alone, whatever else is noted`(engine: DatabaseEngine) async throws {
        try await Self.store(engine) { store, editions in
            let id = "en.pickthall"
            try await store.shell("UPDATE ayah_texts SET text = 'griffin' WHERE edition = '\(id)' AND ayah <= 600")
            try await Self.edit(700, of: id, to: "unicorn", store)
            #expect(try await store.count("search_pending") == 600)
            #expect(try await Self.found("unicorn ", store, editions) == ["\(id) 700"])
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `has words of marks and letters that nobody writes`(engine: DatabaseEngine) async throws {
        try await Self.store(engine) { store, editions in
            let id = "en.pickthall"
            let marks = [UInt32(0x610)...0x61A, 0x64B...0x65F, 0x6D6...0x6ED].joined().compactMap(Unicode.Scalar.init)
            try await store.database.write { sql in
                for (index, mark) in marks.enumerated() {
                    let text = ["ي\(mark)", "\(mark)", "ا\(mark)ء\(mark)", "ـ\(mark)", "unicorn"].joined(separator: " ")
                    try sql.execute(
                        "UPDATE ayah_texts SET text = \(text) WHERE edition = \(id) AND ayah = \(index + 1)")
                }
            }
            #expect(try await Self.found("unicorn ", store, editions).count == marks.count)
            for mark in marks {
                for text in ["ي\(mark)", "ي\(mark) ", "unicorn -ي\(mark) ", "\"unicorn ي\(mark)\"", "ـ\(mark)ي* x"] {
                    _ = try await Self.found(text, store, editions)
                }
            }
        }
    }

    @Test func `leaves out the one text that an engine refuses`() async throws {
        try await Self.store(.postgres) { store, editions in
            let id = "en.pickthall"
            try await store.shell(
                """
                ALTER TABLE search_texts ADD CHECK (NOT folded @@ 'basilisk'::tsquery);
                UPDATE ayah_texts SET text = 'griffin ' || ayah WHERE edition = '\(id)' AND ayah <= 9;
                UPDATE ayah_texts SET text = 'griffin basilisk' WHERE edition = '\(id)' AND ayah = 5
                """)
            let progress = try await store.database.updateSearchIndex(atMost: SearchIndex.batch)
            #expect(progress.isDone && progress.leftOut == ["\(id) 5"])
            #expect(try await Self.found("griffin ", store, editions).count == 8)
        }
    }

    @Test func `finds words and phrases anywhere in texts of any length, on both engines`() async throws {
        // Longer than a tsvector has positions for, one word more often than it remembers.
        let words = (0..<40_000).map { $0 % 3 == 0 ? "the" : "w\($0)" }
        let long = words.joined(separator: " ")
        let huge = (0..<300_000).map { "x\($0)" }.joined(separator: " ")
        let wide = String(repeating: "ا", count: 5000) + "ب " + String(repeating: "y", count: 70_000)
        let queries = [
            "the w38999 ", "\"the w38998\"", "\"w38998 w38999\"", "\"w38999 w38998\"", "w1 w39998 ", "the -w39998",
            "the -\"w254 the w256\"",
            "\"w254 the w256 w257 the w259\"", "the -\"w256 w254\"", "w3999*", "w1 -w2", "x1 ", "x300 x90000 ",
            "x299999 ", "\"x5 x6\"",
            String(repeating: "y", count: 200), "\"\((1200..<1216).map { words[$0] }.joined(separator: " "))\"",
        ]
        for engine in DatabaseEngine.allCases {
            try await Self.store(engine) { store, editions in
                try await store.database.write(deadline: .seconds(60)) { sql in
                    for (ayah, text) in [(1, long), (2, "the w1"), (3, huge), (4, wide)] {
                        try sql.execute(
                            "UPDATE ayah_texts SET text = \(text) WHERE edition = 'ar.jalalayn' AND ayah = \(ayah)")
                    }
                    try SearchIndex(engine, sql).update()
                }
                let tafsir = editions.filter { $0.id.name == "ar.jalalayn" }
                var texts = try await `A search`.folded(store, tafsir)
                var bytes = 0
                texts[0][2] = Array(
                    texts[0][2].prefix { word in
                        bytes += word.folded.utf8.count + 1
                        return bytes <= 1_000_000
                    })
                for text in queries {
                    let query = try SearchQuery(text)
                    let expected = `A search`.expected(query, in: texts)
                    #expect(
                        try await `A search`.search(query, store, tafsir) == expected, "\(engine) \(text.prefix(40))")
                }
            }
        }
    }
}
