import Foundation
import Storage
import TestSupport
import Testing

/// Times to live, as operators set them.
@Suite struct `Times to live` {
    private struct Stats: Decodable {
        let lifetimes: [String: Int]
    }

    /// Fresh and stale seconds by the key of an address, within the 5 % by which entries differ.
    private static let expected: [(path: String, key: String, fresh: Double, stale: Double)] = [
        ("surahs/1", "quran:surah:1", 1000, 500), ("reciters", "reciters:list", 2000, 500),
        ("editions/uthmani", "edition:uthmani", 3000, 500), ("translations", "translations:list", 3000, 500),
    ]

    @Test func `are those of the settings, in answers, in Redis and in the statistics`() async throws {
        let store = try await TestDatabase.seeded(.sqlite)
        try await PrivateRedis.run { redis in
            let environment = [
                "DATABASE_URL": store.url, "REDIS_URL": redis.url, "AUTH_SECRET": TestServer.secret,
                "CACHE_TTL_QURAN": "1000s", "CACHE_TTL_RECITERS": "2000s", "CACHE_TTL_EDITIONS": "3000s",
                "CACHE_TTL_USER": "1h", "CACHE_STALE": "500s",
            ]
            try await InProcessAPI.with(environment) { api in
                for (path, key, fresh, stale) in Self.expected {
                    // The first may be before Redis is connected: asked for again, it is made again once it is.
                    try await eventually("\(key) is in Redis") {
                        let admin = try await UserClient(api, user: "operator", role: .admin)
                        let whole = "quran_backend:\(key)"
                        let answer = try await api.get(path)
                        #expect(answer.status == 200)
                        let label = try #require(answer.headers["cache-status"])
                        let seconds = try #require(label.firstMatch(of: /ttl=([0-9]+)/)?.1)
                        #expect((fresh * 0.94...fresh * 1.06).contains(Double(seconds) ?? 0), "\(path): \(label)")
                        if try await redis.command("EXISTS", whole) == "1" { return true }
                        let body = try JSONSerialization.data(withJSONObject: ["key": whole])
                        try await admin.send(.post, "admin/cache/invalidate", body: body)
                        return false
                    }
                    let left = try #require(Double(try await redis.command("TTL", "quran_backend:\(key)")))
                    #expect((fresh * 0.94 + stale - 5...fresh * 1.06 + stale).contains(left), "\(key): \(left)")
                }
                let admin = try await UserClient(api, user: "operator", role: .admin)
                let stats = try await admin.send(.get, "admin/cache/stats").decoded(as: Stats.self)
                #expect(
                    stats.lifetimes == [
                        "quran": 1000, "reciters": 2000, "editions": 3000, "search": 600, "user": 3600, "negative": 60,
                        "stale": 500,
                    ])
            }
        }
    }
}
