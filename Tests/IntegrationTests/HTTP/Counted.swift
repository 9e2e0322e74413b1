import Foundation
import TestSupport

/// A server whose metrics are read.
struct Counted {
    let server: TestServer
    let port: TestServer

    static func with(_ environment: [String: String], _ test: @Sendable (Counted) async throws -> Void) async throws {
        let port = try Port.free()
        try await TestServer.with(environment.merging(["METRICS_PORT": "\(port)"]) { $1 }) { server in
            let metrics = TestServer(program: server.program, base: "http://127.0.0.1:\(port)")
            try await eventually("metrics are served") { Port.isOpen(port) }
            try await test(Counted(server: server, port: metrics))
        }
    }

    func scrape() async throws -> Scrape {
        try await Scrape(String(decoding: port.send(.get, "metrics", root: "/").body, as: UTF8.self))
    }

    /// How many requests the lane has answered.
    func laneAnswers() async throws -> Int { Int(try await scrape()["quran_http_lane_answers_total"] ?? 0) }

    /// Requests and bytes by their labels.
    func counts() async throws -> [[String: String]: Double] {
        let scrape = try await scrape()
        return scrape.series("quran_http_requests_total").merging(scrape.series("quran_http_response_bytes_total")) {
            $1
        }
        .merging(scrape.series("quran_http_request_duration_seconds_count").map { ($0, $1) }) { $0 + $1 * 1e9 }
    }

    /// What is logged of requests, without what differs from one moment to the next.
    func requestLines() throws -> [String: Int] {
        let lines = try server.program.errors().split(separator: "\n").filter { $0.contains("\"message\":\"request\"") }
        let same = lines.map {
            $0.replacing(/"(time|milliseconds)":"[^"]*"/, with: "").replacing(/"trace":"[0-9a-f]{32}"/, with: "trace")
                .replacing(/[0-9a-f]{8}-[0-9a-f-]{27}/, with: "made")
        }
        return Dictionary(same.map { (String($0), 1) }, uniquingKeysWith: +)
    }
}
