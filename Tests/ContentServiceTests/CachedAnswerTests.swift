import Caching
import ContentService
import NIOCore
import Quran
import Storage
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(20))) struct CachedAnswerTests {
    /// A question to the service, and the tags that its answer must carry.
    struct Question: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let tags: Set<String>
        let ask: @Sendable (ContentService) async throws -> ContentService.Answer

        init(
            _ name: String, _ tags: Set<String>,
            ask: @escaping @Sendable (ContentService) async throws -> ContentService.Answer
        ) {
            (testDescription, self.tags, self.ask) = (name, tags, ask)
        }
    }

    private static let everyayah = "ayah.everyayah.abdulbasit_abdulsamad"

    static let questions = [
        Question("surahs", ["surahs", "quran:uthmani"]) { try await $0.surahs() },
        Question("surahs in simple", ["surahs", "quran:simple"]) { try await $0.surahs(script: edition("simple")) },
        Question("surah 2", ["surah:2", "structure", "quran:uthmani"]) { try await $0.surah(surah(2)) },
        Question("surah 2 with Pickthall", ["surah:2", "structure", "quran:uthmani", "translation:en.pickthall"]) {
            try await $0.surah(surah(2), options: TextOptions(translations: [edition("en.pickthall")]))
        },
        Question(
            "surah 3 with everything",
            [
                "surah:3", "structure", "quran:simple", "translation:en.pickthall", "translation:nl.keyzer",
                "tafsir:ar.jalalayn", "reciter:\(everyayah)",
            ]
        ) { service in
            let options = TextOptions(
                script: try edition("simple"), translations: [try edition("en.pickthall"), try edition("nl.keyzer")],
                tafsirs: [try edition("ar.jalalayn")], reciter: try reciter(everyayah))
            return try await service.surah(surah(3), options: options)
        },
        Question("ayah 1:1", ["structure", "quran:uthmani"]) { try await $0.ayah(AyahRange.all.first) },
        Question("all ayahs with a tafsir", ["structure", "quran:uthmani", "tafsir:ar.jalalayn"]) {
            try await $0.ayahs(in: .all, options: TextOptions(tafsirs: [edition("ar.jalalayn")]))
        },
        Question("juzs", ["structure"]) { try await $0.divisions(of: .juz) },
        Question("juz 30", ["structure", "quran:uthmani"]) { try #require(try await $0.division(.juz, part: 30)) },
        Question("sajdas", ["structure"]) { try await $0.sajdas() },
        Question("editions", ["editions"]) { try await $0.editions() },
        Question("translations", ["editions"]) { try await $0.editions(kind: .translation) },
        Question("edition of any kind", ["quran:nl.keyzer", "translation:nl.keyzer"]) {
            try await $0.edition(edition("nl.keyzer"))
        },
        Question("translation", ["translation:nl.keyzer"]) {
            try await $0.edition(edition("nl.keyzer"), kind: .translation)
        },
        Question("reciters", ["reciters"]) { try await $0.reciters() },
        Question("reciter", ["reciter:\(everyayah)"]) { try await $0.reciter(reciter(everyayah)) },
        Question("audio", ["reciter:\(everyayah)", "structure"]) {
            try await $0.audio(of: surah(1), by: reciter(everyayah))
        },
        Question("meta", ["editions", "reciters", "structure"]) { try await $0.meta() },
    ]

    @Test(arguments: everyEngine, questions)
    func `an answer carries the versions of what it is made of, and comes from memory the second time`(
        engine: DatabaseEngine, question: Question
    ) async throws {
        let store = try await TestDatabase.seeded(engine)
        let service = try await ContentService(database: store.database, cache: CacheManager())
        let first = try await question.ask(service)
        #expect(first.source == .loaded)
        #expect(first.entry.contentType == "application/json")
        let versions = try await store.versions()
        // Besides its own, every answer carries the tags of its store, its namespace and of everything.
        let general = first.entry.versions.keys.filter { tag in
            tag == .all || ["namespace:", "store:"].contains { tag.description.hasPrefix($0) }
        }
        #expect(general.count == 3)
        #expect(Set(first.entry.versions.keys.map(\.description)) == question.tags.union(general.map(\.description)))
        for (tag, version) in first.entry.versions { #expect(version == versions[tag] ?? .zero) }
        // What exists has a version; a tag of another kind with the same id may have none.
        #expect(first.entry.versions.values.contains { $0 > .zero })
        let second = try await question.ask(service)
        #expect(second.source == .memory)
        #expect(second.entry.body == first.entry.body)
        #expect(second.entry.versions == first.entry.versions)
    }

    @Test(arguments: everyEngine)
    func `every different question has an entry of its own`(engine: DatabaseEngine) async throws {
        let store = try await TestDatabase.seeded(engine)
        let service = try await ContentService(database: store.database, cache: CacheManager())
        let (pickthall, keyzer) = (try edition("en.pickthall"), try edition("nl.keyzer"))
        let options = [
            TextOptions(), TextOptions(script: try edition("simple")), TextOptions(translations: [pickthall]),
            TextOptions(translations: [keyzer]), TextOptions(translations: [pickthall, keyzer]),
            TextOptions(translations: [keyzer, pickthall]), TextOptions(tafsirs: [try edition("ar.jalalayn")]),
            TextOptions(reciter: try reciter(Self.everyayah)),
        ]
        var bodies: Set<[UInt8]> = []
        var asked = 0
        for options in options {
            for request in [PageRequest.first, try page(1, 3), try page(2, 3), try page(1, 2)] {
                for number in [1, 112] {
                    let answer = try await service.surah(surah(number), options: options, page: request)
                    #expect(answer.source == .loaded)
                    bodies.insert(Array(answer.entry.body.readableBytesView))
                    asked += 1
                }
            }
        }
        #expect(asked == 64)
        #expect(bodies.count == asked)
    }

    @Test(arguments: everyEngine)
    func `what does not exist is remembered`(engine: DatabaseEngine) async throws {
        let cache = CacheManager()
        let store = try await TestDatabase.seeded(engine)
        let service = try await ContentService(database: store.database, cache: cache)
        for _ in 0..<2 {
            await #expect(throws: ContentServiceError.self) { try await service.edition(edition("none")) }
        }
        #expect(cache.statistics.total.misses == 1)
        #expect(cache.statistics.entries == 1)
    }

    @Test(arguments: everyEngine)
    func `a change is seen in the versions of a fresh answer`(engine: DatabaseEngine) async throws {
        try await TestDatabase.with(engine, holding: .twoTexts) { store in
            let service = try await ContentService(database: store.database, cache: CacheManager())
            let before = try await service.surah(surah(112)).entry.versions
            try await store.shell("UPDATE surahs SET name_english = 'Renamed' WHERE number = 112")
            let later = try await ContentService(database: store.database, cache: CacheManager())
            let answer = try await later.surah(surah(112))
            #expect(try answer.json().member("surah", "name_english") == JSON("Renamed"))
            let changed = answer.entry.versions.filter { before[$0.key] != $0.value }
            #expect(changed.keys.map(\.description) == ["surah:112"])
            let tag = CacheTag("surah:112")
            #expect(try #require(changed[tag]) > #require(before[tag]))
        }
    }
}
