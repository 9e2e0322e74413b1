import Metrics
import Observability
import TestSupport
import Testing

@Suite struct `Counting` {
    @Test func `nothing is lost where many count at a time`() async throws {
        let registry = MetricsRegistry([MetricDescription("t_seconds", "Time.", buckets: [1])])
        let total = 40_000
        await withDiscardingTaskGroup { group in
            for task in 0..<8 {
                group.addTask {
                    let meter = Meter(label: "level", factory: registry)
                    for _ in 0..<total / 8 {
                        // Asked for each time: the same label and dimensions are the same counter.
                        Counter(label: "same", factory: registry).increment()
                        FloatingPointCounter(label: "parts", factory: registry).increment(by: 0.5)
                        Metrics.Timer(label: "t", factory: registry).recordSeconds(task % 2 == 0 ? 1 : 2)
                        meter.increment(by: 2.0)
                        meter.decrement(by: 1.0)
                    }
                }
            }
        }
        let scrape = try await Scrape(registry.families().text)
        #expect(scrape["same_total"] == Double(total))
        #expect(scrape["parts_total"] == Double(total) / 2)
        #expect(scrape["level"] == Double(total))
        #expect(
            scrape["t_seconds_count"] == Double(total) && scrape["t_seconds_bucket", ["le": "1"]] == Double(total) / 2)
        #expect(scrape["t_seconds_sum"] == Double(total) * 1.5)
    }

    @Test func `a family keeps no more label sets than it may, and says how many it did not keep`() async throws {
        let registry = MetricsRegistry([MetricDescription("few_total", "Few.", limit: 3)])
        for number in 0..<1000 {
            Counter(label: "many", dimensions: [("n", "\(number)")], factory: registry).increment()
            Counter(label: "few", dimensions: [("n", "\(number % 4)")], factory: registry).increment()
        }
        let scrape = try await Scrape(registry.families().text)
        #expect(scrape.series("many_total").count == MetricsRegistry.usualLimit)
        #expect(scrape.series("few_total").values.map(\.self) == [250, 250, 250])
        #expect(scrape["quran_metrics_dropped_label_sets_total"] == Double(1000 - MetricsRegistry.usualLimit + 250))
    }

    @Test func `a name is of one kind`() async throws {
        let registry = MetricsRegistry()
        Counter(label: "x_total", factory: registry).increment()
        Meter(label: "x_total", factory: registry).set(7)
        registry.collect { $0.gauge("x_total", "Another.", 8) }
        #expect(try await Scrape(registry.families().text)["x_total"] == 1)
    }

    @Test func `what is destroyed is shown no more, and counts anew when it is made again`() async throws {
        let registry = MetricsRegistry()
        let counter = Counter(label: "x", factory: registry)
        counter.increment()
        counter.destroy()
        #expect(try await Scrape(registry.families().text)["x_total"] == nil)
        Counter(label: "x", factory: registry).increment(by: 5)
        #expect(try await Scrape(registry.families().text)["x_total"] == 5)
    }

    @Test func `a counter never goes back`() async throws {
        let registry = MetricsRegistry()
        let counter = Counter(label: "x", factory: registry)
        counter.increment(by: 5)
        counter.increment(by: -3)
        let parts = FloatingPointCounter(label: "parts", factory: registry)
        for amount in [1.5, -1, .nan, .infinity] { parts.increment(by: amount) }
        let scrape = try await Scrape(registry.families().text)
        #expect(scrape["x_total"] == 5 && scrape["parts_total"] == 1.5)
    }
}
