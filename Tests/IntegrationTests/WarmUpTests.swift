import Foundation
import Storage
import TestSupport
import Testing

/// A cache that is warm before anyone asks, seen from outside.
@Suite struct `Warm-up` {
    /// What a server says of its warm-up.
    private struct Stats: Decodable {
        struct Report: Decodable {
            let reason: String
            let keys: Int
            let of: Int
            let loaded: Int
            let failed: Int
            let bytes: Int
        }

        struct WarmUp: Decodable {
            let last: Report?
            let running: Report?
        }

        let warmUp: WarmUp
    }

    private static func report(of server: TestServer, token: String) async throws -> Stats.Report? {
        let answer = try await server.get("admin/cache/stats", headers: ["Authorization": "Bearer \(token)"])
        let stats = try answer.decoded(as: Stats.self)
        return stats.warmUp.running == nil ? stats.warmUp.last : nil
    }

    /// Draws addresses of content that take no options, and of surahs with one of the translations.
    private static func addresses(_ count: Int, translations: [String]) -> [String] {
        var random = SplitMix(seed: 7)
        let parts = ["juzs": 30, "hizbs": 60, "rubs": 240, "manzils": 7, "rukus": 556, "pages": 604]
        let lists =
            ["surahs", "reciters", "translations", "tafsirs", "editions", "sajdas", "meta"] + parts.keys.sorted()
        return (0..<count).map { _ in
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<3: return "surahs/\(Int.random(in: 1...114, using: &random))"
            case 3..<6:
                let translation = translations[Int.random(in: 0..<translations.count, using: &random)]
                return "surahs/\(Int.random(in: 1...114, using: &random))?translations=\(translation)"
            case 6:
                let part = parts.sorted { $0.key < $1.key }[Int.random(in: 0..<parts.count, using: &random)]
                return "\(part.key)/\(Int.random(in: 1...part.value, using: &random))"
            case 7, 8: return "ayahs/\(Int.random(in: 1...6236, using: &random))"
            default: return lists[Int.random(in: 0..<lists.count, using: &random)]
            }
        }
    }

    @Test(.timeLimit(.minutes(5))) func `after the start every static read is a hit`() async throws {
        let store = try await TestDatabase.seeded(.sqlite)
        let environment = [
            "DATABASE_URL": store.url, "AUTH_SECRET": TestServer.secret, "WARM_UP_AT_START": "true",
            "WARM_UP_RATE": "0",
        ]
        try await TestServer.with(environment) { server in
            let token = try await UserClient.token(of: "operator", role: .admin)
            try await eventually("the cache is warm", within: .seconds(120)) {
                try await Self.report(of: server, token: token) != nil
            }
            let report = try #require(try await Self.report(of: server, token: token))
            #expect(report.reason == "start" && report.keys == report.of && report.failed == 0)
            #expect(report.loaded == report.of && report.bytes > 0)
            let translations = try await server.get("translations").json()["translations"] as? [[String: Any]]
            let loaded = try #require(translations).filter { $0["loaded"] as? Bool == true }.compactMap {
                $0["id"] as? String
            }
            var misses: [String] = []
            let addresses = Self.addresses(1_000, translations: loaded)
            for address in addresses {
                let answer = try await server.get(address)
                #expect(answer.status == 200, "\(address)")
                if answer.headers["cache-status"]?.contains("detail=memory") != true { misses.append(address) }
            }
            #expect(misses == [], "\(misses.count) of \(addresses.count)")
        }
    }

    @Test(.timeLimit(.minutes(3))) func `what a hand changed is loaded again before anyone asks, and nothing else`()
        async throws
    {
        try await TestDatabase.with(.postgres, holding: .facts) { store in
            try await PrivateRedis.run { redis in
                let environment = [
                    "DATABASE_URL": store.url, "AUTH_SECRET": TestServer.secret, "REDIS_URL": redis.url,
                    "WARM_UP_AT_START": "true", "WARM_UP_AFTER_CHANGES": "true", "WARM_UP_SCOPE": "popular",
                ]
                try await TestServer.with(environment) { server in
                    let token = try await UserClient.token(of: "operator", role: .admin)
                    try await eventually("the cache is warm") { try await Self.report(of: server, token: token) != nil }
                    try await store.shell("UPDATE reciters SET name_english = 'By hand'")
                    try await eventually("it is warm again") {
                        try await Self.report(of: server, token: token)?.reason == "content"
                    }
                    let report = try #require(try await Self.report(of: server, token: token))
                    // The list of reciters, and `meta`, which counts them.
                    #expect(report.loaded == 2 && report.keys == report.of && report.failed == 0)
                    let answer = try await server.get("reciters")
                    #expect(answer.headers["cache-status"]?.contains("detail=memory") == true)
                    #expect(String(decoding: answer.body, as: UTF8.self).contains("By hand"))
                }
            }
        }
    }

    /// What another command wrote.
    private static func json(_ output: String) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any])
    }

    @Test(.timeLimit(.minutes(3))) func `commands warm, show and clear the Redis of a running server`() async throws {
        try await TestDatabase.with(.postgres, holding: .facts) { store in
            try await PrivateRedis.run { redis in
                let environment = [
                    "DATABASE_URL": store.url, "AUTH_SECRET": TestServer.secret, "REDIS_URL": redis.url,
                    "WARM_UP_SCOPE": "popular", "QURAN_RESOURCES": SyntheticContent.shared.resources.path,
                ]
                try await TestServer.with(environment) { server in
                    let warmed = try await Program.run(["warm-cache", "--json"], environment: environment)
                    #expect(warmed.status == 0, "\(warmed.errors)")
                    let report = try Self.json(warmed.output)
                    #expect(report["failed"] as? Int == 0 && report["keys"] as? Int == report["of"] as? Int)
                    #expect(warmed.errors.contains("warming"), "progress")
                    let answer = try await server.get("reciters")
                    #expect(answer.headers["cache-status"]?.contains("detail=redis") == true)

                    let keys = try await redis.command("DBSIZE")
                    #expect(try #require(Int(keys)) >= (report["of"] as? Int ?? .max))
                    _ = try await redis.command("SET", "another:program", "1")
                    let some = try await Program.run(
                        ["clear-cache", "--pattern", "quran_backend:reciters:*", "--json"], environment: environment)
                    #expect(some.status == 0, "\(some.errors)")
                    #expect((try Self.json(some.output)["removed"] as? [String: Any])?["shared"] as? Int == 1)
                    // The server was told.
                    try await eventually("the server has none either") {
                        let answer = try await server.get("reciters")
                        return answer.headers["cache-status"]?.contains("fwd=miss") == true
                    }
                    let all = try await Program.run(["clear-cache"], environment: environment)
                    #expect(all.status == 0, "\(all.errors)")
                    #expect(all.output.contains("entries removed from Redis"))
                    #expect(try await redis.command("KEYS", "quran_backend:*") == "")
                    #expect(try await redis.command("GET", "another:program") == "1")
                    try await eventually("the server was told") {
                        let answer = try await server.get("reciters")
                        return answer.headers["cache-status"]?.contains("fwd=miss") == true
                    }

                    let stats = try await Program.run(["cache-stats", "--json"], environment: environment)
                    #expect(stats.status == 0, "\(stats.errors)")
                    #expect(try Self.json(stats.output)["shared_tier"] as? String == "closed")
                }
                // Redis gone: said so, and an exit code that scripts can read.
                await redis.stop()
                for command in ["warm-cache", "clear-cache", "cache-stats"] {
                    let failed = try await Program.run([command], environment: environment)
                    #expect(failed.status == 69, "\(command): \(failed.output)\(failed.errors)")
                }
            }
        }
    }

    @Test(.timeLimit(.minutes(3))) func `without Redis the commands ask the server`() async throws {
        try await TestDatabase.with(.sqlite, holding: .facts) { store in
            let environment = [
                "DATABASE_URL": store.url, "AUTH_SECRET": TestServer.secret, "WARM_UP_SCOPE": "popular",
                "QURAN_RESOURCES": SyntheticContent.shared.resources.path,
            ]
            try await TestServer.with(environment) { server in
                func run(_ command: String, _ arguments: [String] = [], token: String? = nil) async throws
                    -> Program.Result
                {
                    try await Program.run(
                        [command, "--url", server.base] + arguments,
                        environment: environment.merging(token.map { ["QURAN_TOKEN": $0] } ?? [:]) { $1 })
                }
                let warmed = try await run("warm-cache", ["--json"])
                #expect(warmed.status == 0, "\(warmed.errors)")
                #expect(try Self.json(warmed.output)["failed"] as? Int == 0)
                #expect(try await server.get("reciters").headers["cache-status"]?.contains("detail=memory") == true)
                let stats = try await run("cache-stats")
                #expect(stats.status == 0 && stats.output.contains("100.0 %"), "\(stats.output)\(stats.errors)")
                let cleared = try await run("clear-cache", ["--json"])
                #expect(cleared.status == 0, "\(cleared.errors)")
                #expect(try await server.get("reciters").headers["cache-status"]?.contains("fwd=miss") == true)

                #expect(try await run("cache-stats", token: "nonsense").status == 77)
                let user = try await UserClient.token(of: "somebody")
                #expect(try await run("clear-cache", token: user).status == 77)
                #expect(try await run("clear-cache", ["--pattern", "*"]).status == 64)
                let gone = try await Program.run(
                    ["cache-stats", "--url", "http://127.0.0.1:1"], environment: environment)
                #expect(gone.status == 69)
            }
        }
    }
}
