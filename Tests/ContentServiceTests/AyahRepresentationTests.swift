import Caching
import ContentService
import Quran
import Storage
import TestSupport
import Testing

/// The names of the members, as clients know them.
enum Names {
    static let surah = [
        "number", "name_arabic", "name_transliterated", "name_english", "revelation_place", "revelation_order",
        "ayah_count",
        "has_basmala", "basmala",
    ]
    static let ayah = [
        "number", "key", "surah", "ayah", "juz", "hizb", "rub", "manzil", "ruku", "page", "sajda", "text",
        "translations",
        "tafsirs", "audio",
    ]
    static let quotedEdition = [
        "id", "kind", "name", "author", "language", "direction", "version", "licence", "licence_url", "source",
        "source_url",
        "attribution",
    ]
    static let edition =
        quotedEdition + ["name_native", "published_year", "redistributable", "loaded", "sha256", "pinned"]
    static let part = ["number", "scheme", "first_ayah", "last_ayah", "ayah_count"]
}

@Suite(.timeLimit(.minutes(20))) struct AyahRepresentationTests {
    @Test(arguments: everyEngine)
    func `the list of surahs has all of them with their basmalas`(engine: DatabaseEngine) async throws {
        let json = try await ContentService.seeded(engine).surahs().json()
        #expect(json.names == ["surahs", "editions", "pagination"])
        let surahs = try json.elements("surahs")
        #expect(surahs.count == 114)
        for (written, surah) in zip(surahs, structure.surahs) {
            #expect(written.names == Names.surah)
            let basmala =
                switch surah.number.value {
                case 1, 9: nil as String?
                case 95, 97: SyntheticContent.basmalaWithShadda
                default: SyntheticContent.basmala
                }
            let expected: [JSON] = [
                .number(surah.number.value), JSON(surah.nameArabic), JSON(surah.nameTransliterated),
                JSON(surah.nameEnglish), JSON(surah.revelationPlace.rawValue), .number(surah.revelationOrder),
                .number(surah.ayahCount), .bool(surah.hasBasmala), JSON(basmala),
            ]
            #expect(try Names.surah.map { try written.member($0) } == expected)
        }
        let editions = try json.elements("editions")
        #expect(editions.map(\.names) == [Names.quotedEdition])
        #expect(try editions[0].member("id") == JSON("uthmani"))
        #expect(try json.member("pagination") == pagination(records: 114))
    }

    @Test(arguments: everyEngine)
    func `a surah has its ayahs with all that was asked for, byte by byte`(engine: DatabaseEngine) async throws {
        let options = TextOptions(
            translations: [try edition("en.pickthall"), try edition("ur.jalandhry")],
            tafsirs: [try edition("ar.jalalayn")], reciter: try reciter("ayah.everyayah.abdulbasit_abdulsamad"))
        let number = try surah(2)
        let json = try await ContentService.seeded(engine).surah(number, options: options).json()
        #expect(json.names == ["surah", "editions", "pagination"])
        let written = try json.member("surah")
        #expect(written.names == Names.surah + ["audio", "ayahs"])
        #expect(try written.member("basmala") == JSON(SyntheticContent.basmala))
        #expect(try written.member("audio") == .null)
        let ayahs = try written.elements("ayahs")
        #expect(ayahs.count == 286)
        let jalandhry = SyntheticContent.shared.served("translations/ur.jalandhry.txt")
        for (ayah, number) in zip(ayahs, structure.range(of: number).numbers) {
            try expect(ayah, is: number, text: uthmani[number.value - 1])
            let row = number.value - 1
            #expect(
                try ayah.member("translations")
                    == .array([quoted("en.pickthall", pickthall[row]), quoted("ur.jalandhry", jalandhry[row])]))
            #expect(try ayah.member("tafsirs") == .array([quoted("ar.jalalayn", jalalayn[row])]))
            let audio = try ayah.member("audio")
            #expect(audio.names == ["reciter", "url"])
        }
        #expect(
            try ayahs[254].member("audio", "url")
                == JSON("https://everyayah.com/data/Abdul_Basit_Murattal_192kbps/002255.mp3"))
        let editions = try json.elements("editions")
        #expect(
            try editions.map { try $0.member("id") }
                == ["uthmani", "en.pickthall", "ur.jalandhry", "ar.jalalayn"].map { JSON($0) })
        for edition in editions {
            #expect(edition.names == Names.quotedEdition)
            #expect(try edition.member("attribution") != .null)
        }
        #expect(try json.member("pagination") == pagination(records: 286))
    }

    private func quoted(_ edition: String, _ text: String?) -> JSON {
        .object([.init(name: "edition", value: JSON(edition)), .init(name: "text", value: JSON(text))])
    }

    /// Compares all but translations, tafsirs and audio.
    private func expect(_ ayah: JSON, is number: AyahNumber, text: String?) throws {
        let key = structure.key(of: number)
        #expect(ayah.names == Names.ayah)
        #expect(try ayah.member("number") == .number(number.value))
        #expect(try ayah.member("key") == JSON(key.description))
        #expect(try ayah.member("surah") == .number(key.surah.value))
        #expect(try ayah.member("ayah") == .number(key.ayah))
        for kind in DivisionKind.allCases {
            #expect(try ayah.member(kind.rawValue) == .number(structure.part(of: kind, at: number)))
        }
        let sajda = structure.sajda(at: number).map { sajda in
            JSON.object([
                .init(name: "number", value: .number(sajda.number)),
                .init(name: "kind", value: JSON(sajda.kind.rawValue)),
            ])
        }
        #expect(try ayah.member("sajda") == sajda ?? .null)
        #expect(try ayah.member("text") == JSON(text))
    }

    @Test(arguments: everyEngine)
    func `one ayah is the same as in its surah`(engine: DatabaseEngine) async throws {
        let service = try await ContentService.seeded(engine)
        for key in ["1:1", "2:255", "9:1", "7:206", "32:15", "95:1", "114:6"] {
            let number = try #require(AyahKey(key).flatMap(structure.number))
            let json = try await service.ayah(number).json()
            #expect(json.names == ["ayah", "editions"])
            try expect(json.member("ayah"), is: number, text: uthmani[number.value - 1])
            #expect(try json.member("ayah", "translations") == .array([]))
            #expect(try json.member("ayah", "tafsirs") == .array([]))
            #expect(try json.member("ayah", "audio") == .null)
            #expect(try json.elements("editions").count == 1)
        }
    }

    @Test(arguments: everyEngine)
    func `another script has its own texts and basmalas`(engine: DatabaseEngine) async throws {
        let service = try await ContentService.seeded(engine)
        let clean = SyntheticContent.shared.served("quran-simple-clean.txt")
        let script = try edition("simple-clean")
        let json = try await service.surah(surah(97), options: TextOptions(script: script)).json()
        let texts = try json.member("surah").elements("ayahs").map { try $0.member("text") }
        let range = structure.range(of: try surah(97))
        #expect(texts == range.numbers.map { JSON(clean[$0.value - 1]) })
        #expect(texts != range.numbers.map { JSON(uthmani[$0.value - 1]) })
        #expect(try json.elements("editions").map { try $0.member("id") } == [JSON("simple-clean")])
        #expect(
            try await service.surahs(script: script).json().elements("editions")[0].member("id") == JSON("simple-clean")
        )
        // The default script by its name is the default.
        let named = try await service.surah(surah(1), options: TextOptions(script: edition("uthmani")))
        #expect(try await service.surah(surah(1)).source == .memory)
        #expect(named.source == .loaded)
    }

    @Test(arguments: everyEngine)
    func `a recitation by surah is the surah's audio, where it has the surah`(engine: DatabaseEngine) async throws {
        let service = try await ContentService.seeded(engine)
        let options = TextOptions(reciter: try reciter("surah.mp3quran.abdelaziz_sheim_warsh"))
        let has = try await service.surah(surah(112), options: options).json().member("surah")
        #expect(
            try has.member("audio")
                == .object([
                    .init(name: "reciter", value: JSON("surah.mp3quran.abdelaziz_sheim_warsh")),
                    .init(
                        name: "url", value: JSON("https://server16.mp3quran.net/a_sheim/Rewayat-Warsh-A-n-Nafi/112.mp3")
                    ),
                ]))
        #expect(try has.elements("ayahs").map { try $0.member("audio") } == Array(repeating: .null, count: 4))
        let lacks = try await service.surah(surah(2), options: options).json().member("surah")
        #expect(try lacks.member("audio") == .null)
    }

    @Test(arguments: everyEngine)
    func `a range crosses surahs`(engine: DatabaseEngine) async throws {
        let first = try #require(AyahKey("8:74").flatMap(structure.number))
        let last = try #require(AyahKey("9:2").flatMap(structure.number))
        let range = try #require(AyahRange(first, through: last))
        let json = try await ContentService.seeded(engine).ayahs(in: range).json()
        #expect(json.names == ["ayahs", "editions", "pagination"])
        let ayahs = try json.elements("ayahs")
        #expect(try ayahs.map { try $0.member("key") } == ["8:74", "8:75", "9:1", "9:2"].map { JSON($0) })
        for (ayah, number) in zip(ayahs, range.numbers) {
            try expect(ayah, is: number, text: uthmani[number.value - 1])
        }
        #expect(try json.member("pagination") == pagination(records: 4))
    }

    @Test(arguments: everyEngine)
    func `all pages together are the whole Quran, each ayah once`(engine: DatabaseEngine) async throws {
        let service = try await ContentService.seeded(engine)
        var texts: [JSON] = []
        for number in 1...21 {
            let json = try await service.ayahs(in: .all, page: page(number, 300)).json()
            #expect(
                try json.member("pagination")
                    == pagination(page: number, next: number < 21 ? number + 1 : nil, pages: 21, records: 6236))
            texts += try json.elements("ayahs").map { try $0.member("text") }
        }
        #expect(texts == uthmani.map { JSON($0) })
        await #expect(throws: ContentServiceError.noSuchPage(22, of: 21)) {
            try await service.ayahs(in: .all, page: page(22, 300))
        }
    }

    @Test(arguments: everyEngine)
    func `the pages of a surah are exact`(engine: DatabaseEngine) async throws {
        let service = try await ContentService.seeded(engine)
        var keys: [JSON] = []
        for number in 1...6 {
            let json = try await service.surah(surah(2), page: page(number, 50)).json()
            let shown = try json.member("surah").elements("ayahs").map { try $0.member("key") }
            #expect(shown.count == (number < 6 ? 50 : 36))
            #expect(
                try json.member("pagination")
                    == pagination(size: 50, page: number, next: number < 6 ? number + 1 : nil, pages: 6, records: 286))
            #expect(try json.member("surah", "ayah_count") == .number(286))
            keys += shown
        }
        #expect(keys == (1...286).map { JSON("2:\($0)") })
        await #expect(throws: ContentServiceError.noSuchPage(7, of: 6)) {
            try await service.surah(surah(2), page: page(7, 50))
        }
        await #expect(throws: ContentServiceError.noSuchPage(.max, of: 286)) {
            try await service.surah(surah(2), page: page(.max, 1))
        }
        await #expect(throws: ContentServiceError.noSuchPage(3, of: 2)) { try await service.surahs(page: page(3, 57)) }
        #expect(try await service.surahs(page: page(2, 57)).json().elements("surahs").count == 57)
    }

    @Test func `a page request is within its bounds`() {
        #expect(PageRequest(page: 1, size: 300)?.size == PageRequest.first.size)
        #expect(PageRequest(page: 0, size: 10) == nil)
        #expect(PageRequest(page: -1, size: 10) == nil)
        #expect(PageRequest(page: 1, size: 0) == nil)
        #expect(PageRequest(page: 1, size: 301) == nil)
        #expect(PageRequest(page: .max, size: 1)?.page == .max)
    }

    @Test(arguments: everyEngine)
    func `every kind of division lists its parts`(engine: DatabaseEngine) async throws {
        let service = try await ContentService.seeded(engine)
        for kind in DivisionKind.allCases {
            let size = 300
            let pages = (kind.count + size - 1) / size
            var parts: [JSON] = []
            for number in 1...pages {
                let json = try await service.divisions(of: kind, page: page(number, size)).json()
                #expect(json.names == ["\(kind.pluralName)", "pagination"])
                let next = number < pages ? number + 1 : nil
                #expect(
                    try json.member("pagination")
                        == pagination(page: number, next: next, pages: pages, records: kind.count))
                parts += try json.elements("\(kind.pluralName)")
            }
            #expect(parts.count == kind.count)
            for (index, part) in parts.enumerated() {
                #expect(part.names == Names.part)
                let range = try #require(structure.range(of: kind, part: index + 1))
                let expected: [JSON] = [
                    .number(index + 1), JSON(structure.defaultScheme(of: kind).name),
                    JSON(structure.key(of: range.first).description), JSON(structure.key(of: range.last).description),
                    .number(range.count),
                ]
                #expect(try Names.part.map { try part.member($0) } == expected)
            }
        }
    }

    @Test(arguments: everyEngine)
    func `a part of a division has its ayahs`(engine: DatabaseEngine) async throws {
        let service = try await ContentService.seeded(engine)
        for kind in DivisionKind.allCases {
            let answer = try #require(try await service.division(kind, part: 3, page: page(1, 20)))
            let json = try answer.json()
            #expect(json.names == [kind.rawValue, "editions", "pagination"])
            let part = try json.member(kind.rawValue)
            #expect(part.names == Names.part + ["ayahs"])
            let range = try #require(structure.range(of: kind, part: 3))
            let shown = try #require(range.page(1, size: 20))
            #expect(
                try part.elements("ayahs").map { try $0.member("text") }
                    == shown.numbers.map { JSON(uthmani[$0.value - 1]) })
            #expect(try part.member("ayah_count") == .number(range.count))
            for number in [0, -1, kind.count + 1, .max, .min] {
                #expect(try await service.division(kind, part: number) == nil)
            }
        }
    }

    @Test(arguments: everyEngine)
    func `another scheme of a division has its own boundaries`(engine: DatabaseEngine) async throws {
        let service = try await ContentService.seeded(engine)
        let scheme = DivisionScheme("kfgqpc")
        let parts = try await service.divisions(of: .rub, scheme: scheme.name).json().elements("rubs")
        let ranges = (1...240).compactMap { structure.range(of: .rub, part: $0, scheme: scheme) }
        #expect(
            try parts.map { try $0.member("first_ayah") }
                == ranges.map { JSON(structure.key(of: $0.first).description) })
        #expect(ranges != (1...240).compactMap { structure.range(of: .rub, part: $0) })
        #expect(try parts.allSatisfy { try $0.member("scheme") == JSON("kfgqpc") })
        // The default by its name is the default: one entry.
        _ = try await service.divisions(of: .rub)
        #expect(try await service.divisions(of: .rub, scheme: "tanzil-1.0").source == .memory)
        let unknown = ContentServiceError.unknownScheme("warsh", .rub, known: ["tanzil-1.0", "kfgqpc"])
        await #expect(throws: unknown) { try await service.divisions(of: .rub, scheme: "warsh") }
        await #expect(throws: unknown) { _ = try await service.division(.rub, part: 1, scheme: "warsh") }
    }

    @Test(arguments: everyEngine)
    func `the sajdas are listed`(engine: DatabaseEngine) async throws {
        let json = try await ContentService.seeded(engine).sajdas().json()
        #expect(json.names == ["sajdas"])
        let sajdas = try json.elements("sajdas")
        #expect(sajdas.count == 15)
        for (written, sajda) in zip(sajdas, structure.sajdas) {
            #expect(
                written
                    == .object([
                        .init(name: "number", value: .number(sajda.number)),
                        .init(name: "ayah", value: JSON(sajda.ayah.description)),
                        .init(name: "ayah_number", value: JSON(structure.number(of: sajda.ayah)?.value)),
                        .init(name: "kind", value: JSON(sajda.kind.rawValue)),
                        .init(name: "scheme", value: JSON(sajda.scheme.name)),
                    ]))
        }
    }

    @Test(arguments: everyEngine)
    func `what the catalogue lacks is refused by name`(engine: DatabaseEngine) async throws {
        let service = try await ContentService.seeded(engine)
        let (none, pickthall, uthmani) = (try edition("none"), try edition("en.pickthall"), try edition("uthmani"))
        let one = try surah(1)
        await #expect(throws: ContentServiceError.unknownEdition(none, .quran)) {
            try await service.surah(one, options: TextOptions(script: none))
        }
        await #expect(throws: ContentServiceError.unknownEdition(none, .quran)) {
            try await service.surahs(script: none)
        }
        // An edition of another kind is unknown too.
        await #expect(throws: ContentServiceError.unknownEdition(pickthall, .quran)) {
            try await service.surah(one, options: TextOptions(script: pickthall))
        }
        await #expect(throws: ContentServiceError.unknownEdition(uthmani, .translation)) {
            try await service.ayahs(in: .all, options: TextOptions(translations: [pickthall, uthmani]))
        }
        await #expect(throws: ContentServiceError.unknownEdition(pickthall, .tafsir)) {
            try await service.ayah(AyahRange.all.first, options: TextOptions(tafsirs: [pickthall]))
        }
        let nobody = try reciter("nobody")
        await #expect(throws: ContentServiceError.unknownReciter(nobody)) {
            _ = try await service.division(.juz, part: 1, options: TextOptions(reciter: nobody))
        }
    }
}
