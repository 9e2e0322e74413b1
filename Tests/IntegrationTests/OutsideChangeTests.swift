import Foundation
import Storage
import TestSupport
import Testing

/// Changes that the server did not make, seen from outside: through two instances that share a real Redis.
@Suite struct `Changes from outside` {
    @Test(arguments: DatabaseEngine.allCases)
    func `a hand-typed change is seen through every instance, and says where answers come from`(
        engine: DatabaseEngine
    ) async throws {
        let redis = try #require(
            ProcessInfo.processInfo.environment["TEST_REDIS_URL"], "run the tests with make test, which starts Redis")
        try await TestDatabase.with(engine, holding: .facts) { store in
            let environment = ["DATABASE_URL": store.url, "REDIS_URL": redis]
            try await TestServer.with(environment) { one in
                try await TestServer.with(environment) { two in
                    for server in [one, two] { _ = try await server.get("surahs/2") }
                    for round in 1...3 {
                        let name = "Renamed \(round) \(UUID().uuidString)"
                        try await store.shell("UPDATE surahs SET name_english = '\(name)' WHERE number = 2")
                        for server in [one, two] {
                            try await eventually("the change is seen", within: .seconds(10)) {
                                let answer = try await server.get("surahs/2")
                                #expect(answer.status == 200)
                                return String(decoding: answer.body, as: UTF8.self).contains(name)
                            }
                            let status = try await server.get("surahs/2").headers["cache-status"]
                            #expect(status?.contains("hit") == true && status?.contains("detail=memory") == true)
                        }
                    }
                }
            }
        }
    }
}
