import Foundation
import Quran
import Storage
import Synchronization
import TestSupport
import Testing

/// A content folder of its own with three of the synthetic editions, one of each kind, for a test to damage.
struct SmallContent: Sendable {
    static let script = "quran-uthmani.txt"
    static let scriptXML = "quran-uthmani.xml"
    static let translation = "translations/en.pickthall.txt"
    static let tafsir = "tafsir/ar.jalalayn.txt"

    let folder: URL
    let seedFolder: URL
    let seedData: SeedData

    var structure: QuranStructure { seedData.structure }

    /// With the seed data of ``shared``.
    init(files: [String] = [script, translation, tafsir]) throws {
        seedFolder = Self.shared.seedFolder
        seedData = Self.shared.seedData
        folder = TemporaryFolder.unique("content")
        try copy(files)
    }

    /// With seed data of its own.
    ///
    /// - Parameter editing: changes the records of `editions.json`.
    init(
        files: [String] = [script, translation, tafsir], editing: (inout [[String: Any]]) -> Void
    ) throws {
        let root = TemporaryFolder.unique("small")
        folder = root.appending(path: "content")
        seedFolder = root.appending(path: "seed-data")
        try FileManager.default.createDirectory(at: root, withIntermediateDirectories: true)
        let synthetic = SyntheticContent.shared
        try FileManager.default.copyItem(at: synthetic.resources.appending(path: "seed-data"), to: seedFolder)
        let catalogue = seedFolder.appending(path: "editions.json")
        var object =
            try JSONSerialization.jsonObject(with: Data(contentsOf: catalogue)) as? [String: Any] ?? [:]
        var records = (object["editions"] as? [[String: Any]] ?? []).filter { record in
            ["uthmani", "en.pickthall", "ar.jalalayn"].contains(record["id"] as? String)
        }
        editing(&records)
        object["editions"] = records
        try JSONSerialization.data(withJSONObject: object, options: .sortedKeys).write(to: catalogue)
        seedData = try SeedData(folder: seedFolder)
        try copy(files)
    }

    private func copy(_ files: [String]) throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for file in files {
            try write(Data(contentsOf: SyntheticContent.shared.folder.appending(path: file)), to: file)
        }
    }

    static let shared: SmallContent = {
        do { return try SmallContent(editing: { _ in }) } catch {
            fatalError("cannot make the small content: \(error)")
        }
    }()

    func write(_ data: Data, to file: String) throws {
        let url = folder.appending(path: file)
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try data.write(to: url)
    }

    func read(_ file: String) throws -> Data { try Data(contentsOf: folder.appending(path: file)) }

    /// Changes the lines of a file, without their LF.
    func edit(_ file: String, _ change: (inout [Data]) -> Void) throws {
        let published = SyntheticContent.shared.published[file] != nil
        var lines = published ? try Self.lines(of: file) : Self.lines(of: try read(file))
        change(&lines)
        var data = Data()
        for (index, line) in lines.enumerated() {
            if index > 0 { data.append(10) }
            data.append(line)
        }
        try write(data, to: file)
    }

    /// The lines of a synthetic file, which are the same for every test.
    private static func lines(of file: String) throws -> [Data] {
        try known.withLock { known in
            if let lines = known[file] { return lines }
            let lines = lines(of: try Data(contentsOf: SyntheticContent.shared.folder.appending(path: file)))
            known[file] = lines
            return lines
        }
    }

    private static func lines(of data: Data) -> [Data] {
        data.split(separator: 10, omittingEmptySubsequences: false).map { Data($0) }
    }

    private static let known = Mutex<[String: [Data]]>([:])

    @discardableResult
    func seed(_ store: TestDatabase, allowUnpinned: Bool = false) async throws -> SeedReport {
        try await Seeder(database: store.database, seedData: seedData)
            .seed(from: ContentFolder(folder), allowUnpinned: allowUnpinned)
    }

    @discardableResult
    func seedFacts(_ store: TestDatabase) async throws -> SeedReport {
        try await Seeder(database: store.database, seedData: seedData).seed(from: nil)
    }
}

/// Stores that are shared by tests that must leave them as they are.
enum UntouchedStore: String, Sendable, CaseIterable {
    case empty, seeded

    func open(_ engine: DatabaseEngine) async throws -> TestDatabase {
        guard let store = Self.stores[Key(engine: engine, kind: self)] else { throw TestFailure("no such store") }
        return try await store.value
    }

    /// What such a store holds, and must go on to hold.
    static func dump(of store: TestDatabase) -> String? { dumps.withLock { $0[store.url] } }

    private static let dumps = Mutex<[String: String]>([:])

    private struct Key: Hashable {
        let engine: DatabaseEngine
        let kind: UntouchedStore
    }

    private static let stores: [Key: Task<TestDatabase, any Error>] = Dictionary(
        uniqueKeysWithValues: DatabaseEngine.allCases.flatMap { engine in
            allCases.map { kind in
                let store = Task {
                    let url = try await TestDatabase.make(engine)
                    let database = try DatabaseURL(url).open(create: true, logger: TestDatabase.logger)
                    try await TestDatabase.migrator(database).migrate()
                    let store = TestDatabase(database: database, url: url)
                    if kind == .seeded { try await SmallContent.shared.seed(store) }
                    let dump = try await store.dump()
                    dumps.withLock { $0[url] = dump }
                    return store
                }
                return (Key(engine: engine, kind: kind), store)
            }
        })
}

/// What was refused, with the store in front of it.
///
/// - Returns: the error; the store's rows are compared before and after.
func refusal(of content: SmallContent, by store: TestDatabase, allowUnpinned: Bool = false) async throws -> ContentError
{
    let known = UntouchedStore.dump(of: store)
    let before = if let known { known } else { try await store.dump() }
    do {
        let report = try await content.seed(store, allowUnpinned: allowUnpinned)
        throw TestFailure("was admitted: \(report.editions.map(\.state))")
    } catch let error as ContentError {
        guard try await store.dump() == before else {
            throw TestFailure("the store was changed, and then refused: \(error)")
        }
        return error
    }
}

/// A file of the content folder that is not what it should be, and what the refusal must say.
struct Damage: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let code: ContentError.Code
    /// `nil` where no line can be named: a hash is of the whole.
    let line: Int?
    let reason: String
    let change: @Sendable (inout [Data]) -> Void

    init(
        _ name: String, _ code: ContentError.Code, line: Int?, _ reason: String,
        _ change: @escaping @Sendable (inout [Data]) -> Void
    ) {
        testDescription = name
        self.code = code
        self.line = line
        self.reason = reason
        self.change = change
    }
}

extension DatabaseEngine {
    /// One engine for each of many cases, by turns: texts are read and judged before either engine is asked, and each is asked
    /// often enough.
    static func alternating(_ count: Int) -> [DatabaseEngine] { (0..<count).map { allCases[$0 % allCases.count] } }
}

extension StoreContent {
    /// What ``SmallContent`` has.
    static let small = StoreContent("small") { try await SmallContent.shared.seed($0) }
}
