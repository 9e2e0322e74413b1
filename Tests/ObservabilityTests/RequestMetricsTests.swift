import Foundation
import Observability
import TestSupport
import Testing

@Suite struct `Requests that are counted` {
    private let registry = MetricsRegistry(RequestMetrics.descriptions)

    private func record(_ method: String, _ route: String?, _ status: Int) -> RequestRecord {
        RequestRecord(
            id: "1", trace: TraceContext(), method: method, route: route, status: status, startedAt: .now,
            duration: .milliseconds(3), responseBytes: 100)
    }

    @Test func `methods that nobody knows and addresses that there are none of are one each`() async throws {
        let metrics = RequestMetrics(registry)
        for number in 0..<3000 {
            metrics.requestBegan()
            metrics.observe(record("METHOD\(number)", nil, 404))
        }
        metrics.requestBegan()
        metrics.observe(record("GET", "/api/v1/surahs", 200))
        metrics.requestBegan()
        metrics.requestBegan()
        metrics.observe(record("GET", "/api/v1/surahs", 503))
        let scrape = try await Scrape(registry.families().text)
        let name = "quran_http_requests_total"
        #expect(scrape[name, ["method": "other", "route": "none", "status": "4xx"]] == 3000)
        #expect(scrape[name, ["method": "GET", "route": "/api/v1/surahs", "status": "2xx"]] == 1)
        #expect(scrape.series(name).count == 3)
        #expect(scrape["quran_http_request_duration_seconds_count", ["route": "/api/v1/surahs"]] == 2)
        #expect(scrape["quran_http_response_bytes_total", ["route": "none"]] == 300_000)
        #expect(scrape["quran_http_requests_in_flight"] == 1)
        #expect(metrics.totals == (requests: 3002, serverErrors: 1))
    }
}
