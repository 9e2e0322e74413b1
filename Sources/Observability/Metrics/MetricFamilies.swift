/// All samples of one scrape, by the names of their families. Of what is added here a family takes
/// ``MetricsRegistry/usualLimit`` label sets; more are left out.
public struct MetricFamilies: Sendable {
    enum Kind: String, Sendable {
        case counter, gauge, histogram
    }

    enum Value: Sendable {
        case number(Double)
        case histogram(HistogramValue)
    }

    struct Family: Sendable {
        let kind: Kind
        let help: String
        var samples: [MetricLabels: Value] = [:]
    }

    private(set) var families: [String: Family] = [:]
    /// Samples that were left out.
    private(set) var leftOut = 0

    init() {}

    /// A count that only grows, since the start of whoever counts. Its name ends in `_total`. What is `nil` is left out.
    public mutating func counter(
        _ name: String, _ help: String, _ value: Int?, _ labels: KeyValuePairs<String, String> = [:]
    ) {
        counter(name, help, value.map { Double($0) }, labels)
    }

    public mutating func counter(
        _ name: String, _ help: String, _ value: Double?, _ labels: KeyValuePairs<String, String> = [:]
    ) {
        add(value, .counter, MetricName.counter(name), help, labels)
    }

    /// How much there is now. What is `nil` is left out.
    public mutating func gauge(
        _ name: String, _ help: String, _ value: Int?, _ labels: KeyValuePairs<String, String> = [:]
    ) {
        gauge(name, help, value.map { Double($0) }, labels)
    }

    public mutating func gauge(
        _ name: String, _ help: String, _ value: Double?, _ labels: KeyValuePairs<String, String> = [:]
    ) {
        add(value, .gauge, MetricName.valid(name), help, labels)
    }

    private mutating func add(
        _ value: Double?, _ kind: Kind, _ name: String, _ help: String, _ labels: KeyValuePairs<String, String>
    ) {
        guard let value else { return }
        guard (families[name]?.samples.count ?? 0) < MetricsRegistry.usualLimit else {
            leftOut += 1
            return
        }
        add(.number(value), kind, name, help, MetricLabels(labels.map { ($0, $1) }))
    }

    /// Adds a sample to its family. The first of two with the same labels stays, and so does the first kind of a name.
    mutating func add(_ value: Value, _ kind: Kind, _ name: String, _ help: String, _ labels: MetricLabels) {
        if let family = families[name] {
            guard family.kind == kind, family.samples[labels] == nil else { return }
        }
        // In place: a copy for each sample would take time that grows with their square.
        families[name, default: Family(kind: kind, help: help)].samples[labels] = value
    }
}

/// What a histogram holds at one moment.
struct HistogramValue: Sendable {
    /// The upper bounds of the buckets, growing; one more bucket has none.
    let bounds: [Double]
    /// The observations in each bucket alone.
    let counts: [Int]
    let sum: Double
}
