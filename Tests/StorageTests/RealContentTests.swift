import Foundation
import Quran
import Storage
import TestSupport
import Testing

/// On the published files themselves, where this machine has them.
@Suite(.enabled(if: Repository.realContent != nil, "the published files are not on this machine"))
struct `The real content` {
    private static func seedData() throws -> SeedData {
        try SeedData(folder: Repository.root.appending(path: "seed-data"))
    }

    private static func folder() throws -> URL { try #require(Repository.realContent) }

    /// The lines of a published file by key, read by a rule of its own.
    private static func published(_ file: String) throws -> [(key: String, text: String)] {
        let bytes = try Data(contentsOf: folder().appending(path: file))
        return String(decoding: bytes, as: UTF8.self).unicodeScalars.split(separator: "\n").compactMap { line in
            let fields = line.split(separator: "|", maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3, line.first != "#" else { return nil }
            var text = String.UnicodeScalarView(fields[2])
            if text.last == "\r" { text.removeLast() }
            return ("\(String(fields[0])):\(String(fields[1]))", String(text))
        }
    }

    @Test func `says where it is`() throws {
        print("StorageTests: testing with the real content in \(try Self.folder().path)")
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `has the pinned hashes, agrees with quran-data.xml, and is served byte for byte`(
        engine: DatabaseEngine
    ) async throws {
        let seedData = try Self.seedData()
        let folder = try Self.folder()
        #expect(FileManager.default.fileExists(atPath: folder.appending(path: "quran-data.xml").path))
        try await TestDatabase.with(engine) { store in
            let report = try await Seeder(database: store.database, seedData: seedData).seed(
                from: ContentFolder(folder))
            #expect(report.editions.allSatisfy { $0.isPinned })
            #expect(report.missing.isEmpty)
            #expect(report.editions.map(\.edition) == seedData.catalogue.map(\.edition.id))
            #expect(report.editions.map(\.sha256) == seedData.catalogue.map(\.sha256))
            for (entry, item) in zip(seedData.catalogue, report.editions) {
                let lines = try Self.published(item.file)
                #expect(lines.count == 6236)
                let isScript = entry.edition.kind == .quran
                let served = unglued(lines.map(\.text), isScript: isScript, structure: seedData.structure)
                let (texts, basmalas) = try await store.database.snapshot(deadline: .seconds(60)) { reader in
                    let repository = EditionRepository(reader)
                    return (
                        try repository.texts(of: entry.edition, in: .all), try repository.basmalas(of: entry.edition)
                    )
                }.value
                let wrong = zip(texts, served).enumerated().filter { $1.0.map { Array($0.utf8) } != Array($1.1.utf8) }
                #expect(wrong.isEmpty, "\(item.file): \(wrong.prefix(3).map { lines[$0.offset].key })")
                #expect(texts.count == served.count)
                #expect(basmalas.count == (isScript ? 112 : 0))
                // 27:30 contains the basmala, and keeps it.
                let ant = lines.firstIndex { $0.key == "27:30" } ?? 0
                #expect(texts[ant].map { Array($0.utf8) } == Array(lines[ant].text.utf8))
            }
            #expect(try await StoreVerification.verify(store.database).isSound)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `spells the basmala of 95 and 97 with a shadda in the vocalised scripts`(engine: DatabaseEngine) async throws {
        let seedData = try Self.seedData()
        let folder = try Self.folder()
        try await TestDatabase.with(engine) { store in
            _ = try await Seeder(database: store.database, seedData: seedData).seed(from: ContentFolder(folder))
            for entry in seedData.catalogue where entry.edition.kind == .quran {
                let (basmalas, first) = try await store.database.snapshot { reader in
                    let repository = EditionRepository(reader)
                    let first = try repository.texts(of: entry.edition, in: .all).first ?? nil
                    return (try repository.basmalas(of: entry.edition), first)
                }.value
                let others = Set(
                    basmalas.filter { $0.value.utf8.elementsEqual(first?.utf8 ?? "".utf8) }.keys.map(\.value))
                let shadda = Set(basmalas.keys.map(\.value)).subtracting(others)
                #expect(shadda.isSubset(of: [95, 97]))
                print("StorageTests: \(entry.edition.id) spells the basmala otherwise in \(shadda.sorted())")
            }
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `in XML has the hash of its text form`(engine: DatabaseEngine) async throws {
        let seedData = try Self.seedData()
        let folder = TemporaryFolder.unique("xml")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try FileManager.default.copyItem(
            at: Self.folder().appending(path: "quran-uthmani.xml"), to: folder.appending(path: "quran-uthmani.xml"))
        try await TestDatabase.with(engine) { store in
            let report = try await Seeder(database: store.database, seedData: seedData).seed(
                from: ContentFolder(folder))
            #expect(report.editions.map(\.file) == ["quran-uthmani.xml"])
            #expect(report.editions.map(\.sha256) == [seedData.catalogue[0].sha256])
            #expect(report.editions.allSatisfy { $0.isPinned })
        }
    }
}
