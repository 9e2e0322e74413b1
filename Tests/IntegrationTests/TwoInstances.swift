import Foundation
import Storage
import TestSupport
import Testing

/// Two server processes on one store of their own; on PostgreSQL they share a Redis as well.
struct TwoInstances: Sendable {
    let store: TestDatabase
    let servers: [TestServer]

    /// Runs `body`, and ends the servers afterwards.
    static func run<Value: Sendable>(
        _ engine: DatabaseEngine, _ body: @Sendable (TwoInstances) async throws -> Value
    ) async throws -> Value {
        let redis = try #require(
            ProcessInfo.processInfo.environment["TEST_REDIS_URL"], "run the tests with make test, which starts Redis")
        return try await TestDatabase.with(engine, holding: .facts) { store in
            var environment = ["DATABASE_URL": store.url, "AUTH_SECRET": TestServer.secret]
            if engine == .postgres { environment["REDIS_URL"] = redis }
            return try await TestServer.with(environment) { [environment] one in
                try await TestServer.with(environment) { two in
                    try await body(TwoInstances(store: store, servers: [one, two]))
                }
            }
        }
    }

    /// One user at each of the instances.
    func clients(of user: String) async throws -> [UserClient] {
        let token = try await UserClient.token(of: user)
        return servers.map { UserClient($0, token: token) }
    }

    /// As if 90 days had passed for what is deleted by now, but not for the names of mutations.
    func forgetDeletions() async throws {
        let newest =
            "SELECT max(version) FROM user_records r WHERE r.user_hash = user_states.user_hash AND is_deleted = 1"
        try await store.shell(
            """
            BEGIN;
            UPDATE user_states SET forgotten = (\(newest)) WHERE (\(newest)) > forgotten;
            DELETE FROM user_records WHERE is_deleted = 1;
            COMMIT;
            """)
    }
}
