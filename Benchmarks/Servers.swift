public import ArgumentParser
import CoherenceHarness
import Foundation
public import Storage
import TestSupport

/// The servers of one run, and connections of several instances to a store on them.
struct Servers: Sendable {
    let redis: PrivateRedis
    /// Only if the store is on it.
    let postgres: PrivatePostgres?
    /// Of the store.
    let url: String

    /// Runs `body` with a migrated and seeded store, and ends everything afterwards.
    static func run<Value>(
        _ engine: DatabaseEngine, _ body: (Servers) async throws -> Value
    ) async throws -> Value {
        let redis = try PrivateRedis()
        let postgres = engine == .postgres ? try PrivatePostgres(settings: ["max_connections=100"]) : nil
        let folder = FileManager.default.temporaryDirectory.appending(path: "bench-\(UUID().uuidString)")
        let result: Result<Value, any Error>
        do {
            try await redis.start()
            try await postgres?.start()
            let url = postgres?.url() ?? "sqlite:\(folder.path)/quran.sqlite"
            let database = try DatabaseURL(url).open(create: true, logger: .silent)
            try await TestDatabase.migrator(database).migrate()
            _ = try await Seeder(database: database, seedData: SyntheticContent.shared.seedData).seed(from: nil)
            result = .success(try await body(Servers(redis: redis, postgres: postgres, url: url)))
        } catch {
            result = .failure(error)
        }
        await redis.remove()
        await postgres?.remove()
        if FileManager.default.fileExists(atPath: folder.path) { try FileManager.default.removeItem(at: folder) }
        return try result.get()
    }

    /// Another pool of connections to the store.
    func connect() throws -> any Database { try DatabaseURL(url).open(create: false, logger: .silent) }
}

extension DatabaseEngine: ExpressibleByArgument {}
