import Foundation
import Storage
import TestSupport
import Testing

/// What operators do with the cache through the API.
@Suite struct `Cache operations` {
    private static func post(
        _ path: String, _ body: String? = nil, to server: TestServer
    ) async throws -> TestServer.Answer {
        let token = try await UserClient.token(of: "operator", role: .admin)
        return try await server.send(
            .post, "admin/cache/\(path)", headers: ["Authorization": "Bearer \(token)"],
            body: body.map { Data($0.utf8) })
    }

    /// Whether an address is answered from memory.
    private static func isHit(_ path: String, _ server: TestServer) async throws -> Bool {
        try await server.get(path).headers["cache-status"]?.contains("detail=memory") == true
    }

    private static func fill(_ servers: [TestServer]) async throws {
        for server in servers {
            for path in ["surahs/2", "surahs/3", "reciters"] { _ = try await server.get(path) }
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `a tag outdates what was made of it, in every instance`(engine: DatabaseEngine) async throws {
        try await TwoInstances.run(engine) { instances in
            try await Self.fill(instances.servers)
            let answer = try await Self.post("invalidate", #"{"tag": "surah:2"}"#, to: instances.servers[0])
            #expect(answer.status == 200)
            #expect(try answer.json()["tag"] as? String == "surah:2")
            #expect(answer.headers["cache-control"] == "no-store")
            for server in instances.servers {
                try await eventually("it is loaded again") { try await !Self.isHit("surahs/2", server) }
                #expect(try await Self.isHit("surahs/3", server))
                #expect(try await Self.isHit("reciters", server))
            }
        }
    }

    @Test func `a pattern and a key remove entries from Redis and from every instance's memory`() async throws {
        try await TwoInstances.run(.postgres) { instances in
            try await Self.fill(instances.servers)
            let some = try await Self.post(
                "invalidate", #"{"pattern": "quran_backend:quran:surah:?"}"#, to: instances.servers[0])
            #expect(some.status == 200)
            let removed = try some.json()["removed"] as? [String: Any]
            #expect(removed?["memory"] as? Int == 2)
            #expect((removed?["shared"] as? Int ?? 0) >= 2)
            for server in instances.servers {
                try await eventually("the pattern's are gone") { try await !Self.isHit("surahs/3", server) }
                #expect(try await Self.isHit("reciters", server))
            }
            try await Self.fill(instances.servers)
            let one = try await Self.post(
                "invalidate", #"{"key": "quran_backend:quran:surah:2"}"#, to: instances.servers[1])
            #expect((try one.json()["removed"] as? [String: Any])?["memory"] as? Int == 1)
            for server in instances.servers {
                try await eventually("the key's is gone") { try await !Self.isHit("surahs/2", server) }
                #expect(try await Self.isHit("surahs/3", server))
            }
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `clearing outdates everything everywhere`(engine: DatabaseEngine) async throws {
        try await TwoInstances.run(engine) { instances in
            try await Self.fill(instances.servers)
            let answer = try await Self.post("clear", to: instances.servers[0])
            #expect(answer.status == 200)
            let removed = try answer.json()["removed"] as? [String: Any]
            #expect((removed?["memory"] as? Int ?? 0) >= 3)
            #expect((removed?["shared"] is Int) == (engine == .postgres), "there is a Redis or there is none")
            for server in instances.servers {
                try await eventually("all is loaded again") { try await !Self.isHit("reciters", server) }
            }
        }
    }

    @Test func `what can't be meant is refused, and says what could be`() async throws {
        let store = try await TestDatabase.seeded(.sqlite)
        try await TestServer.with(["DATABASE_URL": store.url, "AUTH_SECRET": TestServer.secret]) { server in
            try await Self.fill([server])
            let bodies = [
                (#"{"pattern": ""}"#, "#/pattern"), (#"{"tag": ""}"#, "#/tag"), (#"{"key": ""}"#, "#/key"),
                (#"{"pattern": "*"}"#, "#/pattern"), (#"{"pattern": "another:program:*"}"#, "#/pattern"),
                (#"{"key": "quran"}"#, "#/key"), (#"{"tag": "nonsense"}"#, "#/tag"),
                (#"{"tag": "surah:115"}"#, "#/tag"),
                (#"{"pattern": 1}"#, "#/pattern"), (#"{"pattern": null}"#, "#/pattern"), ("{}", "#"), ("[]", "#"),
                (#"{"tag": "surah:2", "key": "quran_backend:quran:surah:2"}"#, "#"), (#"{"x": 1}"#, "#/x"),
                (#"{"pattern": "quran_backend:\#(String(repeating: "*a", count: 300))"}"#, "#/pattern"),
            ]
            for (body, pointer) in bodies {
                let answer = try await Self.post("invalidate", body, to: server)
                #expect(answer.status == 400, "\(body)")
                let error = (try answer.json()["errors"] as? [[String: Any]])?.first
                #expect(error?["pointer"] as? String == pointer, "\(body)")
            }
            #expect(try await Self.isHit("surahs/2", server), "nothing was removed")
        }
    }

    @Test func `a pattern that looks hostile is matched in time, and only as far as it goes`() async throws {
        let store = try await TestDatabase.seeded(.sqlite)
        try await TestServer.with(["DATABASE_URL": store.url, "AUTH_SECRET": TestServer.secret]) { server in
            try await Self.fill([server])
            let stars = String(repeating: "*a", count: 200)
            let answer = try await Self.post("invalidate", #"{"pattern": "quran_backend:\#(stars)"}"#, to: server)
            #expect((try answer.json()["removed"] as? [String: Any])?["memory"] as? Int == 0)
            // Brackets and backslashes of a key are themselves.
            let odd = try await Self.post("invalidate", #"{"key": "quran_backend:[q]*\\?"}"#, to: server)
            #expect((try odd.json()["removed"] as? [String: Any])?["memory"] as? Int == 0)
        }
    }

    @Test func `statistics tell hits from misses, by type`() async throws {
        try await PrivateRedis.run { redis in
            let store = try await TestDatabase.seeded(.postgres)
            let environment = ["DATABASE_URL": store.url, "REDIS_URL": redis.url, "AUTH_SECRET": TestServer.secret]
            try await TestServer.with(environment) { server in
                for _ in 0..<4 { _ = try await server.get("surahs/2") }
                let token = try await UserClient.token(of: "operator", role: .admin)
                let stats = try await server.get("admin/cache/stats", headers: ["Authorization": "Bearer \(token)"])
                    .json()
                let types = (stats["instance"] as? [String: Any])?["types"] as? [String: [String: Any]]
                let quran = try #require(types?["quran"])
                #expect(quran["hits"] as? Int == 3 && quran["misses"] as? Int == 1 && quran["entries"] as? Int == 1)
                #expect(quran["hit_ratio"] as? Double == 0.75)
                #expect(stats["shared_tier"] as? String == "closed")
                #expect((stats["memory"] as? [String: Any])?["entries"] as? Int == 1)
            }
        }
    }
}
