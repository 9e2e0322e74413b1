import Metrics

/// Counts what limits refuse, for operators.
enum RefusalCounters {
    static func countConnection(_ refusal: ConnectionTable.Refusal) {
        Counter(label: "quran_http_connections_refused_total", dimensions: [("reason", refusal.rawValue)]).increment()
    }

    static func countHead(_ problem: Problem) {
        Counter(label: "quran_http_heads_refused_total", dimensions: [("kind", problem.kind)]).increment()
    }

    /// - Parameter limit: the limiter's name, or `requests` for those of one client at a time.
    static func countRequest(beyond limit: String) {
        Counter(label: "quran_rate_limited_total", dimensions: [("limit", limit)]).increment()
    }
}
