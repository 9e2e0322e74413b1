import Foundation
import Storage
import TestSupport

/// A server with Redis whose metrics are read.
struct Watched: Sendable {
    let server: TestServer
    /// The same server, by its port for metrics.
    let port: TestServer
    let store: TestDatabase
    private let environment: [String: String]

    /// Runs a test with a server on a seeded store.
    static func with(_ engine: DatabaseEngine, _ test: @Sendable (Watched) async throws -> Void) async throws {
        try await TestDatabase.with(engine, holding: .facts) { store in
            try await PrivateRedis.run { redis in
                try await with(
                    store, ["DATABASE_URL": store.url, "REDIS_URL": redis.url, "AUTH_SECRET": TestServer.secret], test)
            }
        }
    }

    /// Runs a test with one more server on the same store.
    static func with(_ other: Watched, _ test: @Sendable (Watched) async throws -> Void) async throws {
        try await with(other.store, other.environment, test)
    }

    static func with(
        _ store: TestDatabase, _ environment: [String: String], _ test: @Sendable (Watched) async throws -> Void
    ) async throws {
        let port = try Port.free()
        let environment = environment.merging(["METRICS_PORT": "\(port)"]) { $1 }
        try await TestServer.with(environment) { server in
            let metrics = TestServer(program: server.program, base: "http://127.0.0.1:\(port)")
            try await eventually("metrics are served") { Port.isOpen(port) }
            try await test(Watched(server: server, port: metrics, store: store, environment: environment))
        }
    }

    func read(on server: TestServer, token: String) async throws -> TestServer.Answer {
        try await server.send(.get, "metrics", headers: ["Authorization": "Bearer \(token)"], root: "/")
    }

    /// - Throws: if there is no answer at once.
    func text() async throws -> String {
        let answer = try await port.send(.get, "metrics", root: "/", timeout: .seconds(2))
        guard answer.status == 200 else { throw TestFailure("metrics answered \(answer.status)") }
        return String(decoding: answer.body, as: UTF8.self)
    }

    func scrape() async throws -> Scrape { try await Scrape(text()) }

    /// Waits until Redis was asked how it is, and is used.
    func isReady() async throws {
        try await eventually("Redis was asked") { try await scrape()["quran_redis_up"] == 1 }
    }
}
