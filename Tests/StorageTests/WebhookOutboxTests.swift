import Foundation
import Quran
import Storage
import Synchronization
import TestSupport
import Testing

@Suite struct `The outbox of webhooks` {
    private static let now = Date(timeIntervalSince1970: 1_800_000_000)
    private static let target = "0123"

    private func outbox(_ store: TestDatabase) -> WebhookOutbox { WebhookOutbox(store.database.engine) }

    private func register(_ target: String = Self.target, in store: TestDatabase) async throws {
        try await store.database.write { [outbox = outbox(store)] in
            try outbox.register(target, shown: "https://\(target).example/", $0)
        }
    }

    /// - Returns: the tags and versions that deliveries were made of.
    @discardableResult
    private func enqueue(_ target: String = Self.target, in store: TestDatabase) async throws -> [String: Int64?] {
        try await store.database.write { [outbox = outbox(store)] sql in
            let before = try Set(outbox.deliveries(nil, rows: 0..<1000, sql).map(\.id))
            try outbox.enqueue(
                for: target, at: Self.now, payload: { tag, _ in tag.hasPrefix("store:") ? nil : "{}" }, sql)
            let new = try outbox.deliveries(nil, rows: 0..<1000, sql).filter { !before.contains($0.id) }
            return Dictionary(uniqueKeysWithValues: new.map { ($0.tag, $0.version) })
        }
    }

    private func claim(
        _ limit: Int, at seconds: Double = 0, lease: Double = 15, in store: TestDatabase
    ) async throws -> [WebhookOutbox.Claim] {
        try await store.database.write { [outbox = outbox(store)] sql in
            let now = Self.now.addingTimeInterval(seconds)
            return try outbox.claim(limit, for: Self.target, at: now, until: now.addingTimeInterval(lease), sql)
        }
    }

    private func raise(_ tags: ContentTag..., in store: TestDatabase) async throws {
        try await store.database.write { [engine = store.database.engine] in try engine.raiseVersions(of: Set(tags), $0)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `has each change once for each target, from when the target was first seen`(engine: DatabaseEngine)
        async throws
    {
        try await TestDatabase.alone(engine) { store in
            try await raise(.surahs, in: store)
            try await register(in: store)
            #expect(try await enqueue(in: store).isEmpty)
            try await raise(.surahs, .reciters, in: store)
            #expect(try await enqueue(in: store) == ["surahs": 2, "reciters": 1])
            try await register("4567", in: store)
            try await raise(.surahs, in: store)
            // Known already: nothing starts over.
            try await register(in: store)
            #expect(try await enqueue(in: store) == ["surahs": 3])
            #expect(try await enqueue("4567", in: store) == ["surahs": 3])
            #expect(try await enqueue(in: store).isEmpty)
            // Several changes between two looks are one.
            for _ in 0..<3 { try await raise(.reciters, in: store) }
            #expect(try await enqueue(in: store) == ["reciters": 4])
            #expect(try await enqueue("unknown", in: store).isEmpty)
        }
    }

    @Test func `misses no transaction that commits late, and tells nothing twice`() async throws {
        try await TestDatabase.with(.postgres) { store in
            try await register(in: store)
            let (late, commit) = (AsyncStream<Void>.makeStream(), DispatchSemaphore(value: 0))
            let writer = Task {
                try await store.database.write(deadline: .seconds(60)) { sql in
                    try DatabaseEngine.postgres.raiseVersions(of: [.structure], sql)
                    late.continuation.yield()
                    commit.wait()
                }
            }
            for await _ in late.stream { break }
            for version in 1...3 {
                try await raise(.surahs, in: store)
                // The rows since the open transaction are seen again each time.
                #expect(try await enqueue(in: store) == ["surahs": Int64(version)])
            }
            commit.signal()
            try await writer.value
            #expect(try await enqueue(in: store) == ["structure": 1])
            #expect(try await enqueue(in: store).isEmpty)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `has one delivery of everything when the history went back, and what follows under old numbers`(
        engine: DatabaseEngine
    ) async throws {
        try await TestDatabase.alone(engine) { store in
            try await raise(.surahs, in: store)
            try await register(in: store)
            try await raise(.surahs, in: store)
            #expect(try await enqueue(in: store) == ["surahs": 2])
            // As if the last commit were lost.
            try await store.shell("UPDATE content_versions SET version = 1 WHERE tag = 'surahs'")
            switch engine {
            case .sqlite: try await store.shell("UPDATE webhook_targets SET position = 1000000")
            case .postgres: try await store.shell("UPDATE webhook_targets SET history = 'the server before this'")
            }
            #expect(try await enqueue(in: store) == ["all": nil])
            #expect(try await enqueue(in: store).isEmpty)
            try await raise(.surahs, in: store)
            #expect(try await enqueue(in: store) == ["surahs": 2])
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `makes each delivery once, however many instances look`(engine: DatabaseEngine) async throws {
        try await TestDatabase.with(engine) { store in
            try await register(in: store)
            try await raise(.surahs, .reciters, .editions, in: store)
            let made = try await withThrowingTaskGroup { group in
                for _ in 0..<8 {
                    group.addTask { [outbox = outbox(store)] in
                        try await store.database.write { sql in
                            try outbox.enqueue(
                                for: Self.target, at: Self.now, payload: { _, _ in "{}" },
                                sql)
                        }
                    }
                }
                return try await group.reduce(0, +)
            }
            #expect(made == 3)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `gives each delivery to one instance, until that one's time is up`(engine: DatabaseEngine) async throws {
        try await TestDatabase.with(engine) { store in
            try await register(in: store)
            let surahs = SurahNumber.all.prefix(20).map { ContentTag.surah($0) }
            try await store.database.write { try engine.raiseVersions(of: Set(surahs), $0) }
            try await enqueue(in: store)
            let claims = try await withThrowingTaskGroup { group in
                for _ in 0..<8 { group.addTask { try await claim(4, in: store) } }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(Set(claims.map(\.id)).count == claims.count)
            let rest = try await claim(100, in: store)
            #expect(claims.count + rest.count == 20)
            #expect(try await claim(100, at: 14, in: store).isEmpty)
            #expect(try await claim(100, at: 15, in: store).count == 20)
            let next = try await store.database.read { [outbox = outbox(store)] in
                try outbox.nextDue(for: Self.target, $0)
            }
            #expect(next == Self.now.addingTimeInterval(30))
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `forgets what was finished long ago, and keeps what is pending`(engine: DatabaseEngine) async throws {
        try await TestDatabase.with(engine) { store in
            try await register(in: store)
            try await raise(.surahs, .reciters, .editions, in: store)
            try await enqueue(in: store)
            let claims = try await claim(3, in: store)
            let outcomes: [WebhookOutcome] = [
                .delivered, .dead("answered 410"), .failed("answered 500", nextAttemptAt: timestamp(Self.now)),
            ]
            try await store.database.write { [outbox = outbox(store)] sql in
                for (claim, outcome) in zip(claims, outcomes) {
                    try outbox.record(outcome, of: claim, at: Self.now, sql)
                }
            }
            for (seconds, left) in [(0.0, 3), (1, 2)] {
                try await store.database.write { [outbox = outbox(store)] sql in
                    try outbox.forget(
                        deliveredBefore: Self.now.addingTimeInterval(seconds), deadBefore: Self.now, sql)
                    #expect(try outbox.count(nil, sql) == left)
                }
            }
            try await store.database.write { [outbox = outbox(store)] sql in
                try outbox.forget(deliveredBefore: .distantFuture, deadBefore: .distantFuture, sql)
                #expect(try outbox.deliveries(nil, rows: 0..<10, sql).map(\.state) == [.pending])
            }
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `heeds a lapsed claim only if it says that all went well`(engine: DatabaseEngine) async throws {
        try await TestDatabase.with(engine) { store in
            try await register(in: store)
            try await raise(.surahs, in: store)
            try await enqueue(in: store)
            let (late, own) = (try await claim(1, in: store), try await claim(1, at: 15, in: store))
            #expect(late == own && own.count == 1)
            let claim = try #require(own.first)
            try await store.database.write { [outbox = outbox(store)] sql in
                let next = timestamp(Self.now.addingTimeInterval(60))
                try outbox.record(.failed("answered 500", nextAttemptAt: next), of: claim, at: Self.now, sql)
                try outbox.record(.dead("answered 410"), of: claim, at: Self.now, sql)
                let failed = try outbox.deliveries(nil, rows: 0..<1, sql).first
                #expect(failed?.state == .pending && failed?.attempts == 1 && failed?.nextAttemptAt == next)
                try outbox.record(.delivered, of: claim, at: Self.now, sql)
                #expect(try outbox.count(.delivered, sql) == 1)
            }
        }
    }
}

@Suite struct `A webhook that was taken` {
    private static let now = Date(timeIntervalSince1970: 1_800_000_000)

    private func take(
        _ id: String, _ tags: Set<ContentTag>, after seconds: Double = 0, in store: TestDatabase
    ) async throws -> [String] {
        try await store.database.write { [engine = store.database.engine] sql in
            let now = Self.now.addingTimeInterval(seconds)
            return try WebhookReceipts.take(
                id, expires: now.addingTimeInterval(600), raising: tags, at: now, engine: engine, sql)
        }
    }

    private func version(_ tag: String, in store: TestDatabase) async throws -> String {
        try await store.shell("SELECT version FROM content_versions WHERE tag = '\(tag)'")
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `has its effect once, and is forgotten when it can't come again`(engine: DatabaseEngine) async throws {
        try await TestDatabase.with(engine) { store async throws in
            #expect(try await take("msg_1", [.surahs, .reciters], in: store) == ["reciters", "surahs"])
            #expect(try await take("msg_1", [.editions], after: 599, in: store) == ["reciters", "surahs"])
            #expect(try await version("surahs", in: store) == "1")
            #expect(try await version("editions", in: store).isEmpty)
            #expect(try await take("msg_2", [.surahs], after: 600, in: store) == ["surahs"])
            #expect(try await store.shell("SELECT id FROM webhook_receipts ORDER BY id") == "msg_1\nmsg_2")
            #expect(try await take("msg_3", [.surahs], after: 601, in: store) == ["surahs"])
            #expect(try await store.shell("SELECT id FROM webhook_receipts ORDER BY id") == "msg_2\nmsg_3")
            #expect(try await version("surahs", in: store) == "3")
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `has its effect once where several instances get it at the same moment`(engine: DatabaseEngine) async throws {
        try await TestDatabase.with(engine) { store in
            let answers = try await withThrowingTaskGroup { group in
                for _ in 0..<8 { group.addTask { try await take("msg_1", [.surahs], in: store) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(answers == Array(repeating: ["surahs"], count: 8))
            #expect(try await version("surahs", in: store) == "1")
        }
    }
}
