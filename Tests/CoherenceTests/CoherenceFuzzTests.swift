import Caching
import CoherenceHarness
import Storage
import TestSupport
import Testing

/// The coherence fuzz, small enough for every run; `make measure ARGS=coherence` runs it in full, with a real Redis and faults.
@Suite(.serialized) struct `Coherence under fire` {
    private var options: CoherenceFuzz.Options {
        var options = CoherenceFuzz.Options()
        options.reads = 60_000
        options.writes = 600
        options.slowLoad = .milliseconds(1500)
        return options
    }

    /// An instance's connections, and another program's, to one store.
    private func withDatabases(
        _ engine: DatabaseEngine, _ test: @Sendable ([any Database], any Database) async throws -> Void
    ) async throws {
        try await TestDatabase.with(engine, holding: .facts) { store in
            let url = try DatabaseURL(store.url)
            let databases = try (0..<3).map { _ in try url.open(create: false, logger: TestDatabase.logger) }
            try await test(databases, store.database)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `no answer labelled fresh misses a commit older than the bound`(engine: DatabaseEngine) async throws {
        try await withDatabases(engine) { databases, raw in
            let store = MemorySharedStore()
            let report = try await CoherenceFuzz(
                options: options, databases: databases, rawDatabase: raw, tier: Tier.silent(store)
            ).run()
            print("coherence, \(engine.rawValue): \(report)")
            #expect(report.violations == 0)
            #expect(report.wrongAfterwards == 0)
            #expect(report.fresh > report.reads / 2)
            #expect(report.lostOwnWrites == 0)
            #expect(report.failedWrites == 0)
            // A machine that stands still for 0.2 s makes the source look dead: a cold read may be turned away then.
            #expect(report.failedReads * 1000 <= report.reads)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `a shared tier that rewinds, loses and fails costs no correctness`(engine: DatabaseEngine) async throws {
        try await withDatabases(engine) { databases, raw in
            let store = MemorySharedStore()
            let fault = CoherenceFuzz.Fault("a shared tier that rewinds, fails and forgets") {
                let old = store.contents
                try await Task.sleep(for: .milliseconds(200))
                store.contents = old
                store.fail(true)
                try await Task.sleep(for: .milliseconds(100))
                store.fail(false)
                store.contents = [:]
            }
            let report = try await CoherenceFuzz(
                options: options, databases: databases, rawDatabase: raw, tier: Tier.silent(store)
            ).run(faults: [fault, fault, fault, fault])
            print("coherence with a faulty shared tier, \(engine.rawValue): \(report)")
            #expect(report.violations == 0)
            #expect(report.lostOwnWrites == 0)
            #expect(report.wrongAfterwards == 0)
        }
    }

    @Test func `the judge sees a plain cache go stale`() async throws {
        try await withDatabases(.sqlite) { databases, raw in
            var options = options
            // A plain cache needs time to be found out: its stale values stay.
            options.reads = 30_000
            let report = try await PlainCacheFuzz(
                options: options, databases: databases, tier: Tier.silent(MemorySharedStore())
            )
            .run()
            print("plain cache: \(report)")
            #expect(Double(report.freshButBehind) > 0.01 * Double(report.reads))
        }
    }
}
