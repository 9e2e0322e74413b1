import Caching
import CoherenceHarness
import ContentService
import Foundation
import Logging
import NIOCore
import NIOPosix
import Redis
import ServiceLifecycle
import Storage
import Synchronization
import TestSupport
import Testing

/// Instances as the program wires them, on one PostgreSQL and one Redis, whose schedules go by a clock that tests move.
@Suite struct `Scheduled warm-up` {
    private struct Instance: Sendable {
        let system: ContentSystem
        let warmUp: WarmUp

        /// Entries that it loaded and stored.
        var loads: Int { system.cache.statistics.total[.fill] }
    }

    /// Runs three instances, which warm the cache at one o'clock.
    ///
    /// - Parameter beforeStoring: called before an instance stores an entry in Redis.
    private static func withInstances(
        clock: TestClock, beforeStoring: @escaping @Sendable (_ instance: Int) async throws -> Void = { _ in },
        _ body: @escaping @Sendable ([Instance], TestDatabase) async throws -> Void
    ) async throws {
        try await TestDatabase.with(.postgres, holding: .texts) { store in
            try await PrivateRedis.run { redis in try await run(on: store, redis, clock, beforeStoring, body) }
        }
    }

    private static func run(
        on store: TestDatabase, _ redis: PrivateRedis, _ clock: TestClock,
        _ beforeStoring: @escaping @Sendable (_ instance: Int) async throws -> Void,
        _ body: @escaping @Sendable ([Instance], TestDatabase) async throws -> Void
    ) async throws {
        var instances: [Instance] = []
        var services: [Task<Void, any Error>] = []
        defer { for service in services { service.cancel() } }
        for number in 0..<3 {
            let database = try DatabaseURL(store.url).open(create: false, logger: TestDatabase.logger)
            var configuration = try RedisConfiguration(url: redis.url)
            // Generous: what is stored too late for a breaker on a clock that stands still is never stored.
            configuration.commandTimeout = .seconds(20)
            let tier = try RedisTier(
                configuration, eventLoopGroup: MultiThreadedEventLoopGroup.singleton,
                logger: .silent, onHint: { _ in })
            let running = tier.services + [database]
            services += running.map { service in Task { try await service.run() } }
            try await tier.store.connected()
            let system = try await ContentSystem(
                database: database, cacheCapacity: 128 << 20,
                shared: HookedStore(store: tier.store) { try await beforeStoring(number) }, logger: .silent)
            let warmUp = WarmUp(
                system, policy: Self.policy, instance: "instance \(number)", clock: clock.asCacheClock,
                logger: .silent)
            instances.append(Instance(system: system, warmUp: warmUp))
            services.append(Task { try await system.poller.run() })
            services.append(Task { try await warmUp.run() })
        }
        try await body(instances, store)
    }

    private static var policy: WarmUp.Policy {
        var policy = WarmUp.Policy()
        (policy.atStart, policy.afterChanges, policy.scope, policy.loadsPerSecond) = (false, false, .popular, nil)
        policy.schedule = CronSchedule("0 1 * * *")
        return policy
    }

    private static func keys(_ instances: [Instance]) async throws -> Int {
        try await WarmUpPlan(for: instances[0].system.service, scope: .popular).count
    }

    /// The turn of the schedule as the store has it: whose, how far, and whether it is done.
    private static func turn(_ store: TestDatabase) async throws -> [String] {
        try await store.shell(
            "SELECT holder, position, finished_at IS NOT NULL FROM warm_ups WHERE reason = 'scheduled'"
        )
        .split(separator: "|").map { $0.trimmingCharacters(in: .whitespacesAndNewlines) }
    }

    private static func isDone(_ store: TestDatabase) async throws -> Bool { try await turn(store).last == "t" }

    /// Whether the turn of an hour, counted from the clock's start, is done.
    private static func isDone(_ store: TestDatabase, hour: Double) async throws -> Bool {
        let occasion = timestamp(Date(timeIntervalSince1970: TestClock.start + hour * 3600))
        let done = "SELECT count(*) FROM warm_ups WHERE occasion = '\(occasion)' AND finished_at IS NOT NULL"
        return try await store.shell(done).trimmingCharacters(in: .whitespacesAndNewlines) == "1"
    }

    private static func advance(_ clock: TestClock, to hour: Double) {
        // The clock starts at eight in the morning of 15 January 2027.
        clock.advance(by: .seconds(hour * 3600) - clock.elapsed)
    }

    @Test(.timeLimit(.minutes(3))) func `fires once across three instances, every day`() async throws {
        let clock = TestClock()
        try await Self.withInstances(clock: clock) { instances, store in
            Self.advance(clock, to: 16.99)
            #expect(try await Self.turn(store).isEmpty, "it is not one o'clock yet")
            for hour in [17.0, 41] {
                try await until { clock.sleepers == 3 }
                Self.advance(clock, to: hour)
                try await eventually("it is done") { try await Self.isDone(store, hour: hour) }
                // The others see that, once their wait for the claim's end is over.
                for _ in 0..<4 { clock.advance(by: .seconds(20)) }
                let plan = try await Self.keys(instances)
                let position = try #require(try await Self.turn(store).dropFirst().first)
                #expect(position == "\(plan)")
                // What is fresh is not loaded again, and nothing is loaded twice.
                #expect(instances.map(\.loads).reduce(0, +) == plan)
                let begun = Date(timeIntervalSince1970: TestClock.start + hour * 3600)
                let runs = instances.compactMap(\.warmUp.reports.last).filter { $0.startedAt >= begun }
                #expect(runs.map(\.progress.loaded) == [hour == 17 ? plan : 0])
            }
        }
    }

    @Test(.timeLimit(.minutes(3))) func `another goes on where the leader stood still, who then leaves it`()
        async throws
    {
        let clock = TestClock()
        // The leader stores some entries, notes that, stores some more, and stands still.
        let stored = Atomic(0)
        let leader = Mutex<Int?>(nil)
        let (thaw, thawing) = AsyncStream<Void>.makeStream()
        try await Self.withInstances(clock: clock) { instance in
            guard leader.withLock({ $0 == nil || $0 == instance }) else { return }
            leader.withLock { $0 = instance }
            let count = stored.wrappingAdd(1, ordering: .relaxed).newValue
            if count == 40 { clock.advance(by: .seconds(2)) }
            if count >= 200 { for await _ in thaw {} }
        } _: { instances, store in
            try await until { clock.sleepers == 3 }
            Self.advance(clock, to: 17)
            try await eventually("the leader stands still") { stored.load(ordering: .relaxed) >= 200 }
            let turn = try await Self.turn(store)
            #expect(turn.first == "instance \(leader.withLock { $0 ?? -1 })" && turn.last == "f")
            let position = try #require(Int(turn[1]))
            #expect((40..<200).contains(position), "it noted how far it was")
            // Its claim ends.
            try await eventually("another has done it") {
                clock.advance(by: .seconds(1))
                return try await Self.isDone(store)
            }
            let plan = try await Self.keys(instances)
            #expect(try await Self.turn(store)[0] != turn[0])
            let other = try #require(instances.first { $0.warmUp.reports.last != nil })
            let report = try #require(other.warmUp.reports.last)
            #expect(report.progress.position == plan && report.progress.failed == 0)
            #expect(other.loads <= plan - position, "it went on from there")
            thawing.finish()
            let frozen = instances[leader.withLock { $0 ?? 0 }].warmUp
            try await eventually("the leader sees that it lost its turn") {
                clock.advance(by: .seconds(1))
                return frozen.reports.last?.interruption != nil
            }
            #expect(try await Self.isDone(store))
        }
    }
}

/// Another store, which does something before it stores.
private struct HookedStore: SharedStore {
    let store: any SharedStore
    let beforeStoring: @Sendable () async throws -> Void

    func set(_ values: [(key: String, value: ByteBuffer, expiresIn: Duration)]) async throws {
        try await beforeStoring()
        try await store.set(values)
    }

    func get(_ keys: [String]) async throws -> [ByteBuffer?] { try await store.get(keys) }
    func claim(_ key: String, for time: Duration) async throws -> Bool { try await store.claim(key, for: time) }
    func delete(_ keys: [String]) async throws -> Int { try await store.delete(keys) }
    func delete(matching pattern: String) async throws -> Int { try await store.delete(matching: pattern) }
    func exists(_ key: String) async throws -> Bool { try await store.exists(key) }
    func raise(_ key: String, to number: Int64, expiresIn: Duration) async throws {
        try await store.raise(key, to: number, expiresIn: expiresIn)
    }
    func add(_ amounts: [String: Int], to key: String, expiresIn: Duration) async throws {
        try await store.add(amounts, to: key, expiresIn: expiresIn)
    }
    func counters(under key: String) async throws -> [String: Int] { try await store.counters(under: key) }
}

extension TestClock {
    fileprivate var asCacheClock: CacheClock {
        CacheClock(
            now: { CacheInstant(sinceStart: self.elapsed) },
            wallTime: { Int64(self.now.timeIntervalSince1970 * 1000) }, sleep: { try await self.sleep($0) })
    }
}
