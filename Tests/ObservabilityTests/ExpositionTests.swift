import Metrics
import Observability
import TestSupport
import Testing

/// The text that Prometheus reads.
@Suite struct `Exposition` {
    @Test func `each family is one block, and all stands in a stable order`() {
        let registry = MetricsRegistry([MetricDescription("b_total", "Counts b.")])
        Counter(label: "b", dimensions: [("z", "2"), ("a", "1")], factory: registry).increment(by: 2)
        Counter(label: "b_total", dimensions: [("a", "0")], factory: registry).increment()
        registry.collect { $0.gauge("a", "How much a.", 0.5) }
        #expect(
            registry.families().text == """
                # HELP a How much a.
                # TYPE a gauge
                a 0.5
                # HELP b_total Counts b.
                # TYPE b_total counter
                b_total{a="0"} 1
                b_total{a="1",z="2"} 2
                # HELP quran_metrics_dropped_label_sets_total Label sets that were not kept, as their family had too many.
                # TYPE quran_metrics_dropped_label_sets_total counter
                quran_metrics_dropped_label_sets_total 0

                """)
    }

    @Test func `a timer is a histogram in seconds, and each bucket holds those before it`() {
        let registry = MetricsRegistry([MetricDescription("t_seconds", "Time.", buckets: [0.1, 1])])
        let timer = Metrics.Timer(label: "t", factory: registry)
        timer.recordMilliseconds(100)
        timer.recordMilliseconds(250)
        timer.recordSeconds(7)
        #expect(
            registry.families().text.hasPrefix(
                """
                # HELP quran_metrics_dropped_label_sets_total
                """))
        #expect(
            registry.families().text.hasSuffix(
                """
                # HELP t_seconds Time.
                # TYPE t_seconds histogram
                t_seconds_bucket{le="0.1"} 1
                t_seconds_bucket{le="1"} 2
                t_seconds_bucket{le="+Inf"} 3
                t_seconds_sum 7.35
                t_seconds_count 3

                """))
    }

    @Test func `an independent parser finds the names, the labels and the values that were meant`() async throws {
        let registry = MetricsRegistry([
            MetricDescription("escaped_total", "A \\ and\na line, \"quoted\"."),
            MetricDescription("sizes", "Bytes.", buckets: [10, 20]),
        ])
        let value = "a \\ b \"c\"\nd é ﷽ {x=\"y\"}, # z"
        Counter(label: "escaped", dimensions: [("v", value)], factory: registry).increment(by: 3)
        Counter(label: "1-odd.name/é", dimensions: [("9 odd-label", "x"), ("le", "y"), ("__z", "")], factory: registry)
            .increment()
        for (name, number) in [("nan", Double.nan), ("inf", .infinity), ("minus", -.infinity), ("tiny", 1e-300)] {
            Gauge(label: name, factory: registry).record(number)
        }
        Meter(label: "large", factory: registry).set(Int64.max)
        let sizes = Recorder(label: "sizes", factory: registry)
        for size in [5, 10, 15, 1000] { sizes.record(size) }
        let scrape = try await Scrape(registry.families().text)
        #expect(scrape["escaped_total", ["v": value]] == 3)
        #expect(scrape.help["escaped"] == "A \\ and\na line, \"quoted\".")
        #expect(scrape["_1_odd_name___total", ["_9_odd_label": "x", "exported_le": "y", "_z": ""]] == 1)
        #expect(scrape["nan"]?.isNaN == true)
        #expect(scrape["inf"] == .infinity && scrape["minus"] == -.infinity && scrape["tiny"] == 1e-300)
        #expect(scrape["large"] == Double(Int64.max))
        #expect(scrape["sizes_bucket", ["le": "10"]] == 2 && scrape["sizes_bucket", ["le": "+Inf"]] == 4)
        #expect(scrape["sizes_sum"] == 1030 && scrape["sizes_count"] == 4)
    }
}
