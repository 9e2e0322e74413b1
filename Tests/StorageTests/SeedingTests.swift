import Foundation
import Quran
import Storage
import Synchronization
import TestSupport
import Testing

@Suite struct `Seeding` {
    private final class Progress: Sendable {
        private let steps = Mutex<[SeedProgress]>([])

        var all: [SeedProgress] { steps.withLock { $0 } }

        func append(_ step: SeedProgress) { steps.withLock { $0.append(step) } }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `a failure in the last edition leaves nothing, neither texts nor facts`(engine: DatabaseEngine) async throws {
        try await TestDatabase.with(engine) { store in
            // Only the store knows why it refuses this one: everything before it has been written by then.
            switch engine {
            case .sqlite:
                try await store.shell(
                    """
                    CREATE TRIGGER refuse BEFORE INSERT ON ayah_texts WHEN NEW.edition = 'ar.jalalayn' AND NEW.ayah = 6236
                    BEGIN SELECT RAISE(ABORT, 'refused'); END
                    """)
            case .postgres:
                try await store.shell(
                    "ALTER TABLE ayah_texts ADD CONSTRAINT refuse CHECK (edition <> 'ar.jalalayn' OR ayah <> 6236)")
            }
            let before = try await store.dump()
            let error = await #expect(throws: StorageError.self) { try await SmallContent.shared.seed(store) }
            #expect(error?.code == .constraintViolated)
            #expect(try await store.dump() == before)
            for table in ["surahs", "divisions", "editions", "reciters", "seeds", "ayah_texts"] {
                #expect(try await store.count(table) == 0)
            }
            #expect(try await store.versions().isEmpty)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `twice changes nothing the second time`(engine: DatabaseEngine) async throws {
        try await TestDatabase.with(engine) { store in
            let first = try await SmallContent.shared.seed(store)
            #expect(first.facts == .loaded)
            #expect(first.editions.map(\.state) == [.loaded, .loaded, .loaded])
            #expect(first.missing.isEmpty)
            let before = try await store.dump()
            let second = try await SmallContent.shared.seed(store)
            #expect(second.facts == .unchanged)
            #expect(second.editions.map(\.state) == [.unchanged, .unchanged, .unchanged])
            #expect(second.digest == first.digest)
            #expect(try await store.dump() == before)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `again with one edition changed moves only that edition's tags`(engine: DatabaseEngine) async throws {
        let content = try SmallContent()
        try await TestDatabase.with(engine) { store in
            let first = try await content.seed(store)
            let before = try await store.versions()
            try content.edit(SmallContent.translation) { $0[6235] = Data("114|6|another text".utf8) }
            let second = try await content.seed(store, allowUnpinned: true)
            #expect(second.editions.map(\.state) == [.unchanged, .loaded, .unchanged])
            #expect(second.digest != first.digest)
            #expect(moved(before, try await store.versions()) == ["translation:en.pickthall", "editions"])
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `again with another pin in the catalogue moves only that edition's tags`(engine: DatabaseEngine) async throws {
        var texts = try #require(SyntheticContent.shared.published[SmallContent.translation])
        texts[6235] = "another text"
        let pin = PublishedText(ayahs: texts, notice: nil).sha256(structure: SmallContent.shared.structure)
        let content = try SmallContent { $0[1]["sha256"] = pin }
        try content.edit(SmallContent.translation) { $0[6235] = Data("114|6|another text".utf8) }
        try await TestDatabase.with(engine, holding: .small) { store in
            let before = try await store.versions()
            let report = try await content.seed(store)
            #expect(report.editions.map(\.state) == [.unchanged, .loaded, .unchanged])
            #expect(moved(before, try await store.versions()) == ["translation:en.pickthall", "editions"])
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `again with another spelling of the same name stores its bytes, and moves only its tag`(
        engine: DatabaseEngine
    ) async throws {
        let (composed, decomposed) = ("caf\u{E9}", "cafe\u{301}")
        let contents = try [composed, decomposed].map { name in
            try SmallContent(files: []) { $0[1]["name"] = name }
        }
        try await TestDatabase.with(engine) { store in
            try await contents[0].seedFacts(store)
            let before = try await store.versions()
            try await contents[1].seedFacts(store)
            let name = try await store.shell("SELECT name FROM editions WHERE id = 'en.pickthall'")
            #expect(Array(name.utf8) == Array(decomposed.utf8))
            #expect(moved(before, try await store.versions()) == ["translation:en.pickthall", "editions"])
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `without a folder stores the facts, and the texts can come later`(engine: DatabaseEngine) async throws {
        let content = SmallContent.shared
        try await TestDatabase.with(engine) { store in
            let facts = try await content.seedFacts(store)
            #expect(facts.facts == .loaded)
            #expect(facts.editions.isEmpty)
            #expect(facts.missing == content.seedData.catalogue.map(\.edition.id))
            let (isSeeded, structure, loaded) = try await store.database.snapshot { reader in
                let editions = try EditionRepository(reader).editions()
                return (
                    try reader.isSeeded(), try StructureRepository(reader).structure(), editions.compactMap(\.content)
                )
            }.value
            #expect(isSeeded)
            #expect(structure.surahs == content.structure.surahs)
            #expect(structure.divisions == content.structure.divisions)
            #expect(structure.sajdas == content.structure.sajdas)
            #expect(loaded.isEmpty)
            #expect(try await StoreVerification.verify(store.database).isSound)
            let texts = try await content.seed(store)
            #expect(texts.facts == .unchanged)
            #expect(texts.editions.map(\.state) == [.loaded, .loaded, .loaded])
            #expect(texts.digest != facts.digest)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `a folder that lacks an edition leaves what was loaded of it`(engine: DatabaseEngine) async throws {
        let part = try SmallContent(files: [SmallContent.script])
        try await TestDatabase.with(engine) { store in
            let whole = try await SmallContent.shared.seed(store)
            let before = try await store.dump()
            let report = try await part.seed(store)
            #expect(report.missing.map(\.name).sorted() == ["ar.jalalayn", "en.pickthall"])
            #expect(report.digest == whole.digest)
            #expect(try await store.dump() == before)
        }
    }

    @Test func `gives the same report, digest and rows on every engine`() async throws {
        var reports: [SeedReport] = []
        var digests: [String?] = []
        var texts: [String] = []
        for engine in DatabaseEngine.allCases {
            reports.append(try await TestDatabase.with(engine) { try await SmallContent.shared.seed($0) })
            let store = try await UntouchedStore.seeded.open(engine)
            digests.append(try await StoreVerification.verify(store.database).digest)
            texts.append(try await store.shell("SELECT * FROM ayah_texts ORDER BY edition, ayah"))
        }
        let report = try #require(reports.first)
        #expect(reports.allSatisfy { $0 == report })
        #expect(digests.allSatisfy { $0 == report.digest })
        #expect(texts.allSatisfy { $0 == texts[0] })
        #expect(texts[0].utf8.count > 1_000_000)
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `tells how far it is`(engine: DatabaseEngine) async throws {
        let content = SmallContent.shared
        let seen = Progress()
        try await TestDatabase.with(engine) { store in
            _ = try await Seeder(database: store.database, seedData: content.seedData)
                .seed(from: ContentFolder(content.folder)) { seen.append($0) }
        }
        let steps = seen.all
        for entry in content.seedData.catalogue {
            let file = try #require(entry.files.first)
            #expect(steps.contains(.reading(file: file)))
            #expect(steps.contains(.storing(edition: entry.edition.id, rows: 6236, of: 6236)))
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `two at once both succeed, and load everything once`(engine: DatabaseEngine) async throws {
        let content = SmallContent.shared
        try await TestDatabase.with(engine) { store in
            let other = try DatabaseURL(store.url).open(create: false, logger: TestDatabase.logger)
            let reports = try await withThrowingTaskGroup(of: SeedReport.self) { group in
                for database in [store.database, other] {
                    group.addTask { try await content.seed(TestDatabase(database: database, url: store.url)) }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(reports.map(\.facts).map(\.rawValue).sorted() == ["loaded", "unchanged"])
            #expect(reports[0].digest == reports[1].digest)
            #expect(try await StoreVerification.verify(store.database).isSound)
        }
    }
}
