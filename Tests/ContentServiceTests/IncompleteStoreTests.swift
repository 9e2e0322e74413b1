import Caching
import ContentService
import Quran
import Storage
import TestSupport
import Testing

/// Stores that lack something.
@Suite(.timeLimit(.minutes(20))) struct IncompleteStoreTests {
    @Test(arguments: everyEngine)
    func `an ayah whose row is missing is shown with a null text`(engine: DatabaseEngine) async throws {
        try await TestDatabase.with(engine, holding: .twoTexts) { store in
            let number = try #require(AyahKey("2:100").flatMap(structure.number)).value
            try await store.shell("DELETE FROM ayah_texts WHERE edition = 'uthmani' AND ayah = \(number)")
            try await store.shell("DELETE FROM ayah_texts WHERE edition = 'en.pickthall' AND ayah = \(number + 1)")
            try await store.shell("DELETE FROM basmalas WHERE edition = 'uthmani' AND surah = 2")
            let service = try await ContentService(database: store.database, cache: CacheManager())
            let options = TextOptions(translations: [try edition("en.pickthall")])
            let json = try await service.surah(surah(2), options: options).json().member("surah")
            #expect(try json.member("basmala") == .null)
            #expect(try json.member("has_basmala") == .bool(true))
            let ayahs = try json.elements("ayahs")
            #expect(try ayahs.map { try $0.member("ayah") } == (1...286).map { .number($0) })
            for (index, ayah) in ayahs.enumerated() {
                #expect(ayah.names == Names.ayah)
                let row = 7 + index
                #expect(try ayah.member("text") == JSON(row + 1 == number ? nil : uthmani[row]))
                let translation = try ayah.elements("translations")
                #expect(translation.map(\.names) == [["edition", "text"]])
                #expect(try translation[0].member("text") == JSON(row == number ? nil : pickthall[row]))
            }
            let single = try await service.ayah(#require(AyahNumber(number))).json()
            #expect(try single.member("ayah", "text") == .null)
        }
    }

    @Test(arguments: everyEngine)
    func `an edition that is not loaded gives null texts`(engine: DatabaseEngine) async throws {
        try await TestDatabase.with(engine, holding: .twoTexts) { store in
            let service = try await ContentService(database: store.database, cache: CacheManager())
            let options = TextOptions(
                script: try edition("simple"), translations: [try edition("nl.keyzer"), try edition("en.pickthall")],
                tafsirs: [try edition("ar.jalalayn")])
            let answer = try await service.surah(surah(112), options: options)
            let json = try answer.json()
            #expect(try json.member("surah", "basmala") == .null)
            let ayahs = try json.member("surah").elements("ayahs")
            #expect(ayahs.count == 4)
            for (index, ayah) in ayahs.enumerated() {
                #expect(try ayah.member("text") == .null)
                let translations = try ayah.elements("translations")
                #expect(try translations.map { try $0.member("edition") } == [JSON("nl.keyzer"), JSON("en.pickthall")])
                #expect(try translations[0].member("text") == .null)
                let row = structure.range(of: try surah(112)).first.value - 1 + index
                #expect(try translations[1].member("text") == JSON(pickthall[row]))
                #expect(try ayah.elements("tafsirs").map { try $0.member("text") } == [.null])
            }
            #expect(try json.elements("editions").count == 4)
            // A load of it later must be seen: the tags are there.
            let tags = Set(answer.entry.versions.keys.map(\.description))
            #expect(tags.isSuperset(of: ["quran:simple", "translation:nl.keyzer", "tafsir:ar.jalalayn"]))

            let edition = try await service.edition(edition("nl.keyzer")).json().member("edition")
            #expect(edition.names == Names.edition + ["notice"])
            #expect(try edition.member("loaded") == .bool(false))
            for name in ["sha256", "pinned", "notice"] { #expect(try edition.member(name) == .null) }
            #expect(try await service.meta().json().member("meta", "counts", "editions_loaded") == .number(2))
            #expect(try await service.meta().json().member("meta").elements("editions").count == 2)
        }
    }

    @Test(arguments: everyEngine)
    func `a surah whose row is missing is still listed`(engine: DatabaseEngine) async throws {
        try await TestDatabase.with(engine, holding: .twoTexts) { store in
            let service = try await ContentService(database: store.database, cache: CacheManager())
            try await store.shell("DELETE FROM surahs WHERE number = 36")
            let surahs = try await service.surahs().json().elements("surahs")
            #expect(try surahs.map { try $0.member("number") } == (1...114).map { .number($0) })
            let last = try await service.surahs(page: page(3, 50)).json().elements("surahs")
            #expect(try last.map { try $0.member("number") } == (101...114).map { .number($0) })
            let one = try await service.surah(surah(36)).json().member("surah")
            #expect(try one.member("name_arabic") == JSON(structure.surah(try surah(36)).nameArabic))
            #expect(try one.elements("ayahs").count == 83)
        }
    }

    @Test(arguments: everyEngine)
    func `a deleted edition is unknown, and a deleted catalogue has one empty page`(engine: DatabaseEngine) async throws
    {
        try await TestDatabase.with(engine, holding: .twoTexts) { store in
            let service = try await ContentService(database: store.database, cache: CacheManager())
            try await store.shell("DELETE FROM reciters")
            let json = try await service.reciters().json()
            #expect(try json.elements("reciters") == [])
            #expect(try json.member("pagination") == pagination(records: 0))
            await #expect(throws: ContentServiceError.noSuchPage(2, of: 1)) {
                try await service.reciters(page: page(2, 1))
            }
            try await store.shell("DELETE FROM ayah_texts WHERE edition = 'uthmani'")
            try await store.shell("DELETE FROM edition_contents WHERE edition = 'uthmani'")
            try await store.shell("DELETE FROM basmalas WHERE edition = 'uthmani'")
            try await store.shell("DELETE FROM editions WHERE id = 'uthmani'")
            let uthmani = try edition("uthmani")
            await #expect(throws: ContentServiceError.unknownEdition(uthmani, .quran)) {
                try await service.surah(surah(1))
            }
        }
    }

    @Test(arguments: everyEngine)
    func `a store that was never seeded is missing`(engine: DatabaseEngine) async throws {
        try await TestDatabase.with(engine) { store in
            let error = await #expect(throws: StorageError.self) {
                try await ContentService(database: store.database, cache: CacheManager())
            }
            #expect(error?.code == .missing)
        }
    }

    @Test(arguments: everyEngine)
    func `a store that breaks an invariant is not served`(engine: DatabaseEngine) async throws {
        try await TestDatabase.with(engine, holding: .twoTexts) { store in
            try await store.shell("UPDATE sajdas SET ayah = '7:207' WHERE number = 1")
            let error = await #expect(throws: StructureError.self) {
                try await ContentService(database: store.database, cache: CacheManager())
            }
            #expect(error?.violations == ["sajda 1 stands at 7:207, which does not exist"])
        }
    }
}

@Suite(.timeLimit(.minutes(20))) struct ContentHealthTests {
    @Test(arguments: everyEngine)
    func `a store with texts is healthy`(engine: DatabaseEngine) async throws {
        let service = try await ContentService.seeded(engine)
        _ = try await service.sajdas()
        let health = await service.health()
        #expect(health.status == .ok)
        #expect(health.database.status == .ok)
        #expect(health.database.latency != nil)
        #expect(health.content.status == .ok)
        #expect(health.content.detail == "\(SyntheticContent.shared.seedData.catalogue.count) editions loaded")
        #expect(health.engine == engine)
        #expect(health.digest?.utf8.count == 64)
        #expect(health.cacheStatistics.entries == 1)
        #expect(health.cacheStatistics.entries == 1)
    }

    @Test(arguments: everyEngine)
    func `a store without texts is degraded and says what to do`(engine: DatabaseEngine) async throws {
        try await TestDatabase.with(engine, holding: .facts) { store in
            let service = try await ContentService(database: store.database, cache: CacheManager())
            let health = await service.health()
            #expect(health.status == .degraded)
            #expect(health.database.status == .ok)
            #expect(health.content.status == .degraded)
            #expect(health.content.detail == ContentService.howToLoadContent)
            #expect(health.digest != nil)
            let ayah = try await service.ayah(AyahRange.all.first).json()
            #expect(try ayah.member("ayah", "text") == .null)
        }
    }

    @Test(arguments: everyEngine)
    func `a store with translations only is degraded`(engine: DatabaseEngine) async throws {
        try await TestDatabase.with(engine, holding: .twoTexts) { store in
            let service = try await ContentService(database: store.database, cache: CacheManager())
            #expect(await service.health().status == .ok)
            try await store.shell("DELETE FROM edition_contents WHERE edition = 'uthmani'")
            #expect(await service.health().status == .degraded)
        }
    }

    @Test(arguments: everyEngine)
    func `a store that does not answer is unavailable`(engine: DatabaseEngine) async throws {
        try await TestDatabase.with(engine, holding: .twoTexts) { store in
            let service = try await ContentService(database: store.database, cache: CacheManager())
            let cached = try await service.sajdas()
            try await store.shell("DROP TABLE edition_contents")
            let health = await service.health()
            #expect(health.status == .unavailable)
            #expect(health.database.status == .unavailable)
            #expect(health.database.detail?.isEmpty == false)
            #expect(health.content.status == .unavailable)
            #expect(health.digest == nil)
            // What is in memory is answered all the same.
            let again = try await service.sajdas()
            #expect(again.source == .memory)
            #expect(again.entry.body == cached.entry.body)
            await #expect(throws: StorageError.self) { try await service.meta() }
        }
    }
}
