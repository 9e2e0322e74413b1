import Foundation
import Quran
import Storage
import TestSupport
import Testing

/// What editors and operators may do to each other's work.
@Suite struct `Mishaps of editing` {
    private static let file = "translations/en.pickthall.txt"
    private static let other = "translations/nl.keyzer.txt"
    private static let edition = """
        {"id": "en.new", "kind": "translation", "name": "New", "language": "en", "direction": "ltr",
         "licence": "CC0-1.0", "source": "us", "attribution": "made by us"}
        """

    private static func hash(_ editor: EditorClient) async throws -> String? {
        try await editor.ask(.get, "editions/en.pickthall").text("edition", "sha256")
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `a text that was changed by hand is repaired by its own file`(engine: DatabaseEngine) async throws {
        try await EditorClient.with(engine) { store, editor in
            let original = try await Self.hash(editor)
            let change = "UPDATE ayah_texts SET text = 'altered' WHERE edition = 'en.pickthall' AND ayah = 7"
            // Under its own name, and another text's in between.
            for files in [[Self.file], [Self.other, Self.file]] {
                try await store.shell(change)
                #expect(try await !StoreVerification.verify(store.database).isSound)
                for file in files {
                    let draft = try await editor.upload(file, to: "en.pickthall")
                    #expect(try await editor.ask(.post, "drafts/\(draft)/publish").status == 200)
                    #expect(try await StoreVerification.verify(store.database).isSound)
                }
                let edition = try await editor.ask(.get, "editions/en.pickthall")
                #expect(try edition.text("edition", "sha256") == original)
                #expect(try edition.member("edition", "pinned") as? Bool == true)
            }
            // What was there by hand is in the log under its own hash.
            let newest = try await editor.newestEntry()
            for entry in [newest, newest - 2] {
                #expect(try await editor.ask(.post, "audit/\(entry)/rollback").status == 201)
                #expect(try await StoreVerification.verify(store.database).isSound)
            }
            #expect(try await Self.hash(editor) != original)
            #expect(try await editor.ask(.get, "editions/en.pickthall/ayahs/7").text("ayah", "text") == "altered")
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `an edition without a text is not published by rollbacks`(engine: DatabaseEngine) async throws {
        try await EditorClient.with(engine) { _, editor in
            #expect(try await editor.ask(.post, "editions", Self.edition).status == 201)
            let draft = try await editor.upload(Self.file, to: "en.new")
            #expect(try await editor.ask(.post, "drafts/\(draft)/publish").status == 200)
            let text = try await editor.newestEntry()
            #expect(try await editor.ask(.post, "editions/en.new/publish").status == 200)
            #expect(try await editor.ask(.post, "editions/en.new/withdraw").status == 200)
            let withdrawal = try await editor.newestEntry()
            #expect(try await editor.ask(.post, "audit/\(text)/rollback").status == 201)
            let refused = try await editor.ask(.post, "audit/\(withdrawal)/rollback")
            #expect(refused.status == 409 && refused.problem == "incomplete")
            #expect(try await editor.ask(.get, "editions/en.new").text("edition", "status") == "withdrawn")
            #expect(try await editor.newestEntry() == withdrawal + 1)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `drafts don't vanish from the log`(engine: DatabaseEngine) async throws {
        try await EditorClient.with(engine) { _, editor in
            #expect(try await editor.ask(.post, "editions", Self.edition).status == 201)
            let made = try await editor.newestEntry()
            let draft = try await editor.upload(Self.file, to: "en.new")
            #expect(try await editor.ask(.post, "audit/\(made)/rollback").problem == "conflict")
            #expect(try await editor.ask(.delete, "drafts/\(draft)").status == 204)
            #expect(try await editor.ask(.post, "audit/\(made)/rollback").status == 201)
            // The same text and notice as are there.
            let same = try await editor.upload(Self.file, to: "en.pickthall")
            #expect(try await editor.ask(.post, "drafts/\(same)/publish").status == 200)
            #expect(try await editor.ask(.get, "drafts/\(same)").status == 404)
            let entry = try await editor.ask(.get, "audit/\(editor.newestEntry())")
            #expect(try entry.text("entry", "action") == "draft.delete")
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `a seed leaves an ayah that stands behind other edits`(engine: DatabaseEngine) async throws {
        try await EditorClient.with(engine) { store, editor in
            let path = "editions/en.pickthall/ayahs/1"
            let original = try #require(try await editor.ask(.get, path).text("ayah", "text"))
            func correct(to text: String) async throws {
                let body = String(decoding: try JSONSerialization.data(withJSONObject: ["text": text]), as: UTF8.self)
                #expect(try await editor.ask(.put, path, body).status == 200)
            }
            func seed() async throws -> SeedReport.Item.State? {
                let content = SyntheticContent.shared
                let report = try await Seeder(database: store.database, seedData: content.seedData)
                    .seed(from: ContentFolder(content.folder))
                return report.editions.first { $0.edition.name == "en.pickthall" }?.state
            }
            try await correct(to: "corrected")
            let draft = try await editor.upload(Self.other, to: "en.pickthall")
            #expect(try await editor.ask(.post, "drafts/\(draft)/publish").status == 200)
            try await correct(to: original)
            // The whole text as it was after the correction.
            var lines = try EditorClient.synthetic(Self.file).split(separator: 10, omittingEmptySubsequences: false)
            lines[0] = Data("1|1|corrected".utf8)
            let back = try await editor.ask(
                .post, "editions/en.pickthall/drafts?file=\(Self.file)", data: Data(lines.joined(separator: [10])),
                type: "text/plain")
            let number = try #require(try back.member("draft", "id") as? Int)
            #expect(try await editor.ask(.post, "drafts/\(number)/publish").status == 200)
            #expect(try await editor.ask(.get, path).text("ayah", "text") == "corrected")
            #expect(try await seed() == .kept)
            #expect(try await editor.ask(.get, path).text("ayah", "text") == "corrected")
            // Put back, nothing stands.
            try await correct(to: original)
            #expect(try await seed() == .unchanged)
        }
    }

    @Test(arguments: ["*", "\"tag\""])
    func `nothing is made on the condition that it is there`(condition: String) async throws {
        try await EditorClient.with(.sqlite) { _, editor in
            for (path, body, type) in [
                ("editions", Data(Self.edition.utf8), "application/json"),
                ("editions/en.pickthall/drafts", try EditorClient.synthetic(Self.file), "text/plain"),
                (
                    "reciters",
                    Data(
                        #"""
                        {"id": "ayah.new", "name_english": "New", "name_arabic": "جديد", "style": "murattal",
                         "riwayah": "hafs_an_asim", "granularity": "ayah", "provider": "us",
                         "url_pattern": "https://audio.example/{sss}{aaa}.mp3"}
                        """#.utf8), "application/json"
                ),
            ] {
                let answer = try await editor.ask(.post, path, data: body, type: type, ifMatch: condition)
                #expect(answer.status == 400 && answer.problem == "invalid-header", "\(path)")
            }
            #expect(try await editor.newestEntry() == 0)
        }
    }
}
