public import Metrics
import Synchronization

/// What is known of a family before anyone counts in it.
public struct MetricDescription: Sendable {
    /// As it is exposed, with `_total` or the unit.
    public let name: String
    public let help: String
    /// The upper bounds of a histogram's buckets, growing, in the base unit: seconds or bytes. `nil` for the usual ones.
    public let buckets: [Double]?
    /// How many label sets it may have.
    public let limit: Int

    public init(_ name: String, _ help: String, buckets: [Double]? = nil, limit: Int = MetricsRegistry.usualLimit) {
        self.name = name
        self.help = help
        self.buckets = buckets
        self.limit = limit
    }
}

/// Keeps what is counted through swift-metrics, and shows it together with what counts itself.
///
/// The same label and dimensions give the same handler, for as long as it is not destroyed. To ask for one takes a lock; to
/// count takes none, so who counts often keeps what it was given. A label set beyond a family's limit, or of a name that is
/// of another kind, gets a handler that nobody sees.
public final class MetricsRegistry: MetricsFactory {
    /// How many label sets a family may have, if nothing else is said of it.
    public static let usualLimit = 200

    public typealias Collector = @Sendable (inout MetricFamilies) -> Void

    private struct Family {
        let kind: MetricFamilies.Kind
        var series: [MetricLabels: any Metric] = [:]
    }

    private struct State {
        var families: [String: Family] = [:]
        var collectors: [Collector] = []
    }

    private let state = Mutex(State())
    private let descriptions: [String: MetricDescription]
    private let dropped = Atomic(0)

    private static let seconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]
    private static let bytes = [256, 1024, 4096, 16384, 65536, 262_144, 1_048_576, 4_194_304].map { Double($0) }

    public init(_ descriptions: [MetricDescription] = []) {
        self.descriptions = Dictionary(descriptions.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// Adds something to be read at each scrape. It must not wait.
    public func collect(_ collector: @escaping Collector) { state.withLock { $0.collectors.append(collector) } }

    /// All that there is now. Waits for nothing.
    public func families() -> MetricFamilies {
        let (families, collectors) = state.withLock { ($0.families, $0.collectors) }
        var all = MetricFamilies()
        for (name, family) in families {
            let help = descriptions[name]?.help ?? name
            for (labels, metric) in family.series { all.add(metric.value, family.kind, name, help, labels) }
        }
        for collector in collectors { collector(&all) }
        all.counter(
            "quran_metrics_dropped_label_sets_total", "Label sets that were not kept, as their family had too many.",
            dropped.load(ordering: .relaxed) + all.leftOut)
        return all
    }

    // MARK: As a factory of swift-metrics

    public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        counter(label, dimensions)
    }

    public func makeFloatingPointCounter(
        label: String, dimensions: [(String, String)]
    ) -> any FloatingPointCounterHandler {
        counter(label, dimensions)
    }

    public func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        metric(MetricName.valid(label), dimensions) { GaugeMetric($0, $1) }
    }

    /// - Parameter aggregate: whether it is a histogram, in bytes; else it shows the last value.
    public func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        guard aggregate else { return metric(MetricName.valid(label), dimensions) { GaugeMetric($0, $1) } }
        return metric(MetricName.valid(label), dimensions) { [descriptions] in
            HistogramMetric($0, $1, bounds: descriptions[$0]?.buckets ?? Self.bytes)
        }
    }

    public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        metric(MetricName.timer(label), dimensions) { [descriptions] in
            HistogramMetric($0, $1, bounds: descriptions[$0]?.buckets ?? Self.seconds)
        }
    }

    public func destroyCounter(_ handler: any CounterHandler) { forget(handler) }
    public func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) { forget(handler) }
    public func destroyMeter(_ handler: any MeterHandler) { forget(handler) }
    public func destroyRecorder(_ handler: any RecorderHandler) { forget(handler) }
    public func destroyTimer(_ handler: any TimerHandler) { forget(handler) }

    /// A counter whose count can be read, too.
    func counter(_ label: String, _ dimensions: [(String, String)]) -> CounterMetric {
        metric(MetricName.counter(label), dimensions) { CounterMetric($0, $1) }
    }

    private func metric<Kind: Metric>(
        _ name: String, _ dimensions: [(String, String)], make: (String, MetricLabels) -> Kind
    ) -> Kind {
        let labels = MetricLabels(dimensions)
        let limit = descriptions[name]?.limit ?? Self.usualLimit
        return state.withLock { state in
            let family = state.families[name] ?? Family(kind: Kind.kind)
            if let metric = family.series[labels] as? Kind { return metric }
            let metric = make(name, labels)
            guard family.kind == Kind.kind, family.series.count < limit else {
                dropped.wrappingAdd(1, ordering: .relaxed)
                return metric
            }
            state.families[name, default: family].series[labels] = metric
            return metric
        }
    }

    private func forget(_ handler: AnyObject) {
        guard let metric = handler as? any Metric else { return }
        state.withLock { state in
            guard state.families[metric.family]?.series[metric.labels] === metric else { return }
            state.families[metric.family]?.series[metric.labels] = nil
        }
    }
}
