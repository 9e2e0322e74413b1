import Foundation
import Quran
import Storage
import TestSupport
import Testing

/// Every ayah as a client gets it, from a real server process on each engine, against the files that were loaded.
@Suite struct `Content over HTTP` {
    @Test(arguments: DatabaseEngine.allCases)
    func `every ayah of every synthetic edition equals its file byte for byte`(engine: DatabaseEngine) async throws {
        let content = SyntheticContent.shared
        try await expectEverything(
            from: content.folder, seedData: content.seedData, resources: content.resources, engine: engine)
    }

    @Test(.enabled(if: Repository.realContent != nil), arguments: DatabaseEngine.allCases)
    func `every ayah of every real edition equals its file byte for byte`(engine: DatabaseEngine) async throws {
        let folder = try #require(Repository.realContent)
        let seedData = try SeedData(folder: Repository.root.appending(path: "seed-data"))
        try await expectEverything(from: folder, seedData: seedData, resources: Repository.root, engine: engine)
    }

    /// Migrates and seeds with the program itself, serves, and compares what arrives with the files, read here in
    /// another way than the program reads them.
    private func expectEverything(
        from folder: URL, seedData: SeedData, resources: URL, engine: DatabaseEngine
    ) async throws {
        try await TestDatabase.with(engine, holding: .nothing) { store in
            let environment = [
                "DATABASE_URL": store.url, "QURAN_RESOURCES": resources.path, "QURAN_CONTENT_DIR": folder.path,
            ]
            try await TestServer.with(environment, arguments: ["--migrate", "--seed"]) { server in
                let files = seedData.catalogue.compactMap { entry in
                    entry.files.first { FileManager.default.fileExists(atPath: folder.appending(path: $0).path) }
                        .map { (edition: entry.edition, texts: Self.rows(folder.appending(path: $0))) }
                }
                #expect(files.count == seedData.catalogue.count)
                for script in files.filter({ $0.edition.kind == .quran }) {
                    let others = files.filter { $0.edition.kind != .quran }
                    try await expect(script, and: others, from: server, structure: seedData.structure)
                }
            }
        }
    }

    private typealias File = (edition: Edition, texts: [String])

    private func expect(
        _ script: File, and others: [File], from server: TestServer, structure: QuranStructure
    ) async throws {
        let ids = { (kind: Edition.Kind) in
            others.filter { $0.edition.kind == kind }.map(\.edition.id.name).joined(separator: ",")
        }
        let expected = unglued(script.texts, isScript: true, structure: structure)
        for surah in structure.surahs {
            let answer = try await server.get(
                "surahs/\(surah.number)?script=\(script.edition.id)&translations=\(ids(.translation))"
                    + "&tafsirs=\(ids(.tafsir))")
            try #require(answer.status == 200)
            let body = try answer.decoded(as: SurahAnswer.self)
            try #require(body.surah.ayahs.count == surah.ayahCount)
            #expect(body.pagination.totalRecords == surah.ayahCount)
            let range = structure.range(of: surah.number)
            for (number, ayah) in zip(range.numbers, body.surah.ayahs) {
                let row = number.value - 1
                try #require(ayah.number == number.value)
                try expectBytes(ayah.text, expected[row], "\(script.edition.id) \(ayah.key)")
                let quoted = ayah.translations + ayah.tafsirs
                try #require(quoted.count == others.count)
                for other in others {
                    let text = quoted.first { $0.edition == other.edition.id.name }?.text
                    try expectBytes(text, other.texts[row], "\(other.edition.id) \(ayah.key)")
                }
            }
            let first = script.texts[range.first.value - 1]
            if surah.hasBasmala {
                let basmala = try #require(body.surah.basmala)
                let glued = basmala + " " + (body.surah.ayahs[0].text ?? "")
                try expectBytes(glued, first, "the glued first ayah of \(surah.number)")
            } else {
                #expect(body.surah.basmala == nil)
            }
        }
    }

    private func expectBytes(_ found: String?, _ expected: String, _ what: String) throws {
        try #require(found.map { Array($0.utf8) } == Array(expected.utf8), "\(what)")
    }

    /// The texts of a file in Tanzil's text format, read with Foundation.
    private static func rows(_ file: URL) -> [String] {
        guard let data = FileManager.default.contents(atPath: file.path) else { return [] }
        return data.split(separator: UInt8(ascii: "\n")).compactMap { line in
            guard line.first != UInt8(ascii: "#") else { return nil }
            let fields = line.split(separator: UInt8(ascii: "|"), maxSplits: 2)
            return fields.count == 3 ? String(decoding: fields[2], as: UTF8.self) : nil
        }
    }
}
