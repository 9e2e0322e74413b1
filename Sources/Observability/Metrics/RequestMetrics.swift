import Metrics
import Synchronization

/// Counts requests: by method, route and class of status, with the times that they took and the bytes that were answered.
public final class RequestMetrics: RequestObserver {
    /// What is counted together. No part of it is the client's choice: an address that there is none of is `none`.
    private struct Key: Hashable {
        /// A known one, or `other`.
        let method: String
        let route: String?
        /// 2 for 2xx.
        let statusClass: Int
    }

    private static let methods: Set = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]

    /// Counts requests that have all their labels in common.
    public struct Series: Sendable {
        fileprivate let count: CounterMetric
        fileprivate let duration: any TimerHandler
        fileprivate let bytes: CounterMetric

        /// - Parameter duration: nanoseconds until the head of the answer was there.
        public func add(duration: Int64, bytes: Int) {
            count.increment(by: Int64(1))
            self.duration.recordNanoseconds(duration)
            self.bytes.increment(by: Int64(bytes))
        }
    }

    public static let descriptions = [
        MetricDescription(
            "quran_http_requests_total", "Requests that were answered, by method, route and class of status.",
            // More than all combinations: what a client chooses to ask for must not keep others from being counted.
            limit: 5000),
        MetricDescription(
            "quran_http_request_duration_seconds", "Time until the head of the answer was there, by route.",
            buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5]),
        MetricDescription("quran_http_response_bytes_total", "Bytes of bodies that were answered, by route."),
    ]

    private let registry: MetricsRegistry
    private let series = Mutex<[Key: Series]>([:])
    private let current = Atomic(0)

    public init(_ registry: MetricsRegistry) {
        self.registry = registry
        registry.collect { [weak self] families in
            guard let self else { return }
            families.gauge(
                "quran_http_requests_in_flight", "Requests that were received and not answered yet.", inFlight)
        }
    }

    public func requestBegan() { current.wrappingAdd(1, ordering: .relaxed) }

    public func observe(_ request: RequestRecord) {
        current.wrappingSubtract(1, ordering: .relaxed)
        series(method: request.method, route: request.route, status: request.status)
            .add(duration: Int64(request.duration / .nanoseconds(1)), bytes: request.responseBytes)
    }

    /// The counts of some requests, to be kept by who counts often.
    public func series(method: String, route: String?, status: Int) -> Series {
        series(
            of: Key(
                method: Self.methods.contains(method) ? method : "other", route: route, statusClass: status / 100))
    }

    /// Requests that are being answered.
    public var inFlight: Int { current.load(ordering: .relaxed) }

    /// Requests that were answered since the start, and those of them whose failure was the server's.
    public var totals: (requests: Int, serverErrors: Int) {
        series.withLock { series in
            series.reduce(into: (0, 0)) { totals, series in
                let count = Int(series.value.count.count)
                totals.0 += count
                if series.key.statusClass == 5 { totals.1 += count }
            }
        }
    }

    private func series(of key: Key) -> Series {
        series.withLock { all in
            if let series = all[key] { return series }
            let route = ("route", key.route ?? "none")
            let series = Series(
                count: registry.counter(
                    "quran_http_requests_total",
                    [("method", key.method), route, ("status", "\(key.statusClass)xx")]),
                duration: registry.makeTimer(label: "quran_http_request_duration_seconds", dimensions: [route]),
                bytes: registry.counter("quran_http_response_bytes_total", [route]))
            all[key] = series
            return series
        }
    }
}
