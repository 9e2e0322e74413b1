import Foundation
import Quran
import Storage
import TestSupport
import Testing

/// Bookmarks while the database, Redis or both are in trouble: the columns of users in ARCHITECTURE's table.
@Suite struct `Bookmarks in good and bad times` {
    private func withServers(
        _ test: @Sendable (PrivatePostgres, PrivateRedis, UserClient, UserClient) async throws -> Void
    ) async throws {
        try await withPrivateDatabase { postgres, store in
            try await PrivateRedis.run { redis in
                let environment = TestServer.impatient([
                    "DATABASE_URL": store.url, "REDIS_URL": redis.url, "AUTH_SECRET": TestServer.secret,
                ])
                try await TestServer.with(environment) { one in
                    try await TestServer.with(environment) { two in
                        let client = try await UserClient(one, user: "reader")
                        try await test(postgres, redis, client, client.at(two))
                    }
                }
            }
        }
    }

    /// The ids of the bookmarks in a list, and how the list is labelled.
    private func list(_ client: UserClient) async throws -> (status: Int, ids: Set<String>, label: CacheLabel) {
        let answer = try await client.send(.get, "me/bookmarks")
        guard answer.status == 200 else { return (answer.status, [], CacheLabel(answer)) }
        #expect(answer.headers["cache-control"] == "private, no-cache")
        let bookmarks = try answer.json()["bookmarks"] as? [[String: Any]]
        return (200, Set(try #require(bookmarks).compactMap { $0["id"] as? String }), CacheLabel(answer))
    }

    private func write(_ id: String, _ client: UserClient) async throws -> TestServer.Answer {
        try await client.send(.put, "me/bookmarks/\(id)", body: Data(#"{"from":"2:255"}"#.utf8))
    }

    /// Until a write is done again, and everyone reads it.
    private func expectRecovery(_ clients: [UserClient]) async throws {
        let repaired = ContinuousClock.now
        try await eventually("writes are taken again", within: .seconds(20)) {
            try await write("after", clients[0]).status < 300
        }
        #expect(try await list(clients[0]).ids.contains("after"))
        for client in clients {
            try await eventually("the list is fresh again", within: .seconds(20)) {
                let list = try await list(client)
                return list.label.isFresh && list.ids.contains("after")
            }
        }
        print("degradation: bookmarks are well again after \(repaired.duration(to: .now).inMilliseconds)")
    }

    @Test(arguments: DatabaseFault.allCases)
    func `without the database nobody reads less than they wrote, and writes are refused`(
        fault: DatabaseFault
    ) async throws {
        try await withServers { postgres, _, one, two in
            #expect(try await write("first", one).status == 201)
            try await eventually("both have it in memory") {
                let (here, there) = (try await list(one), try await list(two))
                #expect(here.ids == ["first"])
                return there.ids == ["first"] && here.label.isFromMemory && there.label.isFromMemory
            }
            // Another user's list stays as it was: it may be served.
            let other = try await UserClient(one.server, user: "other")
            #expect(try await write("theirs", other).status == 201)
            try await eventually("it is in memory") { try await list(other).label.isFromMemory }
            #expect(try await write("second", one).status == 201)
            let repair = try await fault.strike(postgres)
            let start = ContinuousClock.now
            let refused = try await write("third", one)
            #expect(refused.status == 503 && refused.headers["retry-after"] != nil)
            let took = start.duration(to: .now)
            #expect(took < .seconds(5))
            print("degradation: \(fault.testDescription), a write refused in \(took.inMilliseconds)")
            var answers: [Int: Int] = [:]
            for client in [one, two] {
                for _ in 0..<20 {
                    let list = try await list(client)
                    answers[list.status, default: 0] += 1
                    #expect(list.status == 503 || list.status == 200 && list.ids == ["first", "second"])
                }
            }
            print("degradation: \(fault.testDescription), lists read: \(answers)")
            try await eventually("what nobody changed is called stale", within: .seconds(20)) {
                let list = try await list(other)
                #expect(list.status == 200 && list.ids == ["theirs"])
                return list.label.isStale
            }
            try await repair()
            try await expectRecovery([one, two])
            // What was refused may have been done after all, but not half.
            #expect(try await list(one).ids.subtracting(["third"]) == ["first", "second", "after"])
        }
    }

    @Test(arguments: RedisFault.allCases.filter { !$0.precedesServers })
    func `without Redis bookmarks are read and written as ever`(fault: RedisFault) async throws {
        try await withServers { _, redis, one, two in
            let repair = try await fault.strike(redis)
            for round in 0..<5 {
                #expect(try await write("b\(round)", one).status == 201)
                let expected = Set((0...round).map { "b\($0)" })
                #expect(try await list(one).ids == expected)
                try await eventually("the other instance has it") { try await list(two).ids == expected }
            }
            try await repair()
            try await expectRecovery([one, two])
        }
    }

    @Test(arguments: [DatabaseFault.stopped, .paused], [RedisFault.killed, .paused])
    func `without both nothing of a user is read or written`(fault: DatabaseFault, redisFault: RedisFault) async throws
    {
        try await withServers { postgres, redis, one, two in
            #expect(try await write("first", one).status == 201)
            try await eventually("both have it in memory") {
                let (here, there) = (try await list(one), try await list(two))
                return here.label.isFromMemory && there.label.isFromMemory
            }
            let repairRedis = try await redisFault.strike(redis)
            let repair = try await fault.strike(postgres)
            try await eventually("lists are refused", within: .seconds(20)) {
                let answers = [try await list(one), try await list(two)]
                for answer in answers { #expect(answer.status == 503 || answer.ids == ["first"]) }
                return answers.allSatisfy { $0.status == 503 }
            }
            let start = ContinuousClock.now
            #expect(try await list(one).status == 503)
            let name = "\(fault.testDescription), \(redisFault.testDescription)"
            print("degradation: \(name), a list refused in \(start.duration(to: .now).inMilliseconds)")
            #expect(try await write("second", one).status == 503)
            try await repair()
            try await repairRedis()
            try await expectRecovery([one, two])
        }
    }
}
