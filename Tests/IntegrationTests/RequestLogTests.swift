import Foundation
import Storage
import TestSupport
import Testing

/// What a server writes of its requests.
@Suite struct `The log of requests` {
    private func serving(_ test: @Sendable (TestServer) async throws -> Void) async throws {
        let store = try await TestDatabase.seeded(.sqlite)
        try await TestServer.with(["DATABASE_URL": store.url], test)
    }

    @Test func `a request keeps its id, or gets one, and is logged once with it`() async throws {
        try await serving { server in
            let named = try await server.get("surahs/1", headers: ["X-Request-Id": "mine-1"])
            #expect(named.headers["x-request-id"] == "mine-1")
            let forged = try await server.get("surahs/1", headers: ["X-Request-Id": "two words"])
            #expect(forged.headers["x-request-id"] != "two words")
            let made = try #require(forged.headers["x-request-id"])
            #expect(UUID(uuidString: made) != nil)
            try await eventually("the line is logged") { try server.program.errors().contains(made) }
            let lines = try server.program.errors().split(separator: "\n").filter { $0.contains("mine-1") }
            try #require(lines.count == 1)
            let line = try #require(
                try JSONSerialization.jsonObject(with: Data(lines[0].utf8)) as? [String: String])
            #expect(line["message"] == "request" && line["status"] == "200" && line["path"] == "/api/v1/surahs/1")
        }
    }

    @Test(arguments: [
        ("surahs/1", 200), ("surahs/200", 404), ("nowhere", 404), ("surahs/1?a=b", 400), ("me", 401),
        ("admin/audit", 401),
    ])
    func `whatever comes of a request, its id is answered, and logged with its trace`(path: String, status: Int)
        async throws
    {
        try await serving { server in
            let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
            let id = String(repeating: "a", count: 128)
            let headers = ["X-Request-Id": id, "traceparent": "00-\(trace)-00f067aa0ba902b7-01"]
            let answer = try await server.get(path, headers: headers)
            #expect(answer.status == status && answer.headers["x-request-id"] == id)
            // They would say to strangers whether a trace is recorded.
            #expect(answer.headers["traceparent"] == nil && answer.headers["traceresponse"] == nil)
            try await eventually("the line is logged") {
                try server.program.errors().split(separator: "\n").contains { line in
                    line.contains(id) && line.contains(trace) && line.contains("\"message\":\"request\"")
                }
            }
            let named = try await server.get(
                path, headers: ["sentry-trace": "\(String(trace.reversed()))-00f067aa0ba902b7"])
            #expect(named.status == status)
            try await eventually("Sentry's header is known") {
                try server.program.errors().contains(String(trace.reversed()))
            }
            for hostile in ["two words", "", id + "a", "سورة", "tab\there"] {
                let answer = try await server.get(
                    path, headers: ["X-Request-Id": hostile, "traceparent": "00-\(trace)-0-01"])
                let made = try #require(answer.headers["x-request-id"])
                #expect(answer.status == status && UUID(uuidString: made) != nil)
            }
        }
    }
}
