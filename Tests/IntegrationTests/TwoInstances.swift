import Foundation
import Storage
import TestSupport

/// Two server processes on one store of their own; on PostgreSQL they share a Redis as well.
struct TwoInstances: Sendable {
    let store: TestDatabase
    let servers: [TestServer]

    /// Runs `body`, and ends the servers afterwards.
    static func run<Value: Sendable>(
        _ engine: DatabaseEngine, _ body: @Sendable (TwoInstances) async throws -> Value
    ) async throws -> Value {
        try await TestDatabase.with(engine, holding: .facts) { store in
            let environment = ["DATABASE_URL": store.url, "AUTH_SECRET": TestServer.secret]
            guard engine == .postgres else { return try await run(environment, on: store, body) }
            // Their own, as what is removed by a pattern is removed from all instances that share it.
            return try await PrivateRedis.run { redis in
                try await run(environment.merging(["REDIS_URL": redis.url]) { $1 }, on: store, body)
            }
        }
    }

    private static func run<Value: Sendable>(
        _ environment: [String: String], on store: TestDatabase,
        _ body: @Sendable (TwoInstances) async throws -> Value
    ) async throws -> Value {
        try await TestServer.with(environment) { one in
            try await TestServer.with(environment) { two in
                try await body(TwoInstances(store: store, servers: [one, two]))
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
