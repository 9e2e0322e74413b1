extension MetricFamilies {
    /// The type of ``text``.
    public static var contentType: String { "text/plain; version=0.0.4; charset=utf-8" }

    /// The exposition format of Prometheus, version 0.0.4: families in the order of their names, each in one block,
    /// samples in the order of their labels.
    public var text: String {
        var text = ""
        for (name, family) in families.sorted(by: { $0.key < $1.key }) {
            text += "# HELP \(name) \(Self.escaped(family.help))\n# TYPE \(name) \(family.kind.rawValue)\n"
            for (labels, value) in family.samples.sorted(by: { $0.key < $1.key }) {
                switch value {
                case .number(let number): Self.append(name, labels, number, to: &text)
                case .histogram(let histogram): Self.append(name, labels, histogram, to: &text)
                }
            }
        }
        return text
    }

    private static func append(
        _ name: String, _ labels: MetricLabels, bound: Double? = nil, _ value: Double, to text: inout String
    ) {
        var pairs = labels.all.map { "\($0.name)=\"\(escaped($0.value, quotes: true))\"" }
        if let bound { pairs.append("le=\"\(number(bound))\"") }
        text += name
        if !pairs.isEmpty { text += "{\(pairs.joined(separator: ","))}" }
        text += " \(number(value))\n"
    }

    private static func append(
        _ name: String, _ labels: MetricLabels, _ histogram: HistogramValue, to text: inout String
    ) {
        var total = 0
        for (bound, count) in zip(histogram.bounds + [.infinity], histogram.counts) {
            total += count
            append("\(name)_bucket", labels, bound: bound, Double(total), to: &text)
        }
        append("\(name)_sum", labels, histogram.sum, to: &text)
        append("\(name)_count", labels, Double(total), to: &text)
    }

    private static func number(_ value: Double) -> String {
        if let whole = Int64(exactly: value) { return String(whole) }
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        return value.description
    }

    private static func escaped(_ text: String, quotes: Bool = false) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": escaped += "\\\\"
            case "\n": escaped += "\\n"
            case "\"" where quotes: escaped += "\\\""
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}
