import Foundation
import Storage
import Synchronization
import TestSupport
import Testing

/// Reads of static content while the database, or everything, is down: the other rows of ARCHITECTURE's table.
@Suite struct `Reads without a database` {
    @Test(arguments: DatabaseFault.allCases)
    func `what is cached is served and called stale, what is cold is refused at once, and both are well afterwards`(
        fault: DatabaseFault
    ) async throws {
        try await withPrivateDatabase { postgres, store in
            try await PrivateRedis.run { redis in
                let shared = TestServer.impatient(["DATABASE_URL": store.url, "REDIS_URL": redis.url])
                try await TestServer.with(TestServer.impatient(["DATABASE_URL": store.url])) { alone in
                    try await TestServer.with(shared) { one in
                        try await TestServer.with(shared) { two in
                            let servers = [alone, one, two]
                            let redisOnly = try await shareThroughRedis(one, two)
                            let cached = try await load("surahs/2", on: servers)
                            let repair = try await fault.strike(postgres)
                            let bound = ContinuousClock.now + .seconds(1)
                            let name = "\(fault.testDescription)"
                            for server in servers { try await expectFirstRefusal(name, on: server) }
                            for server in servers { try await expectStale(cached, on: server, from: bound) }
                            try await expectRefusals(name, on: alone, atOnce: 100)
                            try await expectRefusalOfBoth(name, one, two)
                            let found = try await two.look(redisOnly.path)
                            #expect(found.answer.status == 200 && found.label.isStale, "\(found)")
                            #expect(found.answer.body == redisOnly.answer.body)
                            print("degradation: \(name), stale from Redis in \(found.took.inMilliseconds)")
                            let change = try await changeUnseen(postgres, store, if: fault.isDown)
                            try await expectStale(cached, on: one, from: bound)
                            try await repair()
                            try await expectRecovery(name, of: servers, showing: change)
                            try await expectChangeIsSeen(by: servers, in: store)
                        }
                    }
                }
            }
        }
    }

    @Test(arguments: [DatabaseFault.stopped, .paused], [RedisFault.killed, .paused])
    func `with Redis down as well, memory still answers, called stale`(
        fault: DatabaseFault, redisFault: RedisFault
    ) async throws {
        try await withPrivateDatabase { postgres, store in
            try await PrivateRedis.run { redis in
                let environment = TestServer.impatient(["DATABASE_URL": store.url, "REDIS_URL": redis.url])
                try await TestServer.with(environment) { server in
                    let cached = try await load("surahs/2", on: [server])
                    let repairRedis = try await redisFault.strike(redis)
                    let repair = try await fault.strike(postgres)
                    let bound = ContinuousClock.now + .seconds(1)
                    let name = "\(fault.testDescription), \(redisFault.testDescription)"
                    try await expectFirstRefusal(name, on: server)
                    try await expectStale(cached, on: server, from: bound)
                    try await expectRefusals(name, on: server, atOnce: 10)
                    let change = try await changeUnseen(postgres, store, if: fault.isDown)
                    try await repair()
                    try await repairRedis()
                    try await expectRecovery(name, of: [server], showing: change)
                    try await expectChangeIsSeen(by: [server], in: store)
                }
            }
        }
    }

    @Test(arguments: PrivatePostgres.Ending.allCases)
    func `a restart of the database costs nothing that is cached, and is over soon`(
        ending: PrivatePostgres.Ending
    ) async throws {
        try await withPrivateDatabase { postgres, store in
            try await TestServer.with(TestServer.impatient(["DATABASE_URL": store.url])) { server in
                let cached = try await load("surahs/2", on: [server])
                // A flag: cancelling the task would cancel the read that is under way.
                let isOver = Mutex(false)
                let reading = Task {
                    var refused = 0
                    while !isOver.withLock(\.self) {
                        let look = try await server.look(cached.path)
                        #expect(look.answer.status == 200 && look.answer.body == cached.answer.body, "\(look)")
                        let first = try await server.look(cold.next())
                        if first.answer.status != 200 {
                            expectRefusal(first)
                            refused += 1
                        }
                    }
                    return refused
                }
                try await postgres.restart(ending)
                isOver.withLock { $0 = true }
                let name = "the database restarts (\(ending.rawValue))"
                print("degradation: \(name), \(try await reading.value) cold reads refused meanwhile")
                try await expectRecovery(name, of: [server], showing: nil)
                try await expectChangeIsSeen(by: [server], in: store)
            }
        }
    }

    private let cold = ColdPaths()

    /// After many other reads, so that the servers hold as many connections as they would in a busy hour.
    private func load(_ path: String, on servers: [TestServer]) async throws -> Look {
        for server in servers {
            _ = try await crowd(of: 32, on: server, expecting: 200)
            let look = try await server.look(path)
            #expect(look.answer.status == 200 && look.label.isFresh, "\(look)")
        }
        return try await servers[0].look(path)
    }

    /// Something that one server loaded and that another finds in Redis, but has not asked for yet.
    private func shareThroughRedis(_ one: TestServer, _ two: TestServer) async throws -> Look {
        try await eventually("Redis is shared") {
            let path = cold.next()
            _ = try await one.look(path)
            return try await two.look(path).label.isFromRedis
        }
        return try await one.look(cold.next())
    }

    /// A change that is committed while no server can see it.
    ///
    /// - Returns: what answers must show afterwards; `nil` if the database can't be changed.
    private func changeUnseen(
        _ postgres: PrivatePostgres, _ store: TestDatabase, if isPossible: Bool
    ) async throws -> String? {
        guard isPossible else { return nil }
        let name = "Unseen \(UUID().uuidString)"
        try await postgres.elsewhere { url in
            try await TestDatabase(database: store.database, url: url)
                .shell("UPDATE surahs SET name_english = '\(name)' WHERE number = 2")
        }
        return name
    }

    // MARK: Stale answers

    /// The answer goes on, and what is sent from `bound` on is never called fresh.
    private func expectStale(
        _ cached: Look, on server: TestServer, from bound: ContinuousClock.Instant
    ) async throws {
        var took: [Duration] = []
        try await eventually("\(cached.path) is called stale", within: .seconds(20)) {
            let look = try await server.look(cached.path)
            #expect(look.answer.status == 200 && look.answer.body == cached.answer.body, "\(look)")
            #expect(look.label.isStale || look.label.isFromMemory, "\(look)")
            guard look.sentAt > bound else { return false }
            #expect(look.label.isStale, "\(look)")
            took.append(look.took)
            return took.count == 5
        }
        print("degradation: stale in \(Latencies(took))")
    }

    // MARK: Refusals

    private func expectRefusal(_ look: Look) {
        #expect(look.answer.status == 503, "\(look)")
        #expect(look.answer.headers["content-type"] == "application/problem+json")
        #expect(Int(look.answer.headers["retry-after"] ?? "") ?? 0 >= 1)
        #expect(look.shows(#""status":503"#))
        #expect(look.took < .seconds(5), "\(look)")
    }

    /// The first, which may be sent before anyone knows of the fault.
    private func expectFirstRefusal(_ fault: String, on server: TestServer) async throws {
        let look = try await server.look(cold.next())
        expectRefusal(look)
        print("degradation: \(fault), first cold read refused in \(look.took.inMilliseconds)")
    }

    /// Two instances that are asked for the same thing at once, of which one may wait for the other.
    private func expectRefusalOfBoth(_ fault: String, _ one: TestServer, _ two: TestServer) async throws {
        let path = cold.next()
        async let first = one.look(path)
        async let second = two.look(path)
        let looks = try await [first, second]
        for look in looks { expectRefusal(look) }
        print("degradation: \(fault), the same cold read of two instances refused in \(Latencies(looks.map(\.took)))")
    }

    private func expectRefusals(_ fault: String, on server: TestServer, atOnce count: Int) async throws {
        var took: [Duration] = []
        for _ in 1...3 {
            let look = try await server.look(cold.next())
            expectRefusal(look)
            took.append(look.took)
        }
        print("degradation: \(fault), cold reads refused in \(Latencies(took))")
        let atOnce = try await crowd(of: count, on: server, expecting: 503)
        #expect(atOnce.longest < .seconds(5), "\(atOnce)")
        print("degradation: \(fault), cold reads at once refused in \(atOnce)")
    }

    /// Sends many cold reads at once, each on a connection of its own.
    private func crowd(of count: Int, on server: TestServer, expecting status: Int) async throws -> Latencies {
        let port = try #require(URLComponents(string: server.base)?.port)
        let paths = (1...count).map { _ in cold.next() }
        let sockets = try paths.map { _ in try Socket(port: port) }
        let start = ContinuousClock.now
        for (socket, path) in zip(sockets, paths) {
            try await socket.send("GET /api/v1/\(path) HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        }
        var took: [Duration] = []
        for socket in sockets {
            let answer = try await socket.receiveAll()
            #expect(answer.starts(with: Data("HTTP/1.1 \(status)".utf8)))
            took.append(start.duration(to: .now))
        }
        return Latencies(took)
    }

    // MARK: Recovery

    /// - Parameter change: what was committed while nobody could see it: no answer that is called fresh may lack it.
    private func expectRecovery(_ fault: String, of servers: [TestServer], showing change: String?) async throws {
        let repaired = ContinuousClock.now
        for server in servers {
            try await eventually("what is cached is fresh again", within: .seconds(20)) {
                let look = try await server.look("surahs/2")
                #expect(look.answer.status == 200, "\(look)")
                if look.label.isFresh, let change { #expect(look.shows(change), "\(look)") }
                return look.label.isFresh
            }
            let fresh = repaired.duration(to: .now)
            try await eventually("what is cold is loaded again", within: .seconds(20)) {
                let look = try await server.look(cold.next())
                if look.answer.status == 503 { expectRefusal(look) }
                return look.label.isLoaded
            }
            let loaded = repaired.duration(to: .now)
            print(
                "degradation: \(fault), well again: fresh after \(fresh.inMilliseconds), cold after \(loaded.inMilliseconds)"
            )
        }
    }
}
