import Foundation
import Storage
import Synchronization

/// What a store of a test's own holds from the start.
public struct StoreContent: Sendable {
    fileprivate let name: String
    let fill: (@Sendable (TestDatabase) async throws -> Void)?

    /// - Parameters:
    ///   - name: no other content has it.
    ///   - fill: is given a store with tables.
    public init(_ name: String, fill: @escaping @Sendable (TestDatabase) async throws -> Void) {
        self.name = name
        self.fill = { store in
            try await TestDatabase.migrator(store.database).migrate()
            try await fill(store)
        }
    }

    private init() { (name, fill) = ("nothing", nil) }

    /// Not even tables.
    public static let nothing = StoreContent()
    /// Tables.
    public static let schema = StoreContent("schema") { _ in }
    /// And the structure and the catalogue.
    public static let facts = StoreContent("facts") { try await seed($0, from: nil) }
    /// And the synthetic Uthmani and Pickthall, which can be searched.
    public static let twoTexts = StoreContent("two texts") { store in
        let folder = TemporaryFolder.unique("content")
        let files = FileManager.default
        try files.createDirectory(at: folder.appending(path: "translations"), withIntermediateDirectories: true)
        for file in ["quran-uthmani.txt", "translations/en.pickthall.txt"] {
            try files.copyItem(
                at: SyntheticContent.shared.folder.appending(path: file), to: folder.appending(path: file))
        }
        try await seed(store, from: folder)
    }
    /// And all other synthetic texts.
    public static let texts = StoreContent("texts") { try await seed($0, from: SyntheticContent.shared.folder) }

    private static func seed(_ store: TestDatabase, from folder: URL?) async throws {
        _ = try await Seeder(database: store.database, seedData: SyntheticContent.shared.seedData)
            .seed(from: folder.map { try ContentFolder($0) })
    }
}

/// Stores that are filled once a process, and copied for each test.
enum StoreTemplates {
    private struct Key: Hashable {
        let engine: DatabaseEngine
        let content: String
    }

    private static let known = Mutex<[Key: Task<String, any Error>]>([:])

    /// Makes a store that holds `content`, and opens it.
    static func copy(_ engine: DatabaseEngine, holding content: StoreContent) async throws -> TestDatabase {
        guard let fill = content.fill else { return try open(await TestDatabase.make(engine)) }
        let template = known.withLock { known in
            let key = Key(engine: engine, content: content.name)
            let task = known[key] ?? Task { try await make(engine, fill) }
            known[key] = task
            return task
        }
        let store = try open(await TestDatabase.make(engine, like: template.value))
        // As one that was made anew: stores that share a Redis must not be taken for one another.
        let name = engine == .sqlite ? "lower(hex(randomblob(16)))" : "gen_random_uuid()"
        try await store.shell("UPDATE content_versions SET tag = 'store:' || \(name) WHERE tag LIKE 'store:%'")
        return store
    }

    private static func make(
        _ engine: DatabaseEngine, _ fill: @Sendable (TestDatabase) async throws -> Void
    ) async throws -> String {
        let store = try open(await TestDatabase.make(engine))
        try await fill(store)
        switch engine {
        case .sqlite: try await store.shell("PRAGMA wal_checkpoint(TRUNCATE)")
        case .postgres:
            // What has sessions can't be copied. The server itself sees to those of its own.
            let name = TestDatabase.name(of: store.url)
            try await TestDatabase.psql(
                """
                ALTER DATABASE \(name) ALLOW_CONNECTIONS false;
                SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE datname = '\(name)' AND usename = current_user
                """,
                url: TestDatabase.postgresURL())
        }
        return store.url
    }

    static func open(_ url: String) throws -> TestDatabase {
        let database = try DatabaseURL(url).open(create: true, logger: TestDatabase.logger)
        return TestDatabase(database: database, url: url)
    }
}
