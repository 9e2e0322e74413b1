import Foundation
import Storage
import TestSupport
import Testing

/// What is watched when the things behind the server fail.
@Suite struct `Watching in bad times` {
    @Test(arguments: zip([DatabaseFault.stopped, .paused], [RedisFault.killed, .paused]))
    func `with the database and Redis down a scrape answers at once, and an alert tells of it until they are back`(
        fault: DatabaseFault, redisFault: RedisFault
    ) async throws {
        try await withPrivateDatabase { postgres, store in
            try await PrivateRedis.run { redis in
                let environment = TestServer.impatient(["DATABASE_URL": store.url, "REDIS_URL": redis.url])
                try await Watched.with(store, environment) { one in
                    try await one.isReady()
                    #expect(try await one.isActive(alert) == false)
                    let repairRedis = try await redisFault.strike(redis)
                    let repair = try await fault.strike(postgres)
                    try await eventually("the alert is raised", within: .seconds(30)) {
                        let start = ContinuousClock.now
                        _ = try await one.text()
                        #expect(ContinuousClock.now - start < .seconds(1))
                        return try await one.isActive(alert)
                    }
                    try await eventually("Redis is seen to be down", within: .seconds(30)) {
                        try await one.scrape()["quran_redis_up"] == 0
                    }
                    let scrape = try await one.scrape()
                    #expect(try #require(scrape["quran_feed_lag_seconds"]) > 5)
                    #expect(scrape["quran_redis_memory_bytes"] == nil)
                    #expect(scrape.series("quran_database_failures_total").values.contains { $0 > 0 })
                    #expect(scrape["quran_alerts_raised_total", ["alert": alert]] == 1)
                    let admin = try await UserClient(one.server, user: "operator", role: .admin)
                    let start = ContinuousClock.now
                    let summary = try await admin.send(.get, "admin/metrics").json()
                    #expect(ContinuousClock.now - start < .seconds(1))
                    let alerts = summary["alerts"] as? [String: [[String: Any]]]
                    #expect(alerts?["active"]?.map { $0["alert"] as? String } == [alert])
                    try await repair()
                    try await repairRedis()
                    try await eventually("the alert is cleared") { try await !one.isActive(alert) }
                    try await one.isReady()
                    let log = try one.server.program.errors().split(separator: "\n").filter { $0.contains(alert) }
                    #expect(log.count == 2)
                    #expect(log.first?.contains("alert raised") == true && log.first?.contains("warning") == true)
                    #expect(log.last?.contains("alert cleared") == true && log.last?.contains("notice") == true)
                }
            }
        }
    }

    @Test func `a Redis that holds too much is told of, as configured`() async throws {
        try await TestDatabase.with(.sqlite, holding: .facts) { store in
            try await PrivateRedis.run { redis in
                let environment = [
                    "DATABASE_URL": store.url, "REDIS_URL": redis.url, "ALERT_REDIS_BYTES": "20000000",
                ]
                try await Watched.with(store, environment) { one in
                    try await one.isReady()
                    #expect(try await one.isActive("redis_memory") == false)
                    try await redis.command("SETRANGE", "large", "30000000", "x")
                    try await eventually("the alert is raised") { try await one.isActive("redis_memory") }
                    try await redis.command("DEL", "large")
                    try await eventually("the alert is cleared") { try await !one.isActive("redis_memory") }
                }
            }
        }
    }

    private let alert = "feed_unconfirmed"
}

extension Watched {
    fileprivate func isActive(_ alert: String) async throws -> Bool {
        try await scrape()["quran_alert_active", ["alert": alert]] == 1
    }
}
