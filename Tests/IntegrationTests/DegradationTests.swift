import Foundation
import Storage
import TestSupport
import Testing

/// Reads of static content while Redis is in trouble: the first two rows of ARCHITECTURE's table.
@Suite struct `Reads in good and bad times` {
    @Test(arguments: DatabaseEngine.allCases)
    func `all well: what is cold is loaded, what is cached is fresh, and other instances find it in Redis`(
        engine: DatabaseEngine
    ) async throws {
        try await withStore(engine) { store in
            try await PrivateRedis.run { redis in
                let environment = ["DATABASE_URL": store.url, "REDIS_URL": redis.url]
                try await TestServer.with(environment) { one in
                    try await TestServer.with(environment) { two in
                        try await eventually("Redis is shared") { try await isShared(cold.next(), one, two) }
                        let path = cold.next()
                        let first = try await one.look(path)
                        #expect(first.answer.status == 200 && first.label.isLoaded, "\(first)")
                        for server in [one, two] { try await expectHit(of: first, on: server) }
                        try await expectChangeIsSeen(by: [one, two], in: store)
                    }
                }
            }
        }
    }

    @Test(arguments: DatabaseEngine.allCases, RedisFault.allCases)
    func `a Redis in trouble costs no read and no freshness, and is used again when it is well`(
        engine: DatabaseEngine, fault: RedisFault
    ) async throws {
        try await withStore(engine) { store in
            try await PrivateRedis.run { redis in
                let early = fault.precedesServers ? try await fault.strike(redis) : nil
                let environment = ["DATABASE_URL": store.url, "REDIS_URL": redis.url]
                try await TestServer.with(environment) { one in
                    try await TestServer.with(environment) { two in
                        let cached = try await one.look(cold.next())
                        let repair = if let early { early } else { try await fault.strike(redis) }
                        try await expectHit(of: cached, on: one)
                        var took: [Duration] = []
                        for _ in 1...8 {
                            let first = try await one.look(cold.next())
                            let second = try await two.look(first.path)
                            for look in [first, second] {
                                #expect(look.answer.status == 200 && look.label.isLoaded, "\(look)")
                                took.append(look.took)
                            }
                            #expect(first.answer.body == second.answer.body)
                            #expect(isAyah(first), "\(first)")
                            try await expectHit(of: first, on: one)
                        }
                        try await expectChangeIsSeen(by: [one, two], in: store)
                        try await expectHit(of: cached, on: one)
                        try await repair()
                        let repaired = ContinuousClock.now
                        try await eventually("Redis is used again") { try await isShared(cold.next(), one, two) }
                        print(
                            "degradation: \(engine), Redis \(fault.rawValue): cold \(Latencies(took)),",
                            "used again after \(repaired.duration(to: .now).inMilliseconds)")
                    }
                }
            }
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `a Redis that comes back with what it held before a change gives nobody the old answer`(
        engine: DatabaseEngine
    ) async throws {
        try await withStore(engine) { store in
            try await PrivateRedis.run { redis in
                let environment = ["DATABASE_URL": store.url, "REDIS_URL": redis.url]
                try await TestServer.with(environment) { one in
                    try await eventually("Redis is used") {
                        _ = try await one.look(cold.next())
                        return try await redis.command("DBSIZE") != "0"
                    }
                    for surah in 1...40 { _ = try await one.look("surahs/\(surah)") }
                    let snapshot = try await redis.snapshot()
                    try await store.shell("UPDATE surahs SET name_english = 'Renamed' WHERE number = 1")
                    try await redis.restart(from: snapshot)
                    try await TestServer.with(environment) { two in
                        // What did not change comes from the snapshot, so the snapshot is there.
                        var surah = 1
                        try await eventually("Redis is used again") {
                            surah += 1
                            return try await two.look("surahs/\(surah)").label.isFromRedis
                        }
                        let look = try await two.look("surahs/1")
                        #expect(look.answer.status == 200 && look.label.isLoaded && look.shows("Renamed"), "\(look)")
                    }
                }
            }
        }
    }

    private let cold = ColdPaths()

    private func withStore(
        _ engine: DatabaseEngine, _ test: @Sendable (TestDatabase) async throws -> Void
    ) async throws {
        try await TestDatabase.with(engine, holding: .facts) { store in
            try await test(store)
        }
    }

    /// Whether what one server loads another finds in Redis. Both must answer in any case.
    private func isShared(_ path: String, _ one: TestServer, _ two: TestServer) async throws -> Bool {
        let first = try await one.look(path)
        let second = try await two.look(path)
        for look in [first, second] { #expect(look.answer.status == 200 && look.label.isFresh, "\(look)") }
        #expect(first.answer.body == second.answer.body)
        return second.label.isFromRedis
    }

    /// The bytes of an earlier answer are served from memory, as fresh. (The first time the shared tier may serve them;
    /// and on a machine too busy to poll in time a hit may be unconfirmed for a moment.)
    private func expectHit(of earlier: Look, on server: TestServer) async throws {
        try await eventually("\(earlier.path) is fresh from memory", within: .seconds(10)) {
            let look = try await server.look(earlier.path)
            #expect(look.answer.status == 200 && !look.label.isLoaded, "\(look)")
            #expect(look.answer.body == earlier.answer.body, "\(look)")
            return look.label.isFromMemory
        }
    }

    private func isAyah(_ look: Look) -> Bool {
        look.shows(#""number":\#(look.path.dropFirst("ayahs/".count)),"#)
    }
}

/// Changes something by hand, and waits until each server shows it; none may miss it for longer than the bound and call
/// its answer fresh.
func expectChangeIsSeen(by servers: [TestServer], in store: TestDatabase) async throws {
    let name = "Renamed \(UUID().uuidString)"
    try await store.shell("UPDATE surahs SET name_english = '\(name)' WHERE number = 2")
    let bound = ContinuousClock.now + .seconds(1)
    for server in servers {
        try await eventually("the change is seen", within: .seconds(20)) {
            let look = try await server.look("surahs/2")
            #expect(look.answer.status == 200, "\(look)")
            if look.label.isFresh, look.sentAt > bound { #expect(look.shows(name), "\(look)") }
            return look.shows(name)
        }
    }
}
