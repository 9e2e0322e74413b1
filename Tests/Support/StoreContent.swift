import Foundation
import Storage
import Synchronization

/// What a store of a test's own holds from the start.
public enum StoreContent: Sendable, Hashable, CaseIterable {
    /// Not even tables.
    case nothing
    /// Tables.
    case schema
    /// And the structure and the catalogue.
    case facts
    /// And the synthetic Uthmani and Pickthall, which can be searched.
    case twoTexts
    /// And all other synthetic texts.
    case texts

    func fill(_ store: TestDatabase) async throws {
        if self != .nothing { try await TestDatabase.migrator(store.database).migrate() }
        let content = SyntheticContent.shared
        let folder: ContentFolder?
        switch self {
        case .nothing, .schema: return
        case .facts: folder = nil
        case .twoTexts:
            let some = TemporaryFolder.unique("content")
            let files = FileManager.default
            try files.createDirectory(at: some.appending(path: "translations"), withIntermediateDirectories: true)
            for file in ["quran-uthmani.txt", "translations/en.pickthall.txt"] {
                try files.copyItem(at: content.folder.appending(path: file), to: some.appending(path: file))
            }
            folder = try ContentFolder(some)
        case .texts: folder = try ContentFolder(content.folder)
        }
        _ = try await Seeder(database: store.database, seedData: content.seedData).seed(from: folder)
    }
}

/// Stores that are filled once a process, and copied for each test.
enum StoreTemplates {
    private struct Key: Hashable {
        let engine: DatabaseEngine
        let content: StoreContent
    }

    private static let known = Mutex<[Key: Task<String, any Error>]>([:])

    /// Makes a store that holds `content`, and opens it.
    static func copy(_ engine: DatabaseEngine, holding content: StoreContent) async throws -> TestDatabase {
        guard content != .nothing else { return try open(await TestDatabase.make(engine)) }
        let template = known.withLock { known in
            let key = Key(engine: engine, content: content)
            let task = known[key] ?? Task { try await make(engine, content) }
            known[key] = task
            return task
        }
        let store = try open(await TestDatabase.make(engine, like: template.value))
        // As one that was made anew: stores that share a Redis must not be taken for one another.
        let name = engine == .sqlite ? "lower(hex(randomblob(16)))" : "gen_random_uuid()"
        try store.shell("UPDATE content_versions SET tag = 'store:' || \(name) WHERE tag LIKE 'store:%'")
        return store
    }

    private static func make(_ engine: DatabaseEngine, _ content: StoreContent) async throws -> String {
        let store = try open(await TestDatabase.make(engine))
        try await content.fill(store)
        switch engine {
        case .sqlite: try store.shell("PRAGMA wal_checkpoint(TRUNCATE)")
        case .postgres:
            // What has sessions can't be copied.
            let name = TestDatabase.name(of: store.url)
            try TestDatabase.psql(
                """
                ALTER DATABASE \(name) ALLOW_CONNECTIONS false;
                SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '\(name)'
                """,
                url: TestDatabase.postgresURL())
        }
        return store.url
    }

    private static func open(_ url: String) throws -> TestDatabase {
        let database = try DatabaseURL(url).open(create: true, logger: TestDatabase.logger)
        return TestDatabase(database: database, url: url)
    }
}
