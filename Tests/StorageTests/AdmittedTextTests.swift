import Foundation
import Quran
import Storage
import TestSupport
import Testing

@Suite struct `Texts that are admitted` {
    private static let spellings = [
        Damage("CRLF", .format, line: nil, "") { lines in lines = lines.map { $0 + [13] } },
        Damage("CRLF on some lines", .format, line: nil, "") { lines in
            for index in lines.indices where index % 3 == 0 { lines[index] += [13] }
        },
        Damage("a byte order mark", .format, line: nil, "") { lines in lines[0] = Data([0xEF, 0xBB, 0xBF]) + lines[0] },
        Damage("a byte order mark before a comment", .format, line: nil, "") { lines in
            lines.insert(Data([0xEF, 0xBB, 0xBF]) + Data("# A header | with | pipes".utf8), at: 0)
        },
        Damage("comments and empty lines between", .format, line: nil, "") { lines in
            lines.insert(contentsOf: [Data("# in between".utf8), Data(), Data("#1|1|no ayah".utf8)], at: 3000)
        },
        Damage("no footer and no last line end", .format, line: nil, "") { lines in lines = Array(lines.prefix(6236)) },
        Damage("no footer", .format, line: nil, "") { lines in lines = lines.prefix(6236) + [Data()] },
        Damage("another year in the footer", .format, line: nil, "") { lines in
            lines.append(Data("# (C) 2007-2031".utf8))
        },
    ]

    @Test(arguments: zip(DatabaseEngine.alternating(spellings.count), spellings))
    func `line ends, marks and comments change neither a stored byte nor the hash`(
        engine: DatabaseEngine, spelling: Damage
    ) async throws {
        let content = try SmallContent()
        for file in [SmallContent.script, SmallContent.translation, SmallContent.tafsir] {
            try content.edit(file, spelling.change)
        }
        let plain = try await UntouchedStore.seeded.open(engine)
        try await TestDatabase.with(engine) { store in
            let report = try await content.seed(store)
            #expect(report.editions.map(\.sha256) == content.seedData.catalogue.map(\.sha256))
            #expect(report.editions.allSatisfy { $0.isPinned && $0.state == .loaded })
            for table in ["ayah_texts", "basmalas"] {
                let query = "SELECT * FROM \(table) ORDER BY 1, 2"
                #expect(try await store.shell(query) == plain.shell(query))
            }
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `comments are kept as the notice, verbatim and in order`(engine: DatabaseEngine) async throws {
        let content = try SmallContent()
        try content.edit(SmallContent.script) { lines in
            lines = lines.map { $0 + [13] }
            lines.insert(Data("# © 2007, a header\r".utf8), at: 0)
        }
        try await TestDatabase.with(engine) { store in
            try await content.seed(store)
            let notice = try await store.database.snapshot { reader in
                try EditionRepository(reader).editions(kind: .quran).first?.content?.notice
            }.value
            #expect(notice == "# © 2007, a header\n# A notice of our own, for tests.\n#\n# End")
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `another hash is admitted only where unpinned texts are, and is marked`(engine: DatabaseEngine) async throws {
        let content = try SmallContent()
        try content.edit(SmallContent.tafsir) { $0[99] = Data("2|93|another text".utf8) }
        try await TestDatabase.with(engine) { store in
            #expect(try await refusal(of: content, by: store).code == .hashMismatch)
            let report = try await content.seed(store, allowUnpinned: true)
            #expect(report.editions.map(\.isPinned) == [true, true, false])
            let number = try #require(AyahNumber(100))
            let (stored, text) = try await store.database.snapshot { reader in
                let repository = EditionRepository(reader)
                let edition = try #require(try repository.editions(kind: .tafsir).first)
                let range = try #require(AyahRange(number, through: number))
                return (edition, try repository.texts(of: edition.edition, in: range))
            }.value
            #expect(stored.content?.isPinned == false)
            #expect(stored.content?.sha256 == report.editions[2].sha256)
            #expect(text == ["another text"])
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `an edition without a pin needs to be allowed`(engine: DatabaseEngine) async throws {
        let content = try SmallContent { records in records[1]["sha256"] = NSNull() }
        try await TestDatabase.with(engine) { store in
            let error = try await refusal(of: content, by: store)
            #expect(error.code == .hashMismatch)
            #expect(error.file == SmallContent.translation)
            #expect(try await content.seed(store, allowUnpinned: true).editions.map(\.isPinned) == [true, false, true])
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `a text that is pinned later counts as pinned when it is seeded again`(engine: DatabaseEngine) async throws {
        let unpinned = try SmallContent { records in records[1]["sha256"] = NSNull() }
        try await TestDatabase.with(engine) { store in
            try await unpinned.seed(store, allowUnpinned: true)
            try await SmallContent.shared.seed(store)
            let pinned = try await store.database.snapshot { reader in
                try EditionRepository(reader).editions().map { $0.content?.isPinned }
            }.value
            #expect(pinned == [true, true, true])
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `what looks like markup, numbers or placeholders is text`(engine: DatabaseEngine) async throws {
        let content = try SmallContent()
        let text = "a|b||c # $1 ?1 '; DROP TABLE surahs; -- \\N \\r %s {base} &amp; <b> \u{200F}\u{FFFC}\u{10FFFD} "
        try content.edit(SmallContent.tafsir) { $0[99] = Data("2|93|\(text)".utf8) }
        try await TestDatabase.with(engine) { store in
            try await content.seed(store, allowUnpinned: true)
            let stored = try await store.database.read { sql in
                try sql.first("SELECT text FROM ayah_texts WHERE edition = 'ar.jalalayn' AND ayah = 100") {
                    try $0.text(0)
                }
            }
            #expect(stored.map { Array($0.utf8) } == Array(text.utf8))
        }
    }
}
