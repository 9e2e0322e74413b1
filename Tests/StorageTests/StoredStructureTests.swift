import Quran
import Storage
import TestSupport
import Testing

@Suite struct `The structure in the store` {
    /// One breakage each, as an operator could do it, and what the violations must name.
    private static let breakages: [(sql: String, names: String)] = [
        ("DELETE FROM divisions WHERE kind = 'juz' AND number = 7", "juz"),
        ("DELETE FROM divisions WHERE kind = 'page' AND number = 604", "page"),
        ("DELETE FROM divisions WHERE kind = 'rub' AND number = 1 AND is_default = 1", "rub"),
        ("DELETE FROM divisions WHERE kind = 'manzil'", "manzil"),
        ("DELETE FROM divisions", "juz"),
        (
            """
            UPDATE divisions SET first_ayah = CASE number WHEN 100 THEN
                (SELECT first_ayah FROM divisions WHERE kind = 'page' AND number = 101) ELSE
                (SELECT first_ayah FROM divisions WHERE kind = 'page' AND number = 100) END
            WHERE kind = 'page' AND number IN (100, 101)
            """, "page"
        ),
        ("UPDATE divisions SET first_ayah = '1:2' WHERE kind = 'juz' AND number = 1", "1:1"),
        ("UPDATE divisions SET first_ayah = '2:287' WHERE kind = 'ruku' AND number = 30", "2:287"),
        ("UPDATE divisions SET first_ayah = '115:1' WHERE kind = 'ruku' AND number = 30", "115:1"),
        ("UPDATE divisions SET first_ayah = 'here' WHERE kind = 'ruku' AND number = 30", "here"),
        ("UPDATE divisions SET first_ayah = '2:2' WHERE kind = 'manzil' AND number = 2", "manzil"),
        ("UPDATE divisions SET first_ayah = '2:76' WHERE kind = 'hizb' AND number = 2", "hizb"),
        ("UPDATE divisions SET number = 605 WHERE kind = 'page' AND number = 604", "604"),
        ("INSERT INTO divisions VALUES ('juz', 'another', 1, 1, '1:1')", "juz"),
        ("UPDATE divisions SET is_default = 0 WHERE kind = 'juz'", "default"),
        (
            "INSERT INTO divisions SELECT kind, scheme, is_default, 31, '114:1' FROM divisions WHERE kind = 'juz' AND number = 1",
            "31"
        ),
        ("UPDATE surahs SET ayah_count = 287 WHERE number = 2", "6237"),
        ("UPDATE surahs SET has_basmala = 1 WHERE number = 9", "basmala"),
        ("UPDATE surahs SET has_basmala = 0 WHERE number = 2", "basmala"),
        ("UPDATE surahs SET revelation_order = 1 WHERE number = 2", "revelation"),
        ("DELETE FROM surahs WHERE number = 114", "surahs"),
        ("DELETE FROM surahs", "surahs"),
        ("DELETE FROM sajdas WHERE number = 15", "sajdas"),
        ("DELETE FROM sajdas", "sajdas"),
        ("UPDATE sajdas SET ayah = '2:287' WHERE number = 1", "sajda"),
        ("UPDATE sajdas SET ayah = 'nowhere' WHERE number = 1", "nowhere"),
        ("UPDATE sajdas SET ayah = '114:1' WHERE number = 1", "sajda"),
        ("UPDATE sajdas SET number = 16 WHERE number = 1", "sajdas"),
    ]

    @Test(arguments: DatabaseEngine.allCases)
    func `that breaks an invariant is refused, and its store is unsound`(engine: DatabaseEngine) async throws {
        let tables = ["surahs", "divisions", "sajdas"]
        try await TestDatabase.with(engine) { store in
            try await SmallContent.shared.seedFacts(store)
            let sound = try await StoreVerification.verify(store.database)
            #expect(sound.isSound)
            for table in tables { try await store.shell("CREATE TABLE sound_\(table) AS SELECT * FROM \(table)") }
            for breakage in Self.breakages {
                try await store.shell(breakage.sql)
                let error = await #expect(throws: StructureError.self, "\(breakage.sql)") {
                    try await store.database.snapshot { try StructureRepository($0).structure().surahs.count }
                }
                let violations = error?.violations ?? []
                #expect(
                    violations.contains { $0.contains(breakage.names) },
                    "\(breakage.sql): \(violations)")
                let verification = try await StoreVerification.verify(store.database)
                #expect(!verification.isSound)
                #expect(verification.violations == violations)
                #expect(verification.digest == nil)
                for table in tables {
                    try await store.shell("DELETE FROM \(table); INSERT INTO \(table) SELECT * FROM sound_\(table)")
                }
            }
            #expect(try await StoreVerification.verify(store.database) == sound)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `of a store that was never seeded is refused`(engine: DatabaseEngine) async throws {
        let store = try await UntouchedStore.empty.open(engine)
        await #expect(throws: StructureError.self) {
            try await store.database.snapshot { try StructureRepository($0).structure().surahs.count }
        }
        #expect(try await !StoreVerification.verify(store.database).isSound)
    }

    @Test(
        arguments: DatabaseEngine.allCases,
        [
            "UPDATE ayah_texts SET text = text || ' ' WHERE edition = 'en.pickthall' AND ayah = 3000",
            "UPDATE ayah_texts SET text = upper(text) WHERE edition = 'en.pickthall' AND ayah = 6236",
            """
            UPDATE ayah_texts SET text = (SELECT text FROM ayah_texts WHERE edition = 'en.pickthall' AND ayah = 2)
            WHERE edition = 'en.pickthall' AND ayah = 1
            """,
            "UPDATE edition_contents SET sha256 = '0' || substr(sha256, 1, 63) WHERE edition = 'en.pickthall'",
        ])
    func `does not hide a changed byte: the edition is altered`(engine: DatabaseEngine, change: String) async throws {
        let state = try await Self.state(of: "en.pickthall", engine, after: change)
        guard case .altered(let found) = state else {
            Issue.record("\(String(describing: state))")
            return
        }
        #expect(found.count == 64)
    }

    @Test(
        arguments: DatabaseEngine.allCases,
        [
            "UPDATE basmalas SET text = text || ' ' WHERE edition = 'uthmani' AND surah = 95",
            "DELETE FROM basmalas WHERE edition = 'uthmani' AND surah = 114",
            "INSERT INTO basmalas SELECT edition, 9, text FROM basmalas WHERE edition = 'uthmani' AND surah = 2",
            "UPDATE ayah_texts SET text = text || '\u{64E}' WHERE edition = 'uthmani' AND ayah = 8",
        ])
    func `does not hide a changed basmala: the script is altered`(engine: DatabaseEngine, change: String) async throws {
        guard case .altered = try await Self.state(of: "uthmani", engine, after: change) else {
            Issue.record("not altered")
            return
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `does not hide a deleted row: the edition is incomplete`(engine: DatabaseEngine) async throws {
        let deletion = "DELETE FROM ayah_texts WHERE edition = 'en.pickthall' AND ayah IN (1, 255, 6236)"
        #expect(try await Self.state(of: "en.pickthall", engine, after: deletion) == .incomplete(missing: 3))
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `does not hide texts without a record of where they came from`(engine: DatabaseEngine) async throws {
        let deletion = "DELETE FROM edition_contents WHERE edition = 'en.pickthall'"
        #expect(try await Self.state(of: "en.pickthall", engine, after: deletion) == .incomplete(missing: 0))
    }

    /// The sum is right, and every boundary exists: only the hashes know that an ayah has changed its surah.
    @Test(arguments: DatabaseEngine.allCases)
    func `does not hide two ayah counts that make up for each other: every text is altered`(
        engine: DatabaseEngine
    ) async throws {
        try await TestDatabase.with(engine, holding: .small) { store in
            try await store.shell(
                "UPDATE surahs SET ayah_count = ayah_count + CASE number WHEN 2 THEN 1 ELSE -1 END WHERE number IN (2, 3)"
            )
            let verification = try await StoreVerification.verify(store.database)
            #expect(!verification.isSound)
            #expect(
                verification.editions.allSatisfy { result in
                    if case .altered = result.state { true } else { false }
                })
        }
    }

    /// What a verification finds after a change to a store that was sound; the other editions must stay intact.
    private static func state(
        of edition: String, _ engine: DatabaseEngine, after change: String
    ) async throws -> StoreVerification.EditionResult.State? {
        try await TestDatabase.with(engine, holding: .small) { store in
            try await store.shell(change)
            let verification = try await StoreVerification.verify(store.database)
            #expect(!verification.isSound)
            #expect(verification.violations.isEmpty)
            let others = verification.editions.filter { $0.edition.name != edition }
            #expect(others.count == 2)
            #expect(others.allSatisfy { $0.state == .intact })
            return verification.editions.first { $0.edition.name == edition }?.state
        }
    }
}
