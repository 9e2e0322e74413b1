import Foundation
import Storage
import TestSupport
import Testing

@Suite struct `Turns to warm the cache` {
    private static let now = Date(timeIntervalSince1970: 1_800_000_000)
    private static let daily = WarmUpTurns.Occasion(reason: "scheduled", name: "2027-01-15T01:00:00.000Z")
    private static let tomorrow = WarmUpTurns.Occasion(reason: "scheduled", name: "2027-01-16T01:00:00.000Z")

    /// A claim of 15 seconds, made some seconds after the start.
    private static func claim(
        _ occasion: WarmUpTurns.Occasion, by holder: String, after seconds: Double = 0, plan: String = "plan",
        in store: TestDatabase
    ) async throws -> WarmUpTurns.Claim {
        let now = now.addingTimeInterval(seconds)
        return try await store.database.write { sql in
            try WarmUpTurns(holder: holder).claim(
                occasion, plan: plan, at: now, until: now.addingTimeInterval(15),
                latest: timestamp(now.addingTimeInterval(2 * 86400)), sql)
        }
    }

    private static func note(
        _ position: Int, of occasion: WarmUpTurns.Occasion, by holder: String, after seconds: Double = 0,
        finished: Bool = false, in store: TestDatabase
    ) async throws -> Bool {
        let now = now.addingTimeInterval(seconds)
        var progress = WarmUpProgress()
        (progress.position, progress.loaded, progress.failed, progress.bytes) = (position, position, 1, 1 << 40)
        return try await store.database.write { [progress] sql in
            try WarmUpTurns(holder: holder).note(
                progress, of: occasion, until: now.addingTimeInterval(15), finished: finished ? now : nil, sql)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `one has it until it is done, and then nobody has it again`(engine: DatabaseEngine) async throws {
        try await TestDatabase.with(engine) { store throws in
            #expect(try await Self.claim(Self.daily, by: "a", in: store) == .taken(WarmUpProgress()))
            let end = Self.now.addingTimeInterval(15)
            #expect(try await Self.claim(Self.daily, by: "b", after: 14, in: store) == .held(until: end))
            // Also for those who come for the next day's.
            #expect(try await Self.claim(Self.tomorrow, by: "b", after: 14, in: store) == .held(until: end))
            #expect(try await Self.note(10, of: Self.daily, by: "a", after: 14, in: store))
            let later = Self.now.addingTimeInterval(29)
            #expect(try await Self.claim(Self.daily, by: "b", after: 28, in: store) == .held(until: later))
            #expect(try await Self.note(20, of: Self.daily, by: "a", after: 28, finished: true, in: store))
            #expect(try await Self.claim(Self.daily, by: "b", after: 100, in: store) == .done)
            #expect(try await Self.claim(Self.daily, by: "a", after: 100, in: store) == .done)
            #expect(try await Self.claim(Self.tomorrow, by: "b", after: 100, in: store) == .taken(WarmUpProgress()))
            #expect(try await Self.claim(Self.daily, by: "a", after: 200, in: store) == .done, "too late for that one")
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `another goes on where one died, who can't go on then`(engine: DatabaseEngine) async throws {
        try await TestDatabase.with(engine) { store throws in
            _ = try await Self.claim(Self.daily, by: "a", in: store)
            #expect(try await Self.note(10, of: Self.daily, by: "a", in: store))
            guard case .taken(let progress) = try await Self.claim(Self.daily, by: "b", after: 15, in: store) else {
                throw TestFailure("the claim did not lapse")
            }
            #expect(progress.position == 10 && progress.loaded == 10 && progress.failed == 1)
            #expect(progress.bytes == 1 << 40)
            #expect(try await !Self.note(11, of: Self.daily, by: "a", after: 15, in: store))
            #expect(try await Self.note(12, of: Self.daily, by: "b", after: 15, finished: true, in: store))
            #expect(try await !Self.note(13, of: Self.daily, by: "b", after: 15, in: store), "it has ended")
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `another plan is begun from its start, and reasons do not wait for each other`(
        engine: DatabaseEngine
    ) async throws {
        try await TestDatabase.with(engine) { store throws in
            _ = try await Self.claim(Self.daily, by: "a", in: store)
            _ = try await Self.note(10, of: Self.daily, by: "a", in: store)
            let other = WarmUpTurns.Occasion(reason: "content", name: "0000000000000000007")
            #expect(try await Self.claim(other, by: "b", in: store) == .taken(WarmUpProgress()))
            let again = try await Self.claim(Self.daily, by: "b", after: 15, plan: "another", in: store)
            #expect(again == .taken(WarmUpProgress()))
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `a clock that was wrong keeps nobody from their turn`(engine: DatabaseEngine) async throws {
        try await TestDatabase.with(engine) { store throws in
            let year = 365.0 * 86400
            let ahead = WarmUpTurns.Occasion(
                reason: "scheduled", name: timestamp(Self.now.addingTimeInterval(year)))
            // It died, with a claim that would last a year; and then another had finished.
            _ = try await Self.claim(ahead, by: "a", after: year, in: store)
            #expect(try await Self.claim(Self.daily, by: "b", in: store) == .taken(WarmUpProgress()))
            _ = try await Self.claim(ahead, by: "a", after: year, in: store)
            _ = try await Self.note(1, of: ahead, by: "a", after: year, finished: true, in: store)
            #expect(try await Self.claim(Self.daily, by: "b", in: store) == .taken(WarmUpProgress()))
        }
    }

    @Test func `of many who come at once one has it`() async throws {
        try await TestDatabase.with(.postgres) { store in
            let taken = try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 0..<8 {
                    group.addTask {
                        try await Self.claim(Self.daily, by: "\(number)", in: store) == .taken(WarmUpProgress())
                    }
                }
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(taken == 1)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `content's changes add up, and users' do not count`(engine: DatabaseEngine) async throws {
        try await TestDatabase.with(engine) { store throws in
            let before = try await store.database.read { try contentVersionSum($0) }
            try await store.database.bumpContentVersions(["surah:2", "user:abc", "reciters"], toAtLeast: 0)
            #expect(try await store.database.read { try contentVersionSum($0) } == before + 2)
        }
    }
}
