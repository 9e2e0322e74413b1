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
        ("INSERT INTO divisions SELECT kind, scheme, is_default, 31, '114:1' FROM divisions WHERE kind = 'juz' AND number = 1", "31"),
        ("UPDATE surahs SET ayah_count = 287 WHERE number = 2", "6237"),
        ("UPDATE surahs SET ayah_count = ayah_count + CASE number WHEN 2 THEN 1 ELSE -1 END WHERE number IN (2, 3)", ""),
        ("UPDATE surahs SET has_basmala = 1 WHERE number = 9", "basmala"),
        ("UPDATE surahs SET has_basmala = 0 WHERE number = 2", "basmala"),
        ("UPDATE surahs SET revelation_order = 1 WHERE number = 2", "revelation"),
        ("DELETE FROM surahs WHERE number = 114", "surahs"),
        ("DELETE FROM surahs", "surahs"),
        ("DELETE FROM sajdas WHERE number = 15", "sajdas"),
        ("DELETE FROM sajdas", "sajdas"),
        ("UPDATE sajdas SET ayah = '2:287' WHERE number = 1", "sajda"),
        ("UPDATE sajdas SET ayah = 'nowhere' WHERE number = 1", "nowhere"),
        ("UPDATE sajdas SET ayah = '114:1' WHERE number = 1", "sajdas"),
        ("UPDATE sajdas SET number = 16 WHERE number = 1", "sajdas"),
    ]

    @Test(arguments: DatabaseEngine.allCases)
    func `that breaks an invariant is refused, and its store is unsound`(engine: DatabaseEngine) async throws {
        try await TestDatabase.with(engine) { store in
            try await SmallContent.shared.seedFacts(store)
            let seeded = TestDatabase(database: store.database, url: store.url)
            #expect(try await StoreVerification.verify(seeded.database).isSound)
            for breakage in Self.breakages {
                struct TakeBack: Error {}
                // In a transaction that is taken back, so that each starts from a sound store.
                let error = await #expect(throws: (any Error).self) {
                    try await store.database.write(deadline: .seconds(60)) { sql in
                        try sql.execute(script: breakage.sql)
                        try Self.structure(sql)
                    }
                }
                let violations = try #require(error as? StructureError, "\(breakage.sql): \(String(describing: error))").violations
                #expect(!violations.isEmpty)
                #expect(violations.contains { $0.contains(breakage.names) }, "\(breakage.sql): \(violations)")
            }
        }
    }
}
