import Caching
import CoherenceHarness
import ContentService
import Foundation
import NIOCore
import Quran
import Storage
import TestSupport
import Testing

/// Walks through a plan, without a server.
@Suite struct `A warm-up` {
    private static func policy(_ translations: [String] = []) throws -> WarmUp.Policy {
        var policy = WarmUp.Policy()
        (policy.atStart, policy.afterChanges, policy.scope, policy.loadsPerSecond) = (false, false, .popular, nil)
        policy.translations = try translations.map { set in
            try set.split(separator: ",").map { try #require(EditionID(String($0))) }
        }
        return policy
    }

    private static func run(
        _ system: ContentSystem, _ policy: WarmUp.Policy
    ) async throws -> WarmUp.Report {
        let polling = Task { try await system.poller.run() }
        defer { polling.cancel() }
        return try await WarmUp.once(system, policy: policy, logger: .silent) { _ in }
    }

    private static func system(
        _ capacity: Int, shared: (any SharedStore)? = nil
    ) async throws -> ContentSystem {
        let store = try await TestDatabase.seeded(.sqlite)
        return try await ContentSystem(
            database: store.database, cacheCapacity: capacity, shared: shared, logger: .silent)
    }

    @Test func `is not kept from its work by what memory holds already`() async throws {
        let system = try await Self.system(8 << 20)
        let things = CacheNamespace.shared("things")
        for number in 0..<9000 {
            await system.cache.set(
                CacheKey(things, "\(number)"),
                to: CacheFill(body: ByteBuffer(repeating: 0x20, count: 1000), contentType: "text/plain"))
        }
        #expect(Double(system.cache.statistics.bytes) > 0.9 * Double(8 << 20))
        let report = try await Self.run(system, Self.policy())
        #expect(report.progress.position == report.total && report.progress.failed == 0 && report.left == 0)
    }

    @Test func `stops where there is no room for more, and says what is left`() async throws {
        let system = try await Self.system(256 << 10)
        let report = try await Self.run(system, Self.policy())
        #expect(report.left > 0 && report.left == report.total - report.progress.position)
        #expect(report.interruption == nil && report.progress.failed == 0)
    }

    @Test func `leaves out what is no translation, or is not loaded`() async throws {
        let system = try await Self.system(64 << 20)
        let all = try await Self.run(system, Self.policy(["en.pickthall"]))
        let some = try await Self.run(system, Self.policy(["en.pickthall", "ar.jalalayn", "en.pickthall,no.such"]))
        #expect(some.total == all.total && some.progress.failed == 0)
    }

    @Test func `does not call what could not be shared done`() async throws {
        let shared = MemorySharedStore()
        try await TestDatabase.with(.postgres, holding: .texts) { store in
            let system = try await ContentSystem(
                database: store.database, cacheCapacity: 64 << 20, shared: shared, logger: .silent)
            var policy = try Self.policy()
            policy.atStart = true
            let warmUp = WarmUp(system, policy: policy, logger: .silent)
            let running = [Task { try await system.poller.run() }, Task { try await warmUp.run() }]
            defer { for task in running { task.cancel() } }
            // Fails as soon as the turn was taken.
            try await eventually("it has begun") { warmUp.reports.current?.progress.position ?? 0 > 0 }
            shared.fail(true)
            try await eventually("it has ended") { warmUp.reports.last != nil }
            let unfinished = "SELECT count(*) FROM warm_ups WHERE finished_at IS NULL AND position = 0"
            try await eventually("it is left to be begun again") {
                try await store.shell(unfinished).trimmingCharacters(in: .whitespacesAndNewlines) == "1"
            }
        }
    }
}
