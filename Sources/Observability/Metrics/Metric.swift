import Metrics
import Synchronization

/// Something that counts, under a name and labels. Counting takes no lock.
protocol Metric: AnyObject, Sendable {
    static var kind: MetricFamilies.Kind { get }
    var family: String { get }
    var labels: MetricLabels { get }
    var value: MetricFamilies.Value { get }
}

/// A count that only grows.
final class CounterMetric: Metric, CounterHandler, FloatingPointCounterHandler {
    static let kind = MetricFamilies.Kind.counter
    let family: String
    let labels: MetricLabels
    private let whole = Atomic<Int64>(0)
    /// What came in fractions.
    private let fractions = AtomicDouble()

    init(_ family: String, _ labels: MetricLabels) {
        self.family = family
        self.labels = labels
    }

    func increment(by amount: Int64) {
        if amount > 0 { whole.wrappingAdd(amount, ordering: .relaxed) }
    }

    func increment(by amount: Double) {
        if amount > 0, amount.isFinite { fractions.add(amount) }
    }

    func reset() {
        whole.store(0, ordering: .relaxed)
        fractions.set(0)
    }

    var count: Double { Double(whole.load(ordering: .relaxed)) + fractions.value }
    var value: MetricFamilies.Value { .number(count) }
}

/// How much there is now: what was set last.
final class GaugeMetric: Metric, MeterHandler, RecorderHandler {
    static let kind = MetricFamilies.Kind.gauge
    let family: String
    let labels: MetricLabels
    private let level = AtomicDouble()

    init(_ family: String, _ labels: MetricLabels) {
        self.family = family
        self.labels = labels
    }

    func set(_ value: Int64) { level.set(Double(value)) }
    func set(_ value: Double) { level.set(value) }
    func increment(by amount: Double) { level.add(amount) }
    func decrement(by amount: Double) { level.add(-amount) }
    func record(_ value: Int64) { set(value) }
    func record(_ value: Double) { set(value) }

    var value: MetricFamilies.Value { .number(level.value) }
}

/// How often something was how large. A timer's unit is the second.
final class HistogramMetric: Metric, RecorderHandler, TimerHandler {
    private final class Count: Sendable {
        let value = Atomic(0)
    }

    static let kind = MetricFamilies.Kind.histogram
    let family: String
    let labels: MetricLabels
    private let bounds: [Double]
    /// One for each bound, and one for what is beyond all.
    private let counts: [Count]
    private let sum = AtomicDouble()

    /// - Parameter bounds: growing; a bucket holds what is not above its bound.
    init(_ family: String, _ labels: MetricLabels, bounds: [Double]) {
        self.family = family
        self.labels = labels
        self.bounds = bounds
        counts = (0...bounds.count).map { _ in Count() }
    }

    func record(_ value: Int64) { record(Double(value)) }

    func record(_ value: Double) {
        guard value.isFinite else { return }
        counts[bounds.firstIndex { value <= $0 } ?? bounds.count].value.wrappingAdd(1, ordering: .relaxed)
        sum.add(value)
    }

    func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }

    var value: MetricFamilies.Value {
        .histogram(
            HistogramValue(bounds: bounds, counts: counts.map { $0.value.load(ordering: .relaxed) }, sum: sum.value))
    }
}

/// A floating-point number that many threads add to.
private struct AtomicDouble: ~Copyable {
    private let bits = Atomic<UInt64>(0)

    var value: Double { Double(bitPattern: bits.load(ordering: .relaxed)) }

    func set(_ value: Double) { bits.store(value.bitPattern, ordering: .relaxed) }

    func add(_ amount: Double) {
        var old = bits.load(ordering: .relaxed)
        while true {
            let new = (Double(bitPattern: old) + amount).bitPattern
            let (isExchanged, now) = bits.weakCompareExchange(expected: old, desired: new, ordering: .relaxed)
            if isExchanged { return }
            old = now
        }
    }
}
