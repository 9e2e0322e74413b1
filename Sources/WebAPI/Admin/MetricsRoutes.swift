import ContentService
import HTTPTypes
import Hummingbird
import JSON
import Observability

/// What the program counts: for Prometheus, and a summary for people.
struct MetricsRoutes {
    let monitor: ContentMonitor

    /// - Parameters:
    ///   - admin: lets nobody in but admins, below `/api/v1`.
    ///   - metrics: the same, where Prometheus looks.
    func add(
        to admin: some RouterMethods<UserRequestContext>, scrapedAt metrics: some RouterMethods<UserRequestContext>
    ) {
        metrics.getOnly("") { request, _ in
            _ = try Query(request, allowed: [])
            return scrape()
        }
        admin.getOnly("metrics") { request, _ in
            _ = try Query(request, allowed: [])
            return summary()
        }
    }

    func scrape() -> Response {
        .unstored(ByteBuffer(string: monitor.registry.families().text), type: MetricFamilies.contentType)
    }

    private func summary() -> Response {
        var json = JSONWriter()
        monitor.summary.write(to: &json, requests: monitor.requests, alerts: monitor.alerts)
        return .unstored(json.buffer)
    }
}
