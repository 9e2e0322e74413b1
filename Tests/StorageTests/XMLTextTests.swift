import Foundation
import Quran
import Storage
import TestSupport
import Testing

@Suite struct `Texts in XML` {
    @Test(arguments: DatabaseEngine.allCases, ["\"", "'"])
    func `the same text in XML has the same hash and the same stored rows`(
        engine: DatabaseEngine, quote: String
    ) async throws {
        let content = try SmallContent.withXML(
            quote: quote, beside: [SmallContent.translation, SmallContent.tafsir])
        let text = try await UntouchedStore.seeded.open(engine)
        try await TestDatabase.with(engine) { store in
            let report = try await content.seed(store)
            #expect(report.editions.first?.file == SmallContent.scriptXML)
            #expect(report.editions.map(\.sha256) == content.seedData.catalogue.map(\.sha256))
            for table in ["ayah_texts", "basmalas"] {
                let query = "SELECT * FROM \(table) ORDER BY 1, 2"
                #expect(try await store.shell(query) == text.shell(query))
            }
            #expect(
                try await store.shell("SELECT notice FROM edition_contents WHERE edition = 'uthmani'")
                    == "# A notice of our own.")
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `CRLF and a byte order mark change nothing`(engine: DatabaseEngine) async throws {
        let content = try SmallContent.withXML { lines in
            lines = lines.map { $0 + "\r" }
            lines[0] = "\u{FEFF}" + lines[0]
        }
        try await TestDatabase.with(engine) { store in
            let report = try await content.seed(store)
            #expect(report.editions.allSatisfy { $0.isPinned })
        }
    }

    @Test(
        arguments: DatabaseEngine.allCases,
        [
            ("&amp;&lt;&gt;&quot;&apos;", "&<>\"'"), ("&#65;&#x628;&#x1F600;", "Aب😀"), ("&amp;amp;", "&amp;"),
            ("x > y", "x > y"),
        ])
    func `entities are decoded once`(engine: DatabaseEngine, text: (written: String, meant: String)) async throws {
        let content = try SmallContent.withXML { $0[7] = "<aya index=\"2\" text=\"\(text.written)\"/>" }
        try await TestDatabase.with(engine) { store in
            try await content.seed(store, allowUnpinned: true)
            #expect(
                try await store.shell("SELECT text FROM ayah_texts WHERE edition = 'uthmani' AND ayah = 2")
                    == text.meant)
        }
    }

    /// The first ayah stands in line 7.
    struct Malformed: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let code: ContentError.Code
        let line: Int
        let change: @Sendable (inout [String]) -> Void

        init(
            _ name: String, _ code: ContentError.Code = .format, line: Int = 8,
            _ change: @escaping @Sendable (inout [String]) -> Void
        ) {
            testDescription = name
            self.code = code
            self.line = line
            self.change = change
        }
    }

    private static let endless = String(repeating: "x", count: 70_000)

    private static let malformed: [Malformed] = [
        Malformed("an unclosed root", line: 6470) { $0.removeAll { $0 == "</quran>" } },
        Malformed("an unclosed element", line: 6470) { $0[5] += "<sura index=\"1\">" },
        Malformed("an element closed by another name", line: 14) { $0[13] = "</surah>" },
        Malformed("an end without a start", line: 14) { $0[13] = "</sura></sura></sura>" },
        Malformed("a second root", line: 6472) { $0.append("<quran></quran>") },
        Malformed("a second declaration") { $0[7] = "<?xml version=\"1.0\"?>" },
        Malformed("a processing instruction") { $0[7] = "<?php echo 1 ?>" },
        Malformed("a style sheet", line: 2) { $0[0] += "\n<?xml-stylesheet href=\"a.xsl\"?>" },
        Malformed("a DOCTYPE", line: 2) { $0[0] += "\n<!DOCTYPE quran [<!ENTITY e \"text\">]>" },
        Malformed("CDATA") { $0[7] = "<![CDATA[text]]>" },
        Malformed("text between elements") { $0[7] += "text" },
        Malformed("text before the root", line: 1) { $0[0] = "text" + $0[0] },
        Malformed("an unknown entity") { $0[7] = "<aya index=\"2\" text=\"a&nbsp;b\" />" },
        Malformed("an entity without an end") { $0[7] = "<aya index=\"2\" text=\"a & b\" />" },
        Malformed("an entity with a sign") { $0[7] = "<aya index=\"2\" text=\"&#+65;\" />" },
        Malformed("an entity without a number") { $0[7] = "<aya index=\"2\" text=\"&#;\" />" },
        Malformed("a surrogate as an entity") { $0[7] = "<aya index=\"2\" text=\"&#xD800;\" />" },
        Malformed("an entity beyond Unicode") { $0[7] = "<aya index=\"2\" text=\"&#x110000;\" />" },
        Malformed("a NUL as an entity", .encoding) { $0[7] = "<aya index=\"2\" text=\"a&#0;b\" />" },
        Malformed("a line end as an entity", .encoding) { $0[7] = "<aya index=\"2\" text=\"a&#10;b\" />" },
        Malformed("a line end in a value", .encoding) { $0[7] = "<aya index=\"2\" text=\"a\nb\" />" },
        Malformed("an element with an endless name") { $0[7] = "<\(endless)>" },
        Malformed("an end with an endless name") { $0[7] = "</\(endless)>" },
        Malformed("an attribute with an endless name") { $0[7] = "<aya \(endless)>" },
        Malformed("an endless entity") { $0[7] = "<aya index=\"2\" text=\"&\(endless);\" />" },
        Malformed("an endless index") { $0[7] = "<aya index=\"\(endless)\" text=\"a\" />" },
        Malformed("a notice without end", line: 3) { $0[1] = "<!--\n#\(endless)-->" },
        Malformed("an attribute twice") { $0[7] = "<aya index=\"2\" text=\"a\" text=\"b\" />" },
        Malformed("an attribute without quotes") { $0[7] = "<aya index=2 text=\"a\" />" },
        Malformed("an attribute without a value") { $0[7] = "<aya index=\"2\" text />" },
        Malformed("attributes without a space between") { $0[7] = "<aya index=\"2\"text=\"a\" />" },
        Malformed("< in a value") { $0[7] = "<aya index=\"2\" text=\"a<b\" />" },
        Malformed("a space before the name") { $0[7] = "< aya index=\"2\" text=\"a\" />" },
        Malformed("an element of another format") { $0[7] = "<verse index=\"2\" text=\"a\" />" },
        Malformed("an ayah without a text") { $0[7] = "<aya index=\"2\" />" },
        Malformed("an ayah without an index") { $0[7] = "<aya text=\"a\" />" },
        Malformed("an index that is no number") { $0[7] = "<aya index=\"02\" text=\"a\" />" },
        Malformed("a comment without an end", line: 6470) {
            $0[1] = "<!-- no end"
            $0[3] = ""
        },
        Malformed("a cut file", line: 3000) { lines in
            lines = Array(lines.prefix(3000))
            lines[2999] = String(lines[2999].dropLast(8))
        },
        Malformed("an empty file", .incomplete, line: 1) { $0 = [""] },
        Malformed("an empty text", .incomplete) { $0[7] = "<aya index=\"2\" text=\"\" />" },
        Malformed("a missing ayah", .incomplete) { $0.remove(at: 7) },
        Malformed("a doubled ayah", .incomplete) { $0.insert($0[6], at: 7) },
        Malformed("two ayahs swapped", .incomplete) { $0.swapAt(7, 8) },
        Malformed("a missing surah", .incomplete, line: 16) { $0[14] = "<sura index=\"3\">" },
    ]

    @Test(arguments: zip(DatabaseEngine.alternating(malformed.count), malformed))
    func `malformed XML is refused with its line, and the store stays as it was`(
        engine: DatabaseEngine, malformed: Malformed
    ) async throws {
        let content = try SmallContent.withXML(malformed.change)
        for kind in UntouchedStore.allCases {
            let error = try await refusal(of: content, by: try await kind.open(engine), allowUnpinned: true)
            #expect(error.code == malformed.code, "\(error)")
            #expect(error.file == SmallContent.scriptXML)
            #expect(error.line == malformed.line, "\(error)")
            #expect(error.reason.utf8.count < 200, "an error does not repeat whatever was sent")
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `bytes that are not UTF-8 are refused with their line`(engine: DatabaseEngine) async throws {
        let content = try SmallContent.withXML()
        try content.edit(SmallContent.scriptXML) { lines in
            lines[7] = Data("<aya index=\"2\" text=\"caf".utf8) + [0xE9] + Data("\" />".utf8)
        }
        let error = try await refusal(of: content, by: try await UntouchedStore.seeded.open(engine))
        #expect(error.code == .encoding)
        #expect(error.line == 8)
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `UTF-16 is refused`(engine: DatabaseEngine) async throws {
        let content = try SmallContent.withXML()
        let text = String(decoding: try content.read(SmallContent.scriptXML), as: UTF8.self)
        let bytes: [UInt8] = text.utf16.flatMap { unit -> [UInt8] in [UInt8(unit & 255), UInt8(unit >> 8)] }
        try content.write(Data([0xFF, 0xFE]) + bytes, to: SmallContent.scriptXML)
        let error = try await refusal(of: content, by: try await UntouchedStore.seeded.open(engine))
        #expect(error.line == 1)
    }
}
