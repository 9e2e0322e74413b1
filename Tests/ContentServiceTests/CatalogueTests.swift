import Caching
import ContentService
import Quran
import Storage
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(20))) struct CatalogueTests {
    private let catalogue = SyntheticContent.shared.seedData.catalogue
    private let reciters = SyntheticContent.shared.seedData.reciters

    @Test(arguments: everyEngine)
    func `the editions are listed by kind and id`(engine: DatabaseEngine) async throws {
        let service = try await ContentService.seeded(engine)
        var expected: [String] = []
        for (kind, name) in [(Edition.Kind.quran, "scripts"), (.translation, "translations"), (.tafsir, "tafsirs")] {
            let ids = catalogue.map(\.edition).filter { $0.kind == kind }.map(\.id.name).sorted()
            expected += ids
            let json = try await service.editions(kind: kind).json()
            #expect(json.names == [name, "pagination"])
            #expect(try json.elements(name).map { try $0.member("id") } == ids.map { JSON($0) })
            #expect(try json.member("pagination") == pagination(records: ids.count))
        }
        let json = try await service.editions().json()
        #expect(json.names == ["editions", "pagination"])
        let editions = try json.elements("editions")
        #expect(try editions.map { try $0.member("id") } == expected.map { JSON($0) })
        for written in editions {
            #expect(written.names == Names.edition)
            let entry = try #require(try catalogue.first { JSON($0.edition.id.name) == (try written.member("id")) })
            let edition = entry.edition
            let values: [JSON] = [
                JSON(edition.id.name), JSON(edition.kind.rawValue), JSON(edition.name), JSON(edition.author),
                JSON(edition.language), JSON(edition.direction.rawValue), JSON(edition.version), JSON(edition.licence),
                JSON(edition.licenceURL), JSON(edition.source), JSON(edition.sourceURL), JSON(edition.attribution),
                JSON(edition.nameNative), JSON(edition.publishedYear), JSON(edition.redistributable.rawValue),
                .bool(true),
                JSON(entry.sha256), .bool(true),
            ]
            #expect(try Names.edition.map { try written.member($0) } == values)
        }
    }

    @Test(arguments: everyEngine)
    func `the pages of the catalogue are exact`(engine: DatabaseEngine) async throws {
        let service = try await ContentService.seeded(engine)
        let count = catalogue.count
        let pages = (count + 2) / 3
        var ids: [JSON] = []
        for number in 1...pages {
            let json = try await service.editions(page: page(number, 3)).json()
            let next = number < pages ? number + 1 : nil
            #expect(
                try json.member("pagination")
                    == pagination(size: 3, page: number, next: next, pages: pages, records: count))
            ids += try json.elements("editions").map { try $0.member("id") }
        }
        #expect(ids == (try await service.editions().json().elements("editions").map { try $0.member("id") }))
        await #expect(throws: ContentServiceError.noSuchPage(pages + 1, of: pages)) {
            try await service.editions(page: page(pages + 1, 3))
        }
        await #expect(throws: ContentServiceError.noSuchPage(3, of: 2)) {
            try await service.reciters(page: page(3, 300))
        }
    }

    @Test(arguments: everyEngine)
    func `one edition is found by its id, of any kind or of its own`(engine: DatabaseEngine) async throws {
        let service = try await ContentService.seeded(engine)
        for (id, kind, name) in [
            ("uthmani", Edition.Kind.quran, "script"), ("en.pickthall", .translation, "translation"),
            ("ar.jalalayn", .tafsir, "tafsir"),
        ] {
            let id = try edition(id)
            let json = try await service.edition(id).json()
            #expect(json.names == ["edition"])
            #expect(try json.member("edition").names == Names.edition + ["notice"])
            #expect(try json.member("edition", "id") == JSON(id.name))
            #expect(try json.member("edition", "notice") != .null)
            let ofKind = try await service.edition(id, kind: kind)
            #expect(ofKind.source == .loaded)
            #expect(try ofKind.json().names == [name])
            #expect(try ofKind.json().member(name) == json.member("edition"))
            for other in Edition.Kind.allCases where other != kind {
                await #expect(throws: ContentServiceError.unknownEdition(id, other)) {
                    try await service.edition(id, kind: other)
                }
            }
        }
    }

    @Test(arguments: everyEngine)
    func `no edition's name leads to another answer's entry`(engine: DatabaseEngine) async throws {
        let service = try await ContentService.seeded(engine)
        for warm in [try await service.meta(), try await service.editions(), try await service.reciters()] {
            #expect(warm.source == .loaded)
        }
        for name in ["meta", "list", "surahs", "sajdas"] {
            for kind in Edition.Kind.allCases.map(Optional.some) + [nil] {
                await #expect(throws: ContentServiceError.self) { try await service.edition(edition(name), kind: kind) }
            }
            await #expect(throws: ContentServiceError.self) { try await service.reciter(reciter(name)) }
        }
    }

    @Test(arguments: everyEngine)
    func `the reciters are listed by id, complete and incomplete`(engine: DatabaseEngine) async throws {
        let service = try await ContentService.seeded(engine)
        var written: [JSON] = []
        for number in 1...2 {
            let json = try await service.reciters(page: page(number, 300)).json()
            #expect(json.names == ["reciters", "pagination"])
            written += try json.elements("reciters")
        }
        let expected = reciters.sorted { $0.id < $1.id }
        #expect(written.count == expected.count)
        for (json, reciter) in zip(written, expected) {
            #expect(
                json.names == [
                    "id", "name_english", "name_arabic", "style", "riwayah", "granularity", "provider", "url_pattern",
                    "bitrate", "alternates", "complete", "surahs",
                ])
            #expect(try json.member("id") == JSON(reciter.id.name))
            #expect(try json.member("name_arabic") == JSON(reciter.nameArabic))
            #expect(try json.member("url_pattern") == JSON(reciter.pattern.description))
            #expect(try json.member("bitrate") == JSON(reciter.bitrate))
            #expect(try json.member("complete") == .bool(reciter.isComplete))
            #expect(try json.member("surahs") == .array(reciter.surahs.map { .number($0.value) }))
            let alternates = reciter.alternates.map { alternate in
                JSON.object([
                    .init(name: "bitrate", value: JSON(alternate.bitrate)),
                    .init(name: "url_pattern", value: JSON(alternate.pattern.description)),
                ])
            }
            #expect(try json.member("alternates") == .array(alternates))
        }
        #expect(expected.contains { !$0.isComplete })
        #expect(expected.contains { !$0.alternates.isEmpty })
        let one = try await service.reciter(expected[0].id).json()
        #expect(one.names == ["reciter"])
        #expect(try one.member("reciter") == written[0])
        let nobody = try reciter("nobody")
        await #expect(throws: ContentServiceError.unknownReciter(nobody)) { try await service.reciter(nobody) }
    }

    @Test(arguments: everyEngine)
    func `the audio of a surah is one URL, or one an ayah`(engine: DatabaseEngine) async throws {
        let service = try await ContentService.seeded(engine)
        let names = ["reciter", "surah", "granularity", "url", "ayahs"]
        let byAyah = try reciter("ayah.everyayah.abdulbasit_abdulsamad")
        let ayahs = try await service.audio(of: surah(112), by: byAyah).json().member("audio")
        #expect(ayahs.names == names)
        #expect(try ayahs.member("granularity") == JSON("ayah"))
        #expect(try ayahs.member("url") == .null)
        #expect(
            try ayahs.member("ayahs")
                == .array(
                    (1...4).map { ayah in
                        .object([
                            .init(name: "key", value: JSON("112:\(ayah)")),
                            .init(
                                name: "url",
                                value: JSON("https://everyayah.com/data/Abdul_Basit_Murattal_192kbps/11200\(ayah).mp3")),
                        ])
                    }))
        let bySurah = try reciter("surah.mp3quran.abdelaziz_sheim_warsh")
        let whole = try await service.audio(of: surah(18), by: bySurah).json().member("audio")
        #expect(whole.names == names)
        #expect(
            try names.map { try whole.member($0) } == [
                JSON(bySurah.name), .number(18), JSON("surah"),
                JSON("https://server16.mp3quran.net/a_sheim/Rewayat-Warsh-A-n-Nafi/018.mp3"), .array([]),
            ])
        let two = try surah(2)
        await #expect(throws: ContentServiceError.notRecited(two, bySurah)) {
            try await service.audio(of: two, by: bySurah)
        }
        let nobody = try reciter("nobody")
        await #expect(throws: ContentServiceError.unknownReciter(nobody)) {
            try await service.audio(of: two, by: nobody)
        }
    }

    @Test(arguments: everyEngine)
    func `meta counts what there is`(engine: DatabaseEngine) async throws {
        let service = try await ContentService.seeded(engine)
        let json = try await service.meta().json()
        #expect(json.names == ["meta"])
        let meta = try json.member("meta")
        #expect(meta.names == ["version", "counts", "schemes", "digest", "editions"])
        #expect(try meta.member("version") == JSON(ContentService.version))
        let ofKind = { (kind: Edition.Kind) in self.catalogue.filter { $0.edition.kind == kind }.count }
        let counts: [(String, Int)] = [
            ("surahs", 114), ("ayahs", 6236), ("juzs", 30), ("hizbs", 60), ("rubs", 240), ("manzils", 7),
            ("rukus", 556),
            ("pages", 604), ("sajdas", 15), ("scripts", ofKind(.quran)), ("translations", ofKind(.translation)),
            ("tafsirs", ofKind(.tafsir)), ("editions_loaded", catalogue.count), ("reciters", reciters.count),
        ]
        #expect(try meta.member("counts") == .object(counts.map { .init(name: $0.0, value: .number($0.1)) }))
        #expect(try meta.member("schemes", "rubs") == .array([JSON("tanzil-1.0"), JSON("kfgqpc")]))
        #expect(try meta.member("schemes").names == ["juzs", "hizbs", "rubs", "manzils", "rukus", "pages"])
        #expect(try meta.member("digest") == JSON(await service.health().digest))
        let editions = try meta.elements("editions")
        #expect(editions.count == catalogue.count)
        for edition in editions { #expect(edition.names == ["id", "kind", "version", "sha256", "attribution"]) }
    }
}
