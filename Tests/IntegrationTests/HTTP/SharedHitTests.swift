import Foundation
import Storage
import TestSupport
import Testing

/// What memory has no room for, and Redis has.
@Suite struct `Hits from Redis` {
    private static let ayahs = Array(1...400)
    /// Larger than what memory keeps.
    private static let large = "surahs/2?translations=en.pickthall&per_page=286"

    /// Runs a test with a server that has answered `ayahs` and `large`, the first of which are in Redis alone by now.
    ///
    /// - Parameter test: is given the bodies of `ayahs`, from the first on.
    private static func with(
        _ settings: [String: String] = [:], _ test: @Sendable (Counted, PrivateRedis, [Data]) async throws -> Void
    ) async throws {
        try await TestDatabase.with(.sqlite, holding: .twoTexts) { store in
            try await PrivateRedis.run { redis in
                let settings = settings.merging(
                    ["DATABASE_URL": store.url, "REDIS_URL": redis.url, "CACHE_MEGABYTES": "1"]
                ) { $1 }
                try await Counted.with(settings) { counted in
                    try await eventually("Redis is used") {
                        _ = try await counted.server.get("meta")
                        return try await counted.scrape()["quran_redis_up"] == 1
                    }
                    var bodies: [Data] = []
                    for number in ayahs { bodies.append(try await counted.server.get("ayahs/\(number)").body) }
                    #expect(try await counted.server.get(large).status == 200)
                    try await test(counted, redis, bodies)
                }
            }
        }
    }

    private static func get(_ path: String, _ fields: String = "") -> String {
        "GET /api/v1/\(path) HTTP/1.1\r\nHost: a\r\n\(fields)\r\n"
    }

    private static func fromRedis(_ answers: [RawAnswer]) -> Int {
        answers.count { $0.headers["cache-status"]?.contains("detail=redis") == true }
    }

    /// How often Redis was asked for entries.
    private static func lookUps(_ redis: PrivateRedis) async throws -> Int {
        let statistics = try await redis.command("INFO", "commandstats")
        return Int(statistics.firstMatch(of: /cmdstat_mget:calls=([0-9]+)/)?.1 ?? "0") ?? 0
    }

    @Test func `come in the order of the requests`() async throws {
        try await Self.with { counted, redis, bodies in
            let server = counted.server
            let taken = try await counted.laneAnswers()
            var fromRedis = 0
            for first in stride(from: 1, through: 396, by: 5) {
                let requests = (first..<first + 5).map { number in
                    Self.get("ayahs/\(number)", number == first + 4 ? "Connection: close\r\n" : "")
                }
                let answers = try await server.answers(to: requests.joined())
                #expect(answers.map(\.body) == Array(bodies[first - 1..<first + 4]))
                fromRedis += Self.fromRedis(answers)
            }
            #expect(fromRedis > 50)
            #expect(try await counted.laneAnswers() > taken + 50)
            // Without Redis the router does what it can.
            await redis.stop()
            for number in Self.ayahs.prefix(20) {
                let answer = try await server.get("ayahs/\(number)")
                #expect(answer.status == 200 && answer.body == bodies[number - 1])
            }
        }
    }

    @Test func `reach a client that sends nothing more, also when Redis does not answer`() async throws {
        try await Self.with { counted, redis, bodies in
            var answers: [RawAnswer] = []
            for number in 1...40 {
                if number == 21 { await redis.pause() }
                let socket = try Socket(port: counted.server.port)
                try await socket.send(Self.get("ayahs/\(number)"))
                socket.finish()
                let answer = RawAnswer.all(in: await socket.receiveToEnd())
                #expect(answer.map(\.body) == [bodies[number - 1]])
                answers += answer
            }
            // On a busy machine Redis is late for some.
            #expect(Self.fromRedis(answers) > 0)
        }
    }

    @Test func `that are under way are answered when the server ends`() async throws {
        try await Self.with { counted, redis, bodies in
            let server = counted.server
            let sockets = try (1...20).map { _ in try Socket(port: server.port) }
            for socket in sockets {
                try await socket.send(Self.get("ayahs/400"))
                _ = try await socket.receive()
            }
            await redis.pause()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (number, socket) in zip(Self.ayahs, sockets) {
                    group.addTask { try await socket.send(Self.get("ayahs/\(number)")) }
                }
                try await group.waitForAll()
            }
            // In time for most of them: Redis is waited for for 50 ms.
            server.program.signal(SIGTERM)
            for (body, socket) in zip(bodies, sockets) {
                #expect(RawAnswer.all(in: await socket.receiveToEnd()).map(\.body) == [body])
            }
            await server.program.waitUntilExit()
        }
    }

    @Test func `that many ask for at a time are fetched once for all of them`() async throws {
        try await Self.with { counted, redis, _ in
            let expected = try await counted.server.get(Self.large).body
            let before = try await Self.lookUps(redis)
            let late = try await counted.scrape()["quran_redis_timeouts_total"] ?? 0
            let sockets = try (1...60).map { _ in try Socket(port: counted.server.port) }
            let answers = await withTaskGroup(of: [RawAnswer].self) { group in
                for socket in sockets {
                    group.addTask {
                        do { try await socket.send(Self.get(Self.large, "Connection: close\r\n")) } catch { return [] }
                        return RawAnswer.all(in: await socket.receiveToEnd())
                    }
                }
                return await group.reduce(into: []) { $0 += $1 }
            }
            #expect(answers.map(\.body) == Array(repeating: expected, count: 60))
            #expect(try await Self.lookUps(redis) - before < 30)
            // A busy machine may be late for one of them; sixty such look-ups would be far more than Redis answers in time.
            #expect(try await (counted.scrape()["quran_redis_timeouts_total"] ?? 0) - late <= 3)
        }
    }

    @Test func `are not looked for on behalf of who is beyond their rate`() async throws {
        try await Self.with(["RATE_LIMIT_ADDRESS": "1/h,20"]) { counted, redis, _ in
            let client = ["X-Forwarded-For": "192.0.2.7"]
            for number in 1...20 {
                #expect(try await counted.server.get("ayahs/\(number)", headers: client).status == 200)
            }
            let before = try await Self.lookUps(redis)
            for number in 21...60 {
                #expect(try await counted.server.get("ayahs/\(number)", headers: client).status == 429)
            }
            #expect(try await Self.lookUps(redis) == before)
        }
    }

    @Test func `take nothing from the time of a body behind them`() async throws {
        let settings = [
            "TIMEOUT_BODY": "300ms", "LIMIT_TRANSFER_RATE": "10", "TIMEOUT_REQUEST": "30s",
            "WEBHOOK_SECRET": "whsec_\(Data(count: 32).base64EncodedString())",
        ]
        try await Self.with(settings) { counted, _, _ in
            for number in 1...2 {
                let post = "POST /api/v1/webhooks/content HTTP/1.1\r\nHost: a\r\nContent-Length: 50\r\n\r\n{"
                let answers = try await counted.server.answers(to: Self.get("ayahs/\(number)") + post)
                #expect(answers.map(\.status) == [200, 408])
            }
        }
    }
}
