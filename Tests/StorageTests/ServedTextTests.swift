import Foundation
import Quran
import Storage
import TestSupport
import Testing

@Suite struct `Stored texts` {
    @Test(arguments: DatabaseEngine.allCases)
    func `are the published bytes of all 6,236 ayahs of every edition`(engine: DatabaseEngine) async throws {
        let content = SyntheticContent.shared
        let store = try await TestDatabase.seeded(engine)
        for entry in content.seedData.catalogue {
            let file = try #require(entry.files.first { content.published[$0] != nil })
            let texts = try await store.database.snapshot(deadline: .seconds(60)) { reader in
                try EditionRepository(reader).texts(of: entry.edition, in: .all)
            }.value
            let served = content.served(file)
            #expect(texts.count == 6236)
            #expect(served.count == 6236)
            let wrong = texts.indices.filter { texts[$0].map { Array($0.utf8) } != Array(served[$0].utf8) }
            #expect(wrong.isEmpty, "\(entry.edition.id)")
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `of the Quran have 112 basmalas, in 95 and 97 with a shadda, in 1 and 9 none`(
        engine: DatabaseEngine
    ) async throws {
        let store = try await TestDatabase.seeded(engine)
        for entry in SyntheticContent.shared.seedData.catalogue {
            let (all, single) = try await store.database.snapshot(deadline: .seconds(60)) { reader in
                let repository = EditionRepository(reader)
                let all = try repository.basmalas(of: entry.edition)
                var single: [SurahNumber: String] = [:]
                for surah in SurahNumber.all {
                    single.merge(try repository.basmalas(of: entry.edition, surah: surah)) { $1 }
                }
                return (all, single)
            }.value
            #expect(all == single)
            guard entry.edition.kind == .quran else {
                #expect(all.isEmpty)
                continue
            }
            #expect(all.count == 112)
            for surah in SurahNumber.all {
                let expected: String? =
                    switch surah.value {
                    case 1, 9: nil
                    case 95, 97: SyntheticContent.basmalaWithShadda
                    default: SyntheticContent.basmala
                    }
                #expect(all[surah].map { Array($0.utf8) } == expected.map { Array($0.utf8) }, "\(surah)")
            }
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `have the hash that is pinned, with the basmalas glued on again`(engine: DatabaseEngine) async throws {
        let seedData = SyntheticContent.shared.seedData
        let store = try await TestDatabase.seeded(engine)
        for entry in seedData.catalogue {
            let (texts, basmalas, stored) = try await store.database.snapshot(deadline: .seconds(60)) { reader in
                let repository = EditionRepository(reader)
                return (
                    try repository.texts(of: entry.edition, in: .all), try repository.basmalas(of: entry.edition),
                    try repository.edition(entry.edition.id, kind: entry.edition.kind)
                )
            }.value
            var ayahs = texts.map { $0 ?? "" }
            for (surah, basmala) in basmalas {
                let first = seedData.structure.range(of: surah).first.value - 1
                ayahs[first] = "\(basmala) \(ayahs[first])"
            }
            let found = PublishedText(ayahs: ayahs, notice: nil).sha256(structure: seedData.structure)
            #expect(found == entry.sha256)
            #expect(stored?.content?.sha256 == entry.sha256)
            #expect(stored?.edition == entry.edition)
        }
    }

    @Test func `are pinned by the hash that the shell command of the README computes`() async throws {
        let content = SyntheticContent.shared
        for entry in content.seedData.catalogue {
            let name = try #require(entry.files.first)
            let file = content.folder.appending(path: name).path
            let printed = try await run("sh", ["-c", "grep '^[0-9]' '\(file)' | head -c -1 | sha256sum"])
            let pin = try #require(entry.sha256)
            #expect(printed.hasPrefix(pin), "\(entry.edition.id)")
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `are verified as intact`(engine: DatabaseEngine) async throws {
        let verification = try await StoreVerification.verify(try await TestDatabase.seeded(engine).database)
        #expect(verification.isSound)
        #expect(verification.violations.isEmpty)
        #expect(verification.editions.count == SyntheticContent.shared.seedData.catalogue.count)
        #expect(verification.editions.allSatisfy { $0.state == .intact && $0.isPinned })
        #expect(verification.digest?.count == 64)
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `of a range are those of its ayahs, nil where the edition lacks one`(engine: DatabaseEngine) async throws {
        let (first, last) = (try #require(AyahNumber(6230)), try #require(AyahNumber(6236)))
        let range = try #require(AyahRange(first, through: last))
        try await TestDatabase.with(engine, holding: .small) { store in
            try await store.shell("DELETE FROM ayah_texts WHERE edition = 'en.pickthall' AND ayah = 6232")
            let entry = SmallContent.shared.seedData.catalogue[1]
            let texts = try await store.database.snapshot { reader in
                try EditionRepository(reader).texts(of: entry.edition, in: range)
            }.value
            var expected = SyntheticContent.shared.served(SmallContent.translation)[6229...].map(Optional.some)
            expected[2] = nil
            #expect(texts == expected)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `are found by the kind and id of their edition, and not otherwise`(engine: DatabaseEngine) async throws {
        let store = try await TestDatabase.seeded(engine)
        let id = try #require(EditionID("uthmani"))
        let unknown = try #require(EditionID("unknown"))
        let found = try await store.database.snapshot { reader in
            let repository = EditionRepository(reader)
            return [
                try repository.edition(id, kind: .quran), try repository.edition(id, kind: .tafsir),
                try repository.edition(unknown, kind: .quran),
            ].map { $0?.edition.id }
        }
        #expect(found.value == [id, nil, nil])
        // What was looked for and not found can appear: it has a version as well.
        #expect(found.versions[.edition(.tafsir, id)] == 0)
        #expect(found.versions[.edition(.quran, unknown)] == 0)
        #expect((found.versions[.edition(.quran, id)] ?? 0) > 0)
    }
}
