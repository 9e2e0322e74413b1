import Foundation
import Quran
import Storage
import TestSupport
import Testing

/// Searches of both engines, beside one that reads every text: same hits, same order.
@Suite(.timeLimit(.minutes(20))) struct `A search` {
    /// What a query must find, and in which order, by the rules of `docs/search.md` alone.
    static func expected(_ query: SearchQuery, in texts: [[[FoldedWord]]]) -> [SearchHits.Hit] {
        if hits(query, as: .folded, without: [], in: texts).isEmpty {
            return hits(query, as: .loose, without: query.excluded, in: texts)
        }
        return hits(query, as: .folded, without: query.excluded, in: texts)
    }

    private static func hits(
        _ query: SearchQuery, as form: SearchForm, without excluded: [SearchQuery.Clause], in texts: [[[FoldedWord]]]
    ) -> [SearchHits.Hit] {
        typealias Rank = (lacks: Int, length: Int, ayah: Int, edition: Int)
        let words = query.required.flatMap(\.words)
        // A phrase of all words, unless a prefix stands within it.
        let canStandTogether = query.required.count > 1 && !words.dropLast().contains(where: \.isPrefix)
        var found: [(Rank, SearchHits.Hit)] = []
        for (edition, texts) in texts.enumerated() {
            for (index, text) in texts.enumerated() {
                // What is not Arabic has no other form.
                let text = form == .loose && !text.contains(where: \.isArabic) ? [] : text
                guard query.required.allSatisfy({ stands($0.words, in: text, as: form) }),
                    !excluded.contains(where: { stands($0.words, in: text, as: .folded) }),
                    let ayah = AyahNumber(index + 1)
                else { continue }
                let isWhole = query.required.allSatisfy { stands($0.words, in: text, as: form, asPrefix: false) }
                let lacks = (isWhole ? 0 : 2) + (canStandTogether && !stands(words, in: text, as: form) ? 1 : 0)
                let length = min(15, String(text.count, radix: 2).count - (text.isEmpty ? 1 : 0))
                found.append(((lacks, length, index, edition), SearchHits.Hit(edition: edition, ayah: ayah)))
            }
        }
        return found.sorted { $0.0 < $1.0 }.map(\.1)
    }

    /// Whether words stand one after the other in a text.
    private static func stands(
        _ words: [SearchQuery.Word], in text: [FoldedWord], as form: SearchForm, asPrefix: Bool = true
    ) -> Bool {
        text.indices.dropLast(words.count - 1).contains { start in
            words.enumerated().allSatisfy { offset, word in
                let found = text[start + offset][form]
                let begins = word[form].prefix.map { found.utf8.starts(with: $0.utf8) } ?? false
                return Array(found.utf8) == Array(word[form].whole.utf8) || asPrefix && begins
            }
        }
    }

    static func search(
        _ query: SearchQuery, _ store: TestDatabase, _ editions: [Edition], ayahs: AyahRange = .all
    ) async throws -> [SearchHits.Hit] {
        try await store.database.snapshot(deadline: .seconds(20)) { [engine = store.database.engine] reader in
            let hits = try SearchRepository(engine, reader).hits(of: query, in: editions, ayahs: ayahs)
            return hits[0..<hits.count]
        }.value
    }

    static func folded(
        _ store: TestDatabase, _ editions: [Edition], ayahs: AyahRange = .all
    ) async throws -> [[[FoldedWord]]] {
        try await store.database.snapshot(deadline: .seconds(60)) { reader in
            try editions.map { edition in
                try EditionRepository(reader).texts(of: edition, in: ayahs).map { SearchFolding.words(of: $0 ?? "") }
            }
        }.value
    }

    @Test func `of made-up texts finds on both engines what it must, in the same order`() async throws {
        let stores = [try await TestDatabase.seeded(.sqlite), try await TestDatabase.seeded(.postgres)]
        let editions = try await SearchQueries.editions(of: stores[0])
        let few = editions.filter { ["uthmani", "en.pickthall"].contains($0.id.name) }
        let last = try #require(AyahNumber(300))
        let first = try #require(AyahRange(AyahRange.all.first, through: last))
        let texts = try await Self.folded(stores[0], few, ayahs: first)
        let published = SyntheticContent.shared.published
        let sources = ["quran-uthmani.txt", "translations/en.pickthall.txt"].map { published[$0]?.prefix(300) ?? [] }
        var random = SplitMix(seed: 42)
        var queries = SearchQueries.synthetic
        while queries.count < 120 {
            let text = SearchQueries.random(from: sources.map { Array($0) }, &random)
            do { _ = try SearchQuery(text) } catch { continue }
            queries.append(text)
        }
        var total = 0
        for text in queries {
            let query = try SearchQuery(text)
            let expected = Self.expected(query, in: texts)
            total += expected.count
            for store in stores {
                let found = try await Self.search(query, store, few, ayahs: first)
                #expect(found == expected, "\(store.database.engine), “\(text)”: \(found.count), not \(expected.count)")
            }
            let all = [
                try await Self.search(query, stores[0], editions), try await Self.search(query, stores[1], editions),
            ]
            #expect(all[0] == all[1], "“\(text)”: \(all.map(\.count))")
        }
        #expect(total > 1000)
    }

    @Test(.enabled(if: Repository.realContent != nil, "the published files are not on this machine"))
    func `of the published texts finds the same on both engines, however it is spelled`() async throws {
        let seedData = try SeedData(folder: Repository.root.appending(path: "seed-data"))
        let folder = try ContentFolder(try #require(Repository.realContent))
        try await TestDatabase.with(.sqlite) { sqlite in
            try await TestDatabase.with(.postgres) { postgres in
                for store in [sqlite, postgres] {
                    let time = try await ContinuousClock().measure {
                        _ = try await Seeder(database: store.database, seedData: seedData).seed(from: folder)
                    }
                    print("StorageTests: seeding and indexing on \(store.database.engine) took \(time)")
                }
                let editions = try await SearchQueries.editions(of: sqlite)
                for text in SearchQueries.real {
                    let query = try SearchQuery(text)
                    var (found, times): ([[SearchHits.Hit]], [Duration]) = ([], [])
                    for store in [sqlite, postgres] {
                        let start = ContinuousClock.now
                        found.append(try await Self.search(query, store, editions))
                        times.append(.now - start)
                    }
                    #expect(found[0] == found[1], "“\(text)”: \(found.map(\.count))")
                    if found[0].count > 10_000 { print("StorageTests: “\(text)”: \(found[0].count) hits, \(times)") }
                }
                let uthmani = editions.filter { $0.id.name == "uthmani" }
                let clean = editions.filter { $0.id.name == "simple-clean" }
                let texts = try await sqlite.database.snapshot { reader in
                    try EditionRepository(reader).texts(of: clean[0], in: .all).compactMap { $0 }
                }.value.map { Set($0.unicodeScalars.split(separator: " ").map(String.init)) }
                for word in SearchQueries.exact {
                    let count = texts.count { $0.contains(word) }
                    #expect(try await Self.search(SearchQuery(word + " "), sqlite, clean).count == count, "\(word)")
                    let inUthmani = try await Self.search(SearchQuery(word + " "), sqlite, uthmani).count
                    #expect(inUthmani == count, "\(word)")
                    let without = try await Self.search(SearchQuery("موسى -\(word)"), sqlite, clean).count
                    #expect(without == texts.count { $0.contains("موسى") && !$0.contains(word) }, "\(word)")
                }
                for spellings in SearchQueries.spellings {
                    var found: [Set<SearchHits.Hit>] = []
                    for text in spellings {
                        found.append(Set(try await Self.search(SearchQuery(text), sqlite, uthmani)))
                    }
                    #expect(Set(found).count == 1 && !found[0].isEmpty, "\(spellings): \(found.map(\.count))")
                }
            }
        }
    }
}

enum SearchQueries {
    static func editions(of store: TestDatabase) async throws -> [Edition] {
        try await store.database.snapshot { reader in
            try EditionRepository(reader).editions().filter { $0.content != nil }.map(\.edition)
        }.value
    }

    static let synthetic = [
        "sample", "sam", "sample ", "quoted \"back slash\"", "\"quoted back slash\"", "ecole", "école -cafe", "café ",
        "тест", "ТЕСТ ",
        "آزمایش", "zerowidth", "non breaking", "\"non breaking zerowidth\"", "-sample quoted",
        "quoted -\"quoted sample\"",
        "s* b", "a b", "1", "2 255", "en.pickthall 2:255", "\"2 255\"", "ب", "ال", "قل ", "لا* ", "nothingatall",
        "curly curly",
    ]

    /// Words and runs of words of real texts, with operators.
    static func random(from texts: [[String]], _ random: inout SplitMix) -> String {
        let text = texts.randomElement(using: &random)?.randomElement(using: &random) ?? ""
        let words = text.split(separator: " ")
        guard !words.isEmpty else { return "" }
        let start = Int.random(in: 0..<words.count, using: &random)
        var parts = words[start...].prefix(Int.random(in: 1...3, using: &random)).map(String.init)
        if Int.random(in: 0..<3, using: &random) == 0 {
            parts = ["\"" + parts.joined(separator: " ").replacing("\"", with: "") + "\""]
        }
        if Int.random(in: 0..<4, using: &random) == 0 {
            parts.append("-" + (words.randomElement(using: &random) ?? ""))
        }
        if Int.random(in: 0..<4, using: &random) == 0 {
            parts.append(String((words.randomElement(using: &random) ?? "").prefix(3)) + "*")
        }
        return String(parts.joined(separator: " ").unicodeScalars.prefix(256))
            + (Bool.random(using: &random) ? " " : "")
    }

    /// Of the same words each: they find the same ayahs.
    static let spellings = [
        ["الصلاة ", "الصلوة ", "ٱلصَّلَوٰةَ "], ["العالمين ", "العلمين ", "ٱلْعَـٰلَمِينَ "], ["الرحمن ", "الرحمان ", "ٱلرَّحْمَـٰن "],
        ["\"يا أيها الناس\"", "\"يأيها الناس\"", "\"يَـٰٓأَيُّهَا ٱلنَّاس\""],
        ["ابراهيم ", "إبراهيم ", "إِبْرَٰهِـۧم "],
        ["مؤمن ", "مومن "], ["كتاب ", "کتاب ", "كتٰب "], ["الليل ", "اليل ", "ٱلَّيْل "], ["داود ", "داوود ", "دَاوُۥدَ "],
        ["شيئا ", "شَيْـًٔا "], ["السماوات ", "السموات ", "ٱلسَّمَـٰوَٰتِ "], ["ذلك ", "ذَٰلِكَ ", "ذٰلك "],
    ]

    /// Words that a long a or a hamza tells apart.
    static let exact = ["ماء", "ما", "قل", "قال", "سلم", "سلام", "كتب", "كتاب", "سوء", "من", "خلق", "خالق"]

    static let real = [
        "الله", "الله ", "الرحمن", "الرحمان ", "الرحمٰن الرحيم", "الرحيم الرحمن ", "\"الرحمن الرحيم\"", "الصلاة ",
        "الصلوة ", "الصَّلَوٰةَ",
        "الزكاة ", "الزكوة ", "الحيوة الدنيا ", "\"الحياة الدنيا\"", "العالمين ", "العلمين ", "رب العالمين",
        "\"رب العلمين\"", "ملك يوم الدين ",
        "مالك يوم الدين ", "يا أيها الناس ", "يأيها الناس ", "\"يا أيها الذين آمنوا\"", "يايها الذين امنوا ", "ياأيها ",
        "إبراهيم ", "ابراهيم",
        "ابرهيم ", "إسرائيل ", "اسراييل ", "موسى ", "موسي ", "عيسى ابن مريم", "\"عيسى ابن مريم\"", "داود ", "داوود ",
        "قل ", "قال ", "قل هو الله أحد",
        "\"قل هو الله أحد\"", "قل -هو", "الله -الرحمن -\"رب العالمين\"", "الكتاب ", "كتاب", "كتب ", "الكتا", "ال*",
        "و* ال*", "لا إله إلا هو",
        "\"لا إله إلا هو\"", "شيئا ", "شيء ", "سيئات", "مسئول", "مؤمن", "مومن ", "المؤمنون ", "أولئك ", "هؤلاء ",
        "السماوات والأرض ",
        "\"السموات والأرض\"", "جنات تجري من تحتها الأنهار", "\"جنات تجري من تحتها\"", "بسم الله", "القرآن ", "القران ",
        "آدم ", "ادم", "يوسف", "مريم ",
        "الليل والنهار ", "\"الليل والنهار\"", "اليل ", "خلق السماوات -والأرض", "النبي ", "النبيين ", "توراة",
        "الإنجيل", "سُبْحَانَ ",
        "the", "the ", "the lord", "\"the lord\"", "lord of the worlds", "\"lord of the worlds\"", "merciful ", "merc",
        "mercy -lord", "god* -allah",
        "allah ", "allah is all-knowing", "all-knowing", "\"and the\" of", "don't", "people's ", "moses pharaoh ",
        "\"moses and aaron\"", "lo! ",
        "paradise", "а", "бог", "бог ", "господь ", "\"господь миров\"", "её ", "еще", "ещё", "коран* -бог", "heer",
        "\"de heer\"", "god ", "één ",
        "een", "خدا", "خدا ", "اللہ ", "\"اللہ کے\"", "ہے", "کتاب ", "كتاب ", "گئے", "۷ ", "7", "الله god", "خدا lord",
        "zzzz", "ءامنوا ", "امنوا ",
        "قال موسى لقومه", "\"قال موسى لقومه\"", "يحيي ويميت", "\"يحيى ويميت\"", "جاءوا ", "رأى ", "من ما في على ",
        "الذين* كفروا*", "a",
    ]
}
