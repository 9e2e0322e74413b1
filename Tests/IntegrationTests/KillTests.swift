import CoherenceHarness
import Storage
import TestSupport
import Testing

/// What `quran-bench kills` does in full, small enough for every run.
@Suite struct `Killed outright` {
    @Test(arguments: DatabaseEngine.allCases)
    func `a server that dies under load has kept what it acknowledged, once, and nothing by half`(
        engine: DatabaseEngine
    ) async throws {
        try await TestDatabase.with(engine, holding: .facts) { store in
            var options = KillFuzz.Options()
            options.rounds = 6
            options.roundsPerCohort = 3
            let report = try await KillFuzz(options: options, store: store.url).run()
            #expect(report.isGood, "\(report)")
        }
    }
}
