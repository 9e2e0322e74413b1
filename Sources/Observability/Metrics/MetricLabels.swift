/// The labels of a sample: with valid names, each once, in the order of their names.
struct MetricLabels: Hashable, Comparable, Sendable {
    struct Label: Hashable, Sendable {
        let name: String
        let value: String
    }

    let all: [Label]

    init(_ labels: [(String, String)]) {
        var values: [String: String] = [:]
        for (name, value) in labels { values[MetricName.label(name)] = value }
        all = values.map { Label(name: $0, value: $1) }.sorted { $0.name < $1.name }
    }

    static func < (a: Self, b: Self) -> Bool {
        a.all.lexicographicallyPrecedes(b.all) { ($0.name, $0.value) < ($1.name, $1.value) }
    }
}

/// Names as Prometheus has them.
enum MetricName {
    /// `[a-zA-Z_:][a-zA-Z0-9_:]*`
    static func valid(_ name: String) -> String { replacingInvalid(in: name, allowing: "_:") }

    static func counter(_ name: String) -> String { ending(name, with: "_total") }

    static func timer(_ name: String) -> String { ending(name, with: "_seconds") }

    /// `[a-zA-Z_][a-zA-Z0-9_]*`, without the two underscores that Prometheus keeps for itself, and without `le`, which is the
    /// bound of a bucket.
    static func label(_ name: String) -> String {
        let name = replacingInvalid(in: name, allowing: "_")
        if name == "le" { return "exported_le" }
        return name.hasPrefix("__") ? "_\(name.drop { $0 == "_" })" : name
    }

    private static func ending(_ name: String, with suffix: String) -> String {
        let name = valid(name)
        return name.hasSuffix(suffix) ? name : name + suffix
    }

    private static func replacingInvalid(in name: String, allowing more: String) -> String {
        var valid = ""
        for scalar in name.unicodeScalars {
            let isLetter = scalar.isASCII && scalar.properties.isAlphabetic
            let isDigit = ("0"..."9").contains(scalar)
            if valid.isEmpty, isDigit { valid += "_" }
            valid.unicodeScalars.append(isLetter || isDigit || more.unicodeScalars.contains(scalar) ? scalar : "_")
        }
        return valid.isEmpty ? "_" : valid
    }
}
