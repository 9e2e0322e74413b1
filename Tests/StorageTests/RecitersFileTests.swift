import Foundation
import Quran
import Storage
import TestSupport
import Testing

@Suite struct `The reciters of a content folder` {
    private static func record(_ changes: [String: Any] = [:]) -> [String: Any] {
        let record: [String: Any] = [
            "id": "surah.test.someone", "name_en": "Someone", "name_ar": "أحد", "style": "murattal",
            "riwayah": "hafs_an_asim", "granularity": "surah", "provider": "test",
            "url_pattern": "https://example.org/{sss}.mp3", "bitrate": "128kbps", "surahs": [114, 1],
            "alternates": [["bitrate": "64kbps", "url_pattern": "https://example.org/64/{sss}.mp3"]],
        ]
        return record.merging(changes) { $1 }
    }

    private static func content(_ records: [[String: Any]]) throws -> SmallContent {
        let content = try SmallContent()
        try content.write(JSONSerialization.data(withJSONObject: ["reciters": records]), to: "reciters.json")
        return content
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `are added to the catalogue, and replace records of the same id`(engine: DatabaseEngine) async throws {
        let known = try #require(SmallContent.shared.seedData.reciters.first)
        let content = try Self.content([
            Self.record(), Self.record(["id": known.id.name, "name_en": "Another name", "surahs": NSNull()]),
        ])
        try await TestDatabase.with(engine) { store in
            let report = try await content.seed(store)
            #expect(report.reciterCount == content.seedData.reciters.count + 1)
            let id = try #require(ReciterID("surah.test.someone"))
            let (reciters, added, replaced) = try await store.database.snapshot { reader in
                let repository = ReciterRepository(reader)
                return (try repository.reciters(), try repository.reciter(id), try repository.reciter(known.id))
            }.value
            #expect(reciters.count == report.reciterCount)
            #expect(
                reciters.filter { ![known.id, id].contains($0.id) }
                    == content.seedData.reciters.filter { $0.id != known.id }.sorted { $0.id < $1.id })
            #expect(added?.nameArabic == "أحد")
            #expect(added?.surahs.map(\.value) == [1, 114])
            #expect(added?.alternates.map(\.bitrate) == ["64kbps"])
            #expect(replaced?.nameEnglish == "Another name")
            #expect(replaced?.isComplete == true)
        }
    }

    @Test(
        arguments: DatabaseEngine.allCases,
        [
            ("id", "Not An Id"), ("granularity", "page"), ("granularity", "ayah"),
            ("url_pattern", "ftp://example.org/{s}"),
            ("url_pattern", "https://example.org/{unknown}"), ("url_pattern", "https://example.org/fixed.mp3"),
            ("url_pattern", "https://example.org/{sss"),
        ])
    func `with unknown values are refused`(engine: DatabaseEngine, change: (key: String, value: String)) async throws {
        let content = try Self.content([Self.record(), Self.record([change.key: change.value])])
        let error = try await refusal(of: content, by: try await UntouchedStore.seeded.open(engine))
        #expect(error.code == .format)
        #expect(error.file == "reciters.json")
    }

    @Test(arguments: DatabaseEngine.allCases, [[0], [115], [-1], [1, 2, 300]])
    func `of surahs that don't exist are refused`(engine: DatabaseEngine, surahs: [Int]) async throws {
        let content = try Self.content([Self.record(["surahs": surahs])])
        let error = try await refusal(of: content, by: try await UntouchedStore.empty.open(engine))
        #expect(error.code == .format)
        #expect(error.file == "reciters.json")
    }

    @Test(
        arguments: DatabaseEngine.allCases,
        [
            "", "{", "[]", "{\"reciters\": {}}", "{\"reciters\": [{}]}", "{\"reciters\": [{\"id\": 1}]}",
            "{\"reciters\": [null]}", "{\"reciters\": []} more", "\u{0}",
        ])
    func `in malformed JSON are refused`(engine: DatabaseEngine, json: String) async throws {
        let content = try SmallContent()
        try content.write(Data(json.utf8), to: "reciters.json")
        let error = try await refusal(of: content, by: try await UntouchedStore.seeded.open(engine))
        #expect(error.code == .format)
        #expect(error.file == "reciters.json")
        #expect(!error.reason.isEmpty)
    }

    @Test func `that stand twice in the seed data are refused`() throws {
        let content = try SmallContent { _ in }
        try JSONSerialization.data(withJSONObject: ["reciters": [Self.record(), Self.record()]])
            .write(to: content.seedFolder.appending(path: "reciters.json"))
        let error = #expect(throws: ContentError.self) { try SeedData(folder: content.seedFolder) }
        #expect(error?.file == "reciters.json")
        #expect(error?.reason.contains("surah.test.someone") == true)
    }

    @Test func `are not the only ones that may not stand twice`() throws {
        #expect(throws: ContentError.self) { try SmallContent { $0.append($0[0]) } }
    }
}
