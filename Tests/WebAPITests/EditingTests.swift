import Foundation
import Quran
import Storage
import TestSupport
import Testing

/// Editors at work on the running program.
@Suite struct `Editing` {
    private static let edition = """
        {"id": "en.new", "kind": "translation", "name": "New", "language": "en", "direction": "ltr"}
        """
    private static let rights = #"{"licence": "CC0-1.0", "source": "us", "attribution": "made by us"}"#

    private static let file = "translations/en.pickthall.txt"

    @Test(arguments: DatabaseEngine.allCases)
    func `an edition goes from draft to published and back out of sight, and nobody sees it before`(
        engine: DatabaseEngine
    ) async throws {
        try await EditorClient.with(engine) { store, editor in
            let server = editor.server
            let made = try await editor.ask(.post, "editions", Self.edition)
            #expect(made.status == 201 && made.headers["location"] == "/api/v1/admin/editions/en.new")
            #expect(made.headers["cache-control"] == "no-store")
            #expect(try made.text("edition", "status") == "draft")
            #expect(try await editor.ask(.post, "editions", Self.edition).status == 409)
            func isPublic() async throws -> Bool {
                let list = try await server.get("translations")
                let single = try await server.get("editions/en.new")
                let quoted = try await server.get("ayahs/1?translations=en.new")
                let all = [
                    String(decoding: list.body, as: UTF8.self).contains("en.new"), single.status == 200,
                    quoted.status == 200,
                ]
                #expect(Set(all).count == 1, "\(all)")
                return single.status == 200
            }
            #expect(try await !isPublic())
            let refused = try await editor.ask(.post, "editions/en.new/publish")
            #expect(refused.status == 409 && refused.problem == "incomplete")
            let stale = try await editor.ask(.patch, "editions/en.new", Self.rights, ifMatch: #""stale""#)
            #expect(stale.status == 412)
            let tag = try #require(made.headers["etag"])
            let patched = try await editor.ask(.patch, "editions/en.new", Self.rights, ifMatch: tag)
            #expect(try patched.status == 200 && patched.text("edition", "licence") == "CC0-1.0")
            #expect(try await editor.ask(.post, "editions/en.new/publish").problem == "incomplete")
            // A change that changes nothing leaves no trace.
            let entries = try await editor.newestEntry()
            #expect(try await editor.ask(.patch, "editions/en.new", Self.rights).status == 200)
            #expect(try await editor.newestEntry() == entries)
            let draft = try await editor.ask(
                .post, "editions/en.new/drafts?file=new.txt", data: EditorClient.synthetic(Self.file),
                type: "text/plain")
            #expect(draft.status == 201)
            let number = try #require(try draft.member("draft", "id") as? Int)
            #expect(try await editor.ask(.post, "drafts/\(number)/publish").status == 200)
            #expect(try await editor.ask(.get, "drafts/\(number)").status == 404)
            #expect(try await !isPublic())
            #expect(try await editor.ask(.post, "editions/en.new/publish").status == 200)
            #expect(try await isPublic())
            #expect(try await StoreVerification.verify(store.database).isSound)
            #expect(try await editor.ask(.post, "editions/en.new/withdraw").status == 200)
            #expect(try await !isPublic())
            // Back, step by step, until nothing of it is there.
            for entry in stride(from: try await editor.newestEntry(), through: 1, by: -1) {
                let answer = try await editor.ask(.post, "audit/\(entry)/rollback")
                let isUpload = entry == number
                #expect(answer.status == (isUpload ? 409 : 201), "\(entry): \(answer.problem ?? "")")
            }
            #expect(try await editor.ask(.get, "editions/en.new").status == 404)
            #expect(try await StoreVerification.verify(store.database).isSound)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `an ayah is corrected and put back, byte for byte, and a text is replaced and put back`(
        engine: DatabaseEngine
    ) async throws {
        try await EditorClient.with(engine) { store, editor in
            let path = "editions/en.pickthall/ayahs/2:255"
            let before = try await editor.ask(.get, "editions/en.pickthall")
            #expect(try before.member("edition", "pinned") as? Bool == true)
            let original = try await editor.ask(.get, path)
            let text = "e\u{301} “corrected” ۞ | \\"
            let body = String(decoding: try JSONSerialization.data(withJSONObject: ["text": text]), as: UTF8.self)
            let changed = try await editor.ask(.put, path, body, ifMatch: original.headers["etag"])
            #expect(changed.status == 200)
            #expect(try await editor.ask(.put, path, body, ifMatch: original.headers["etag"]).status == 412)
            let shown = try await editor.server.get("ayahs/2:255?translations=en.pickthall")
            #expect(shown.body.range(of: Data("e\u{301} “corrected” ۞ | \\\\".utf8)) != nil)
            let between = try await editor.ask(.get, "editions/en.pickthall")
            #expect(try between.member("edition", "pinned") as? Bool == false)
            #expect(try await StoreVerification.verify(store.database).isSound)
            let entry = try await editor.newestEntry()
            let draft = try await editor.ask(
                .post, "editions/en.pickthall/drafts", data: EditorClient.synthetic("translations/nl.keyzer.txt"),
                type: "text/plain; charset=utf-8")
            let number = try #require(try draft.member("draft", "id") as? Int)
            let report = try #require(try draft.member("draft", "report") as? [String: Any])
            #expect((report["keys"] as? [String])?.first == "1:1" && report["differing"] as? Int == 6236)
            #expect(try await editor.ask(.put, path, #"{"text": "again"}"#).status == 200)
            let outdated = try await editor.ask(.post, "drafts/\(number)/publish")
            #expect(outdated.status == 409 && outdated.problem == "outdated-draft")
            #expect(try await editor.ask(.post, "drafts/\(number)/publish", #"{"replace": true}"#).status == 200)
            let published = try await editor.newestEntry()
            let conflict = try await editor.ask(.post, "audit/\(entry)/rollback")
            #expect(conflict.status == 409 && conflict.problem == "changed-since")
            #expect(String(decoding: conflict.body, as: UTF8.self).contains("entry \(published)"))
            for entry in [published, published - 1, entry] {
                let answer = try await editor.ask(.post, "audit/\(entry)/rollback")
                #expect(try answer.status == 201 && answer.member("entry", "reverts") as? Int == entry)
                #expect(try await StoreVerification.verify(store.database).isSound)
            }
            let after = try await editor.ask(.get, "editions/en.pickthall")
            #expect(try after.text("edition", "sha256") == before.text("edition", "sha256"))
            #expect(try after.member("edition", "pinned") as? Bool == true)
            #expect(try await editor.ask(.get, path).body == original.body)
            let entries = try await editor.ask(.get, "audit?subject=ayah:en.pickthall:2:255").json()["entries"]
            #expect((entries as? [[String: Any]])?.allSatisfy { $0["actor"] as? String == "editor" } == true)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `reciters and names of surahs are changed and put back, and a seed leaves what stands`(
        engine: DatabaseEngine
    ) async throws {
        try await EditorClient.with(engine) { store, editor in
            let content = SyntheticContent.shared
            let reciter = #"""
                {"id": "ayah.new", "name_english": "New", "name_arabic": "جديد", "style": "murattal",
                 "riwayah": "hafs_an_asim", "granularity": "ayah", "provider": "us",
                 "url_pattern": "https://audio.example/{sss}{aaa}.mp3"}
                """#
            #expect(try await editor.ask(.post, "reciters", reciter).status == 201)
            #expect(try await editor.ask(.patch, "reciters/ayah.new", #"{"bitrate": "64kbps"}"#).status == 200)
            let unfit = try await editor.ask(.patch, "reciters/ayah.new", #"{"granularity": "surah"}"#)
            #expect(unfit.status == 400 && String(decoding: unfit.body, as: UTF8.self).contains("#/url_pattern"))
            let known = try #require(content.seedData.reciters.first).id
            #expect(try await editor.ask(.delete, "reciters/\(known)").status == 204)
            #expect(try await editor.server.get("reciters/\(known)").status == 404)
            let names = #"{"name_english": "The Opener"}"#
            #expect(try await editor.ask(.patch, "surahs/1", names).status == 200)
            let fact = try await editor.ask(.patch, "surahs/1", #"{"ayah_count": 8}"#)
            #expect(fact.status == 400 && String(decoding: fact.body, as: UTF8.self).contains("name_arabic"))
            #expect(try await editor.ask(.patch, "editions/nl.keyzer", #"{"name": "Edited"}"#).status == 200)
            #expect(
                try await editor.ask(.put, "editions/nl.keyzer/ayahs/1", #"{"text": "edited"}"#).status == 200)
            let newest = try await editor.newestEntry()
            func seed() async throws -> SeedReport {
                try await Seeder(database: store.database, seedData: content.seedData)
                    .seed(from: ContentFolder(content.folder))
            }
            let report = try await seed()
            #expect(report.kept.map(\.description) == ["surah:1", "edition:nl.keyzer", "reciter:\(known)"])
            #expect(report.editions.first { $0.edition.name == "nl.keyzer" }?.state == .kept)
            #expect(try await StoreVerification.verify(store.database).isSound)
            #expect(try await editor.ask(.get, "reciters/ayah.new").status == 200)
            #expect(try await editor.ask(.get, "reciters/\(known)").status == 404)
            #expect(try await editor.ask(.get, "surahs/1").text("surah", "name_english") == "The Opener")
            for entry in stride(from: newest, through: 1, by: -1) {
                #expect(try await editor.ask(.post, "audit/\(entry)/rollback").status == 201)
            }
            let again = try await seed()
            #expect(again.kept.isEmpty && again.editions.allSatisfy { $0.state == .unchanged })
            #expect(try await editor.ask(.get, "reciters/ayah.new").status == 404)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `broken files are refused with their lines, scripts are protected, and only admins come in`(
        engine: DatabaseEngine
    ) async throws {
        try await EditorClient.with(engine) { store, editor in
            let lines = try EditorClient.synthetic(Self.file).split(separator: 10, omittingEmptySubsequences: false).map
            { Data($0) }
            func refused(_ change: (inout [Data]) -> Void) async throws -> [Int?] {
                var lines = lines
                change(&lines)
                let answer = try await editor.ask(
                    .post, "editions/en.pickthall/drafts", data: Data(lines.joined(separator: [10])), type: "text/plain"
                )
                #expect(answer.status == 422 && answer.problem == "content-refused")
                let errors = try #require(try answer.json()["errors"] as? [[String: Any]])
                #expect(errors.count <= 100)
                return errors.map { $0["line"] as? Int }
            }
            #expect(try await refused { $0.remove(at: 99) } == [100])
            #expect(try await refused { $0.swapAt(99, 100) } == [100, 101])
            #expect(try await refused { $0[9] += Data("\rmore".utf8) } == [10])
            #expect(
                try await refused {
                    $0[9] += [0xFF]
                    $0[99] = Data("2|93| ".utf8)
                } == [10, 100])
            #expect(try await refused { $0 = [Data([0xFF, 0xFE])] } == [1])
            #expect(try await refused { $0.append(Data("# \0".utf8)) } == [nil])
            #expect(try await refused { $0 = Array(repeating: Data("x".utf8), count: 500) }.count == 100)
            #expect(try await editor.ask(.get, "editions/en.pickthall/drafts").json()["drafts"] as? [String] == [])
            for (method, path, body) in [
                (.patch, "editions/uthmani", Self.rights), (.post, "editions/uthmani/withdraw", nil),
                (.put, "editions/uthmani/ayahs/1:1", #"{"text": "x"}"#),
                (.post, "editions", Self.edition.replacing("translation", with: "quran")),
            ] as [(TestServer.HTTPMethodName, String, String?)] {
                let answer = try await editor.ask(method, path, body)
                #expect(answer.status == 403 && answer.problem == "protected", "\(path)")
            }
            let upload = try await editor.ask(
                .post, "editions/uthmani/drafts", data: EditorClient.synthetic("quran-uthmani.txt"), type: "text/plain")
            #expect(upload.status == 403 && upload.problem == "protected")
            for (body, pointer) in [
                (#"{"name": " "}"#, "#/name"), (#"{"language": "english"}"#, "#/language"),
                (#"{"licence_url": "ftp://example.org"}"#, "#/licence_url"),
                (#"{"redistributable": "maybe"}"#, "#/redistributable"), (#"{"status": "published"}"#, "#/status"),
            ] {
                let answer = try await editor.ask(.patch, "editions/en.pickthall", body)
                #expect(answer.status == 400 && String(decoding: answer.body, as: UTF8.self).contains(pointer))
            }
            #expect(try await editor.ask(.put, "editions/en.pickthall/ayahs/1", #"{"text": "a\nb"}"#).status == 400)
            #expect(try await editor.newestEntry() == 0)
            let reader = try await EditorClient(editor.server, user: "reader", role: .user)
            #expect(try await reader.ask(.get, "audit").status == 403)
            #expect(try await editor.server.get("admin/audit").status == 401)
        }
    }

    @Test func `an edit is seen by another instance soon`() async throws {
        let redis = try #require(
            ProcessInfo.processInfo.environment["TEST_REDIS_URL"], "run the tests with make test, which starts Redis")
        try await TestDatabase.with(.postgres, holding: .facts) { store in
            let environment = EditorClient.environment(store, ["REDIS_URL": redis])
            try await InProcessAPI.with(environment) { one in
                try await InProcessAPI.with(environment) { two in
                    let editor = try await EditorClient(one)
                    _ = try await two.get("surahs/2")
                    let names = #"{"name_english": "Edited"}"#
                    #expect(try await editor.ask(.patch, "surahs/2", names).status == 200)
                    let start = ContinuousClock.now
                    try await eventually("the other instance shows the edit") {
                        String(decoding: try await two.get("surahs/2").body, as: UTF8.self).contains("Edited")
                    }
                    print("an edit was seen by another instance after \((ContinuousClock.now - start).inMilliseconds)")
                }
            }
        }
    }

    @Test(.enabled(if: Repository.realContent != nil), arguments: DatabaseEngine.allCases)
    func `a real translation that was uploaded equals its file byte for byte`(engine: DatabaseEngine) async throws {
        let folder = try #require(Repository.realContent)
        try await EditorClient.with(engine) { _, editor in
            let data = try Data(contentsOf: folder.appending(path: "translations/ru.sablukov.txt"))
            let draft = try await editor.ask(.post, "editions/ru.sablukov/drafts", data: data, type: "text/plain")
            let number = try #require(try draft.member("draft", "id") as? Int)
            #expect(try await editor.ask(.post, "drafts/\(number)/publish").status == 200)
            let rows = data.split(separator: 10).filter { $0.first != UInt8(ascii: "#") && !$0.isEmpty }
            var found: [Data] = []
            for surah in 1...114 {
                let answer = try await editor.server.get("surahs/\(surah)?translations=ru.sablukov")
                for ayah in try answer.decoded(as: SurahAnswer.self).surah.ayahs {
                    let key = ayah.key.replacing(":", with: "|")
                    found.append(Data("\(key)|\(ayah.translations[0].text ?? "")".utf8))
                }
            }
            #expect(found.count == 6236 && found.elementsEqual(rows) { $0.elementsEqual($1) })
        }
    }
}
