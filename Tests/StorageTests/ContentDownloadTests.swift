import Foundation
import Quran
import Storage
import TestSupport
import Testing

@Suite struct `A download of content` {
    /// What the publisher serves under the paths of the catalogue's templates: the synthetic files, but for changes.
    private static func answers(
        _ changes: [String: LoopbackServer.Answer] = [:], seedData: SeedData = SmallContent.shared.seedData
    ) throws -> [String: LoopbackServer.Answer] {
        let content = SyntheticContent.shared
        var answers: [String: LoopbackServer.Answer] = [:]
        for entry in seedData.catalogue {
            guard let template = entry.download, let file = entry.files.first else { continue }
            let bytes = try Data(contentsOf: content.folder.appending(path: file))
            answers[template.replacing("{base}", with: "")] = changes[entry.edition.id.name] ?? .content(Array(bytes))
        }
        return answers
    }

    /// Serves answers by path with query; 404 for any other.
    private static func publishing<Value>(
        _ answers: [String: LoopbackServer.Answer], _ test: (LoopbackServer) async throws -> Value
    ) async throws -> Value {
        try await LoopbackServer.with({ answers[$0.path] ?? .status(404) }, test)
    }

    private static func file(_ id: String) throws -> [UInt8] {
        let entry = try #require(SyntheticContent.shared.seedData.catalogue.first { $0.edition.id.name == id })
        let file = try #require(entry.files.first)
        return Array(try Data(contentsOf: SyntheticContent.shared.folder.appending(path: file)))
    }

    private static func fill(
        _ folder: URL, from base: String, allowUnpinned: Bool = false,
        seedData: SeedData = SmallContent.shared.seedData
    ) async throws -> [ContentDownload.Outcome] {
        try await ContentDownload(seedData: seedData, base: base)
            .fill(folder, allowUnpinned: allowUnpinned)
    }

    /// Every file below a folder.
    private static func files(_ folder: URL) throws -> Set<String> {
        guard FileManager.default.fileExists(atPath: folder.path) else { return [] }
        let all = try FileManager.default.subpathsOfDirectory(atPath: folder.path)
        return Set(all.filter { !["translations", "tafsir"].contains($0) })
    }

    private static let downloadable = SmallContent.shared.seedData.catalogue.filter { $0.download != nil }

    @Test func `brings every file that the catalogue has an address for, byte for byte`() async throws {
        let folder = TemporaryFolder.unique("content")
        let seedData = SyntheticContent.shared.seedData
        let downloadable = seedData.catalogue.filter { $0.download != nil }
        #expect(downloadable.count < seedData.catalogue.count)
        try await Self.publishing(Self.answers(seedData: seedData)) { server in
            let outcomes = try await Self.fill(folder, from: server.base, seedData: seedData)
            #expect(outcomes.map(\.edition) == downloadable.map(\.edition.id))
            #expect(outcomes.allSatisfy { $0.error == nil })
            #expect(server.requests.count == downloadable.count)
        }
        #expect(try Self.files(folder) == Set(downloadable.compactMap(\.files.first)))
        for entry in downloadable {
            let file = try #require(entry.files.first)
            #expect(
                try Data(contentsOf: folder.appending(path: file))
                    == Data(contentsOf: SyntheticContent.shared.folder.appending(path: file)), "\(file)")
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `can be seeded`(engine: DatabaseEngine) async throws {
        let folder = TemporaryFolder.unique("content")
        try await Self.publishing(Self.answers()) { server in _ = try await Self.fill(folder, from: server.base) }
        try await TestDatabase.with(engine) { store in
            let report = try await Seeder(database: store.database, seedData: SmallContent.shared.seedData)
                .seed(from: ContentFolder(folder))
            #expect(report.editions.count == Self.downloadable.count)
            #expect(report.editions.allSatisfy { $0.isPinned && $0.state == .loaded })
            #expect(report.missing.isEmpty)
        }
    }

    private static func refused(
        _ id: String, _ answer: LoopbackServer.Answer, allowUnpinned: Bool = false
    ) async throws -> ContentError {
        let folder = TemporaryFolder.unique("content")
        let outcomes = try await publishing(answers([id: answer])) { server in
            try await fill(folder, from: server.base, allowUnpinned: allowUnpinned)
        }
        let entry = try #require(downloadable.first { $0.edition.id.name == id })
        let file = try #require(entry.files.first)
        let arrived = Set(outcomes.filter { $0.error == nil }.map(\.file))
        #expect(!arrived.contains(file))
        // Nothing of the refused file, not even under another name.
        #expect(try files(folder) == arrived)
        let error = try #require(outcomes.first { $0.edition == entry.edition.id }?.error)
        #expect(error.file == file)
        if error.code != .unreadable { #expect(arrived.count == downloadable.count - 1) }
        return error
    }

    @Test(arguments: ["uthmani", "en.pickthall", "ar.jalalayn"])
    func `with a changed byte is refused`(edition: String) async throws {
        var bytes = try Self.file(edition)
        let last = try #require(bytes[..<200_000].lastIndex(of: UInt8(ascii: " ")))
        bytes[last] = UInt8(ascii: "_")
        #expect(try await Self.refused(edition, .content(bytes)).code == .hashMismatch)
    }

    @Test func `with another hash is admitted where unpinned texts are, but never an incomplete one`() async throws {
        var bytes = try Self.file("uthmani")
        let last = try #require(bytes[..<200_000].lastIndex(of: UInt8(ascii: " ")))
        bytes[last] = UInt8(ascii: "_")
        let folder = TemporaryFolder.unique("content")
        try await Self.publishing(Self.answers(["uthmani": .content(bytes)])) { server in
            let outcomes = try await Self.fill(folder, from: server.base, allowUnpinned: true)
            #expect(outcomes.allSatisfy { $0.error == nil })
        }
        #expect(try Array(Data(contentsOf: folder.appending(path: SmallContent.script))) == bytes)
        let half = LoopbackServer.Answer.content(Array(bytes.prefix(bytes.count / 2)))
        let error = try await Self.refused("uthmani", half, allowUnpinned: true)
        #expect(error.line != nil)
    }

    @Test func `that is an error page is refused`() async throws {
        let page = Array("<html><body>Please agree to the terms</body></html>".utf8)
        let error = try await Self.refused("uthmani", .content(page))
        #expect(error.code == .format)
        #expect(error.line == 1)
    }

    @Test(arguments: [404, 500, 503, 204, 403])
    func `that is answered with another status is refused, and the others still come`(status: Int) async throws {
        let error = try await Self.refused("en.pickthall", .status(status))
        #expect(error.code == .format)
        #expect(error.reason.contains("answered \(status)"))
    }

    @Test func `that breaks off is refused`() async throws {
        _ = try await Self.refused("en.pickthall", .truncated(try Self.file("en.pickthall")))
    }

    @Test func `that never ends is refused at the limit, and the others still come`() async throws {
        let error = try await Self.refused("en.pickthall", .endless)
        #expect(error.code == .format)
        #expect(error.reason.contains("larger than"))
    }

    @Test func `from a closed port is refused, once`() async throws {
        let folder = TemporaryFolder.unique("content")
        let base = try await Self.publishing([:]) { $0.base }
        let outcomes = try await Self.fill(folder, from: base)
        #expect(outcomes.count == 1)
        #expect(outcomes.first?.error?.code == .unreadable)
        #expect(outcomes.first?.error?.reason.contains("cannot be reached") == true)
        #expect(try Self.files(folder).isEmpty)
    }

    @Test func `does not fetch what is there already, under any of its names`() async throws {
        let folder = TemporaryFolder.unique("content")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let kept = Data("kept".utf8)
        // The second names of two editions.
        for file in ["quran-uthmani.xml", "en.pickthall.txt"] {
            try kept.write(to: folder.appending(path: file))
        }
        try await Self.publishing(Self.answers()) { server in
            let outcomes = try await Self.fill(folder, from: server.base)
            #expect(outcomes.map(\.edition.name) == ["ar.jalalayn"])
            #expect(server.requests.count == 1)
            let before = server.requests.count
            #expect(try await Self.fill(folder, from: server.base).isEmpty)
            #expect(server.requests.count == before)
        }
        #expect(try Data(contentsOf: folder.appending(path: "quran-uthmani.xml")) == kept)
        #expect(try !Self.files(folder).contains("quran-uthmani.txt"))
    }

    @Test func `into a folder that can't be written says so`() async throws {
        let file = TemporaryFolder.unique("file")
        try Data("a file".utf8).write(to: file)
        try await Self.publishing(Self.answers()) { server in
            let outcomes = try await Self.fill(file, from: server.base)
            #expect(outcomes.first?.error?.code == .unreadable)
            #expect(outcomes.first?.error?.reason.contains("cannot be written") == true)
        }
    }
}
