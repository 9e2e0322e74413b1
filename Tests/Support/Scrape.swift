import Foundation

/// A text in Prometheus' exposition format, as Prometheus' own client for Python reads it.
public struct Scrape: Sendable {
    private struct Sample: Decodable {
        let name: String
        let labels: [String: String]
        /// As text, since JSON has no infinity.
        let value: String
    }

    private struct Family: Decodable {
        let name: String
        let help: String
        let samples: [Sample]
    }

    /// By the names of families; that of a counter is without `_total`.
    public let help: [String: String]
    private let samples: [String: [[String: String]: Double]]

    private static let program = """
        import json, sys
        from prometheus_client.parser import text_string_to_metric_families
        text = open(sys.argv[1], encoding='utf-8', newline='').read()
        families = list(text_string_to_metric_families(text))
        assert len({f.name for f in families}) == len(families), 'a family in two blocks'
        print(json.dumps([{'name': f.name, 'help': f.documentation, 'samples': [
            {'name': s.name, 'labels': s.labels, 'value': repr(float(s.value))} for s in f.samples]}
            for f in families]))
        """

    /// - Throws: ``TestFailure`` if it can't be read, or has a sample twice.
    public init(_ text: String) async throws {
        let file = TemporaryFolder.unique("scrape")
        try Data(text.utf8).write(to: file)
        let output = try await Command.run(["/usr/bin/python3", "-c", Self.program, file.path])
        try FileManager.default.removeItem(at: file)
        let families = try JSONDecoder().decode([Family].self, from: Data(output.utf8))
        help = Dictionary(families.map { ($0.name, $0.help) }) { first, _ in first }
        var samples: [String: [[String: String]: Double]] = [:]
        for sample in families.flatMap(\.samples) {
            guard let value = Double(sample.value) else { throw TestFailure("no number: \(sample.value)") }
            guard samples[sample.name, default: [:]].updateValue(value, forKey: sample.labels) == nil else {
                throw TestFailure("\(sample.name) stands twice with \(sample.labels)")
            }
        }
        self.samples = samples
    }

    /// The value of a sample, by its name and all of its labels.
    public subscript(name: String, labels: [String: String] = [:]) -> Double? { samples[name]?[labels] }

    /// All samples of a name, by their labels.
    public func series(_ name: String) -> [[String: String]: Double] { samples[name] ?? [:] }

    /// How many samples there are.
    public var count: Int { samples.values.reduce(0) { $0 + $1.count } }
}
