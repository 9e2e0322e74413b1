import ContentService
import NIOCore
import Quran
import Storage
import Synchronization
import TestSupport
import Testing

@testable import Caching

/// What is made with the structure in memory, while that changes.
@Suite(.timeLimit(.minutes(5))) struct `Changes of the structure` {
    private static func with(
        _ engine: DatabaseEngine, _ test: @Sendable (TestDatabase, ContentSystem) async throws -> Void
    ) async throws {
        try await TestDatabase.with(engine, holding: .facts) { store in
            var policy = CachePolicy()
            policy.concurrentLoads = 1
            policy.impatience = .seconds(60)
            let system = try await ContentSystem(
                database: store.database, cacheCapacity: 16 << 20, policy: policy, logger: TestDatabase.logger)
            let polling = Task { try await system.poller.run() }
            defer { polling.cancel() }
            try await test(store, system)
        }
    }

    /// Moves the boundary of surahs 2 and 3 by an ayah, as nobody would do with the Quran, and waits until the service has
    /// taken that over.
    private static func change(_ store: TestDatabase, _ system: ContentSystem) async throws {
        try await store.database.write { [engine = store.database.engine] sql in
            try sql.execute("UPDATE surahs SET ayah_count = 287 WHERE number = 2")
            try sql.execute("UPDATE surahs SET ayah_count = 199 WHERE number = 3")
            try engine.raiseVersions(of: [.structure], sql)
        }
        try await eventually("the structure is taken over") {
            system.service.structure.surah(try surah(2)).ayahCount == 287
        }
    }

    @Test(arguments: everyEngine)
    func `outdate an answer that they overtake while it waits to be loaded`(engine: DatabaseEngine) async throws {
        try await Self.with(engine) { store, system in
            let (gate, opening) = AsyncStream<Void>.makeStream()
            let isHeld = Mutex(false)
            // The one place for loads is taken.
            let holder = Task {
                try await system.cache.answer(for: CacheKey(.shared("other"), "a")) {
                    isHeld.withLock { $0 = true }
                    for await _ in gate {}
                    return CacheFill(body: .init(), contentType: "text/plain")
                }
            }
            try await until { isHeld.withLock(\.self) }
            let (service, number) = (system.service, try surah(3))
            let asked = Task { try await service.surah(number) }
            try await until { system.cache.gate.waiting > 0 }
            try await Self.change(store, system)
            opening.finish()
            _ = try await (holder.value, asked.value)
            #expect(try await service.surah(number).json().member("pagination") == pagination(records: 199))
        }
    }

    @Test(arguments: everyEngine)
    func `are followed by the audio of surahs`(engine: DatabaseEngine) async throws {
        try await Self.with(engine) { store, system in
            let (number, id) = (try surah(2), try reciter("ayah.everyayah.abdulbasit_abdulsamad"))
            func ayahs() async throws -> Int {
                try await system.service.audio(of: number, by: id).json().member("audio").elements("ayahs").count
            }
            #expect(try await ayahs() == 286)
            try await Self.change(store, system)
            try await eventually("the audio has the new ayah") { try await ayahs() == 287 }
        }
    }
}
