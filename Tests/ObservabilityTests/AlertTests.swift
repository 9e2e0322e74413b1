import Foundation
import Logging
import Observability
import Synchronization
import TestSupport
import Testing

/// Alerts that are raised and cleared.
@Suite struct `Alerts` {
    /// What a test says is measured, and what came of it.
    private final class Scene: AlertObserver {
        let clock = TestClock()
        let log = RecordingLog()
        private let reading = Mutex(AlertReading.unknown)
        private let told = Mutex<[AlertEvent]>([])

        var events: [AlertEvent] { told.withLock { $0 } }

        func observe(_ event: AlertEvent) { told.withLock { $0.append(event) } }

        func measure(_ reading: AlertReading) { self.reading.withLock { $0 = reading } }

        func watch(_ direction: AlertRule.Direction = .above, margin: Double = 0.1) -> AlertWatch {
            let rule = AlertRule("heat", "it is hot", direction, margin: margin) { _ in self.reading.withLock { $0 } }
            return AlertWatch(
                [rule], observers: [self],
                clock: AlertWatch.Clock(
                    elapsed: { self.clock.elapsed }, wallTime: { Int64(self.clock.now.timeIntervalSince1970 * 1000) },
                    sleep: self.clock.sleep),
                logger: Logger(label: "test") { [log] _ in log })
        }

        /// One look after each reading; what was told of it.
        func kinds(_ watch: AlertWatch, _ readings: [AlertReading]) -> [AlertEvent.Kind?] {
            readings.map { reading in
                let before = events.count
                measure(reading)
                watch.look()
                return events.count == before ? nil : events.last?.kind
            }
        }
    }

    private func degrees(_ value: Double) -> AlertReading { .value(value, threshold: 100) }

    @Test func `one above is raised above its threshold, and cleared a margin below it`() {
        let scene = Scene()
        let kinds = scene.kinds(scene.watch(), [90, 100, 101, 150, 99, 91, 90, 100, 101].map(degrees))
        #expect(kinds == [nil, nil, .raised, nil, nil, nil, .cleared, nil, .raised])
    }

    @Test func `one below is raised below its threshold, and cleared a margin above it`() {
        let scene = Scene()
        let kinds = scene.kinds(scene.watch(.below), [110, 100, 99, 109, 111, 100].map(degrees))
        #expect(kinds == [nil, nil, .raised, nil, .cleared, nil])
    }

    @Test func `what nobody can say changes nothing, and quiet ends it`() {
        let scene = Scene()
        let watch = scene.watch()
        #expect(
            scene.kinds(watch, [.quiet, .unknown, degrees(101), .unknown, .unknown]) == [nil, nil, .raised, nil, nil])
        #expect(watch.active.map(\.name) == ["heat"])
        #expect(scene.kinds(watch, [.quiet, .quiet]) == [.cleared, nil])
        #expect(watch.active == [])
        #expect(scene.events.map(\.value) == [101, nil])
    }

    @Test func `each is told in the log, to observers, in the list and in metrics`() async throws {
        let scene = Scene()
        let watch = scene.watch()
        let registry = MetricsRegistry()
        registry.collect { watch.collect(into: &$0) }
        #expect(try await Scrape(registry.families().text)["quran_alert_active", ["alert": "heat"]] == 0)
        _ = scene.kinds(watch, [degrees(120)])
        let raised = try await Scrape(registry.families().text)
        #expect(raised["quran_alert_active", ["alert": "heat"]] == 1)
        #expect(raised["quran_alerts_raised_total", ["alert": "heat"]] == 1)
        scene.clock.advance(by: .seconds(7))
        _ = scene.kinds(watch, [degrees(20)])
        let cleared = try await Scrape(registry.families().text)
        #expect(cleared["quran_alert_active", ["alert": "heat"]] == 0)
        #expect(cleared["quran_alerts_raised_total", ["alert": "heat"]] == 1)
        #expect(watch.recent == scene.events)
        #expect(watch.recent.map(\.kind) == [.raised, .cleared])
        #expect(watch.recent[1].time - watch.recent[0].time == 7000)
        #expect(scene.log.lines.count == 2)
        for (line, (word, value)) in zip(scene.log.lines, [("raised", 120.0), ("cleared", 20.0)]) {
            #expect(line.hasPrefix("alert \(word): it is hot"))
            #expect(line.contains("alert=heat") && line.contains("value=\(value)") && line.contains("threshold=100.0"))
        }
    }

    @Test func `only the latest are remembered`() {
        let scene = Scene()
        let watch = scene.watch()
        for _ in 0..<100 { _ = scene.kinds(watch, [degrees(120), degrees(20)]) }
        #expect(scene.events.count == 200)
        #expect(watch.recent == Array(scene.events.suffix(50)))
    }

    @Test(.timeLimit(.minutes(1))) func `the service looks every 5 s`() async throws {
        let scene = Scene()
        let watch = scene.watch()
        let service = Task { try await watch.run() }
        try await until { scene.clock.sleepers(for: .seconds(5)) == 1 }
        scene.measure(degrees(120))
        scene.clock.advance(by: .seconds(4.9))
        #expect(watch.active == [])
        scene.clock.advance(by: .seconds(0.1))
        try await until { !watch.active.isEmpty }
        service.cancel()
        try await service.value
    }
}

@Suite struct `Values of the last while` {
    @Test func `the oldest that is not too old is what growth is counted from`() {
        let recent = RecentValues<Int>(of: .seconds(10))
        #expect(recent.add(1, at: .seconds(0)) == 1)
        #expect(recent.add(2, at: .seconds(5)) == 1)
        #expect(recent.add(3, at: .seconds(10)) == 1)
        #expect(recent.add(4, at: .seconds(11)) == 2)
        #expect(recent.add(5, at: .seconds(60)) == 5)
    }

    @Test func `a count that began anew forgets what was before`() {
        let recent = RecentValues<Int>(of: .seconds(10))
        func add(_ value: Int, at time: Int) -> Int { recent.add(value, at: .seconds(time)) { $0 <= value } }
        #expect(add(100, at: 0) == 100 && add(120, at: 1) == 100)
        #expect(add(3, at: 2) == 3 && add(5, at: 3) == 3)
    }
}
