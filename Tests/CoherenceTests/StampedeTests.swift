import CoherenceHarness
import Redis
import Storage
import TestSupport
import Testing

/// What `quran-bench` measures in full, small enough for every run.
@Suite struct `Many at once` {
    @Test func `a thousand who ask four instances for a cold key cost one load with Redis, and four without`()
        async throws
    {
        let alone = try await Stampede(stores: [nil, nil, nil, nil]).run(id: "cold")
        #expect(alone.requests == 1000 && (1...4).contains(alone.loads))
        try await PrivateRedis.run { redis in
            var configuration = try RedisConfiguration(url: redis.url)
            // Generous, for a machine that is busy: a timeout means a load too many, which is not what is tested.
            configuration.commandTimeout = .seconds(5)
            let shared = try await Stampede.sharing(configuration) { try await $0.run(id: "cold") }
            #expect(shared.loads == 1)
        }
    }

    @Test func `a transaction that commits late is not missed by the feed, as it is by a growing number`() async throws
    {
        try await TestDatabase.with(.postgres) { store in
            let report = try await LongTransaction(store.database).run(holding: .seconds(2))
            #expect(report.missedByFeed == 0)
            #expect(report.missedByTwin > 0)
            #expect(report.commits > 10)
        }
    }
}
