import Dispatch
import Foundation
import Storage
import Synchronization
import TestSupport
import Testing

/// Limits of requests, as clients see them.
@Suite struct `Limited requests` {
    private static let me = "127.0.0.2"

    /// A server that takes 127.0.0.1 for a proxy, and every other address for a client.
    private static func with(
        _ settings: [String: String], _ test: @Sendable (TestServer) async throws -> Void
    ) async throws {
        let store = try await TestDatabase.seeded(.sqlite)
        let own = ["DATABASE_URL": store.url, "AUTH_SECRET": TestServer.secret, "TRUSTED_PROXIES": "127.0.0.1"]
        try await TestServer.with(own.merging(settings) { $1 }, test)
    }

    private static func get(_ path: String, _ headers: String = "") -> String {
        "GET /api/v1/\(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\(headers)\r\n"
    }

    private static func ask(
        _ server: TestServer, _ path: String = "sajdas", _ headers: String = "", from source: String = me
    ) async throws -> RawAnswer {
        try #require(try await server.answers(to: get(path, headers), from: source).first)
    }

    @Test func `an address has its bucket, and is told what is left of it`() async throws {
        try await Self.with(["RATE_LIMIT_ADDRESS": "1/h,3"]) { server in
            for left in [2, 1, 0] {
                let answer = try await Self.ask(server)
                #expect(answer.status == 200)
                #expect(answer.headers["ratelimit-policy"] == #""address";q=3;w=10800"#)
                #expect(answer.headers["ratelimit"]?.hasPrefix(#""address";r=\#(left);t="#) == true)
            }
            let refused = try await Self.ask(server)
            #expect(refused.status == 429 && refused.kind == "rate-limited")
            #expect(refused.headers["ratelimit"]?.hasPrefix(#""address";r=0;t="#) == true)
            #expect(Int(refused.headers["retry-after"] ?? "").map { (1...3600).contains($0) } == true)
            #expect(refused.headers["access-control-allow-origin"] == "*")
            #expect(refused.headers["x-request-id"] != nil)
            #expect(try await Self.ask(server, "health").status == 200, "health is exempt")
            #expect(try await Self.ask(server, from: "127.0.0.3").status == 200, "others have their own")
            let error = try await Self.ask(server, "surahs/115", from: "127.0.0.4")
            #expect(error.status == 404 && error.headers["ratelimit"]?.hasPrefix(#""address";r=2;t="#) == true)
            for _ in 1...5 { #expect(try await server.isWell(), "a proxy that asks for itself is the operator's") }
        }
    }

    @Test func `whom a proxy asks for has the bucket, and nobody else can say so`() async throws {
        try await Self.with(["RATE_LIMIT_ADDRESS": "1/h,1", "LOG_CLIENT_ADDRESS": "network"]) { server in
            let one = "X-Forwarded-For: 6.6.6.6, 198.51.100.1\r\n"
            #expect(try await Self.ask(server, "sajdas", one, from: "127.0.0.1").status == 200)
            #expect(try await Self.ask(server, "sajdas", one, from: "127.0.0.1").status == 429)
            let other = "X-Forwarded-For: 198.51.100.2\r\n"
            #expect(try await Self.ask(server, "sajdas", other, from: "127.0.0.1").status == 200)
            // From somebody who is no proxy it changes nothing.
            #expect(try await Self.ask(server, "sajdas", "X-Forwarded-For: 1.1.1.1\r\n").status == 200)
            for number in 2...5 {
                #expect(try await Self.ask(server, "sajdas", "X-Forwarded-For: 1.1.1.\(number)\r\n").status == 429)
            }
            let log = try server.program.errors()
            #expect(log.components(separatedBy: "TRUSTED_PROXIES").count == 2, "told once")
            #expect(log.contains("198.51.100.0/24") && !log.contains("198.51.100.1"))
        }
        try await Self.with(["RATE_LIMIT_ADDRESS": "1/h,1"]) { server in
            _ = try await Self.ask(server, "sajdas", "X-Forwarded-For: 198.51.100.1\r\n", from: "127.0.0.1")
            let log = try server.program.errors()
            #expect(!log.contains("198.51.100"), "not logged unless that is asked for")
        }
    }

    @Test func `guessing tokens takes ten times as much`() async throws {
        try await Self.with(["RATE_LIMIT_ADDRESS": "1/h,21"]) { server in
            let guess = "Authorization: Bearer a.b.c\r\n"
            // The last one but one sends none, which is no guess.
            var statuses: [Int] = []
            for fields in [guess, guess, "", guess] {
                statuses.append(try await Self.ask(server, "me", fields).status)
            }
            #expect(statuses == [401, 401, 401, 429])
        }
    }

    @Test func `a user has a bucket, wherever the user asks`() async throws {
        try await Self.with(["RATE_LIMIT_USER": "1/h,3"]) { server in
            let token = try await UserClient.token(of: "one")
            for (left, source) in [(2, "127.0.0.2"), (1, "127.0.0.3"), (0, "127.0.0.1")] {
                let answer = try await Self.ask(server, "me", "Authorization: Bearer \(token)\r\n", from: source)
                #expect(answer.status == 200)
                #expect(answer.headers["ratelimit"]?.contains(#""user";r=\#(left);t="#) == true)
            }
            let refused = try await Self.ask(server, "me", "Authorization: Bearer \(token)\r\n")
            #expect(refused.status == 429 && refused.headers["ratelimit-policy"]?.contains(#""user";q=3"#) == true)
            let other = try await UserClient.token(of: "two")
            #expect(try await Self.ask(server, "me", "Authorization: Bearer \(other)\r\n").status == 200)
            #expect(try await Self.ask(server).status == 200, "what is public is not the user's")
        }
    }

    @Test func `off is off`() async throws {
        try await Self.with(["RATE_LIMIT_ADDRESS": "off"]) { server in
            let answer = try await Self.ask(server)
            #expect(answer.status == 200 && answer.headers["ratelimit"] == nil)
        }
    }

    // MARK: Too much at a time, and too long

    /// While users' records can't be read or written, on PostgreSQL.
    private static func withLockedRecords(
        _ settings: [String: String], _ test: @Sendable (TestServer, UserClient) async throws -> Void
    ) async throws {
        try await TestDatabase.with(.postgres, holding: .facts) { store in
            let own = ["DATABASE_URL": store.url, "AUTH_SECRET": TestServer.secret, "TRUSTED_PROXIES": "127.0.0.1"]
            try await TestServer.with(own.merging(settings) { $1 }) { server in
                let client = UserClient(server, token: try await UserClient.token(of: "one"))
                try await client.put(.init(.bookmark, "b1"), ["from": "2:255"])
                let (isLocked, isDone) = (Flag(), Flag())
                async let holder: Void = store.database.write(deadline: .seconds(60)) { sql in
                    try sql.execute("LOCK TABLE user_records IN ACCESS EXCLUSIVE MODE")
                    isLocked.raise()
                    isDone.wait()
                }
                try await eventually("the records are locked") { isLocked.isRaised }
                do {
                    try await test(server, client)
                } catch {
                    isDone.raise()
                    throw error
                }
                isDone.raise()
                try await holder
                try await eventually("all is well again") { try await client.send(.get, "me/export").status == 200 }
            }
        }
    }

    private final class Flag: Sendable {
        private let value = Atomic(false)
        private let semaphore = DispatchSemaphore(value: 0)
        var isRaised: Bool { value.load(ordering: .acquiring) }
        func wait() { semaphore.wait() }

        func raise() {
            value.store(true, ordering: .releasing)
            semaphore.signal()
        }
    }

    @Test func `an answer that takes too long is given up, and says so`() async throws {
        try await Self.withLockedRecords(["TIMEOUT_REQUEST": "300ms"]) { server, client in
            let answer = try await client.send(.get, "me/export")
            #expect(answer.status == 503 && answer.headers["retry-after"] == "1")
            #expect(try answer.json()["type"] as? String == "urn:quran-backend:problem:timed-out")
            // One with a body has the same time, from the end of its body on.
            let began = ContinuousClock.now
            let written = try await client.send(
                .put, "me/bookmarks/b1", headers: ["Content-Type": "application/json"],
                body: Data(#"{"from": "2:256"}"#.utf8))
            #expect(written.status == 503 && ContinuousClock.now - began < .seconds(20))
            #expect(try await server.isWell())
        }
    }

    @Test func `who announces bodies and sends none keeps nobody else from an answer`() async throws {
        let settings = [
            "LIMIT_REQUESTS": "16", "WEBHOOK_SECRET": "whsec_\(Data(count: 32).base64EncodedString())",
            "METRICS_PORT": "\(try Port.free())",
        ]
        try await Self.with(settings) { server in
            let port = try server.port
            let sockets = try (1...20).map { _ in try Socket(port: port, from: Self.me) }
            for socket in sockets {
                try await socket.send(
                    "POST /api/v1/webhooks/content HTTP/1.1\r\nHost: localhost\r\nContent-Length: 20\r\n\r\n")
            }
            try await eventually("the client has all that it may have") { try await Self.ask(server).status == 429 }
            let refused = try await Self.ask(server)
            #expect(refused.kind == "rate-limited" && refused.headers["retry-after"] == "1")
            #expect(try await Self.ask(server, from: "127.0.0.3").status == 200)
            #expect(try await server.isWell())
            #expect(sockets.count == 20)
            let text = try await server.metrics(at: settings["METRICS_PORT"])
            #expect(text.contains("\nquran_rate_limited_total{limit=\"requests\"} "))
        }
    }

    @Test func `there are so many requests at a time, and health is asked even then`() async throws {
        try await Self.withLockedRecords(["LIMIT_REQUESTS": "3"]) { server, client in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 1...3 {
                    group.addTask { while !Task.isCancelled { _ = try await client.send(.get, "me/export") } }
                }
                try await eventually("there is no room") { try await server.get("surahs/200").status == 503 }
                var refused = try await server.get("surahs/200")
                while refused.status == 404 { refused = try await server.get("surahs/200") }
                #expect(refused.headers["retry-after"] == "1")
                #expect(try refused.json()["type"] as? String == "urn:quran-backend:problem:overloaded")
                #expect(try await server.get("health").status == 200)
                group.cancelAll()
            }
            try await eventually("there is room again") { try await server.isWell() }
        }
    }

    // MARK: Pages of other origins

    private static let page = "Origin: https://a.example\r\n"

    @Test(arguments: ["", "*", "none", "https://a.example", "https://b.example"])
    func `browsers are told who may read, with errors too`(origins: String) async throws {
        let settings = origins.isEmpty ? [:] : ["CORS_ORIGINS": origins]
        try await Self.with(settings) { server in
            let isListed = origins.hasPrefix("https")
            let listed = origins == "https://a.example" ? "https://a.example" : nil
            let table: [(String, Int, String?)] = [
                ("sajdas", 200, isListed ? listed : origins == "none" ? nil : "*"),
                ("surahs/115", 404, isListed ? listed : origins == "none" ? nil : "*"),
                ("nowhere", 404, isListed ? listed : origins == "none" ? nil : "*"),
                ("me", 401, isListed ? listed : origins == "*" ? "*" : nil),
                ("admin/editions", 401, listed),
            ]
            for (path, status, allowed) in table {
                let answer = try await Self.ask(server, path, Self.page)
                #expect(answer.status == status, "\(path)")
                #expect(answer.headers["access-control-allow-origin"] == allowed, "\(path)")
                #expect(
                    answer.headers["access-control-expose-headers"]?.contains("Allow, WWW-Authenticate")
                        == (allowed.map { _ in true }))
                #expect(answer.headers["access-control-allow-credentials"] == nil)
                #expect((answer.headers["vary"]?.hasSuffix("Origin") == true) == isListed, "\(path)")
                let without = try await Self.ask(server, path)
                #expect((without.headers["vary"]?.hasSuffix("Origin") == true) == isListed, "\(path)")
            }
            let metrics = try await server.answers(
                to: "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\(Self.page)\r\n")
            #expect(metrics.map(\.status) == [401])
            #expect(metrics.first?.headers["access-control-allow-origin"] == listed)
        }
    }

    @Test func `a preflight is answered without a token, with the methods of the address`() async throws {
        try await Self.with(["CORS_ORIGINS": "https://a.example"]) { server in
            func preflight(_ path: String, origin: String = "https://a.example") async throws -> RawAnswer {
                let request =
                    "OPTIONS /api/v1/\(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                    + "Origin: \(origin)\r\nAccess-Control-Request-Method: PUT\r\n\r\n"
                return try #require(try await server.answers(to: request, from: Self.me).first)
            }
            for (path, methods) in [
                ("sajdas", "GET, HEAD, OPTIONS"), ("me/bookmarks/b1", "GET, HEAD, PUT, PATCH, DELETE, OPTIONS"),
                ("admin/editions/en.x", nil),
            ] {
                let answer = try await preflight(path)
                #expect(answer.status == 204, "\(path)")
                let found = answer.headers["access-control-allow-methods"]
                #expect(found == answer.headers["allow"] && found != nil)
                if let methods {
                    #expect(
                        Set(found?.components(separatedBy: ", ") ?? []) == Set(methods.components(separatedBy: ", ")))
                }
                #expect(answer.headers["access-control-allow-origin"] == "https://a.example")
                for name in ["Idempotency-Key", "tracestate", "sentry-trace", "baggage"] {
                    #expect(answer.headers["access-control-allow-headers"]?.contains(name) == true)
                }
                #expect(answer.headers["access-control-max-age"] == "7200")
            }
            let stranger = try await preflight("me", origin: "https://b.example")
            #expect(stranger.headers["access-control-allow-origin"] == nil)
            #expect(stranger.headers["access-control-allow-methods"] == nil)
            #expect(try await preflight("nowhere").status == 404)
            let plain = "OPTIONS /api/v1/me HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
            #expect(try await server.answers(to: plain).first?.status == 401)
        }
    }

    // MARK: Several instances

    @Test func `instances with one Redis count together, and alone while it hangs or is gone`() async throws {
        try await PrivateRedis.run { redis in
            let store = try await TestDatabase.seeded(.sqlite)
            let environment = [
                "DATABASE_URL": store.url, "AUTH_SECRET": TestServer.secret, "REDIS_URL": redis.url,
                "TRUSTED_PROXIES": "127.0.0.1", "RATE_LIMIT_ADDRESS": "1/h,10",
            ]
            try await TestServer.with(environment) { one in
                try await TestServer.with(environment) { two in
                    for _ in 1...10 { #expect(try await Self.ask(one).status == 200) }
                    #expect(try await Self.ask(one).status == 429)
                    try await eventually("what one let pass is told") {
                        try await redis.command("KEYS", "quran_backend_rate:address:*").isEmpty == false
                    }
                    // It knows nothing of the client before it is asked, and learns with the first exchange.
                    var passed = 0
                    try await eventually("the other has heard of it") {
                        guard try await Self.ask(two).status == 200 else { return true }
                        passed += 1
                        return false
                    }
                    #expect(passed < 10, "\(passed)")
                    let keys = try await redis.command("KEYS", "*")
                    #expect(!keys.contains("127.0.0"), "no address is in a key")

                    func expectAlone(_ source: String) async throws {
                        let began = ContinuousClock.now
                        var passed = 0
                        while try await Self.ask(one, from: source).status == 200 { passed += 1 }
                        #expect(passed == 10)
                        #expect(ContinuousClock.now - began < .seconds(10), "nothing waits for it")
                    }
                    await redis.pause()
                    try await expectAlone("127.0.0.8")
                    await redis.stop()
                    try await expectAlone("127.0.0.9")
                    try await redis.start()
                    try await eventually("they count together again") {
                        _ = try await Self.ask(one, from: "127.0.0.\(Int.random(in: 10...250))")
                        return try await !redis.command("KEYS", "quran_backend_rate:address:*").isEmpty
                    }
                }
            }
        }
    }
}
