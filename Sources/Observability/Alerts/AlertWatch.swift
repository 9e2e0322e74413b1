public import Logging
public import ServiceLifecycle
import Synchronization

/// Looks at rules every few seconds, and tells when an alert is raised or cleared: in the log, in metrics, in a list of the
/// latest, and to observers.
public final class AlertWatch: Service {
    /// Where the watch reads the time; tests bring their own.
    public struct Clock: Sendable {
        /// On a clock that never jumps.
        public let elapsed: @Sendable () -> Duration
        /// Milliseconds since 1970.
        public let wallTime: @Sendable () -> Int64
        public let sleep: @Sendable (Duration) async throws -> Void

        public init(
            elapsed: @escaping @Sendable () -> Duration, wallTime: @escaping @Sendable () -> Int64,
            sleep: @escaping @Sendable (Duration) async throws -> Void
        ) {
            self.elapsed = elapsed
            self.wallTime = wallTime
            self.sleep = sleep
        }
    }

    private struct State {
        /// The events that raised what stands.
        var active: [String: AlertEvent] = [:]
        var raised: [String: Int] = [:]
        var recent: [AlertEvent] = []
    }

    /// Between two looks.
    public static let interval = Duration.seconds(5)
    /// How many events are remembered.
    static let memory = 50

    private let rules: [AlertRule]
    private let observers: [any AlertObserver]
    private let clock: Clock
    private let logger: Logger
    private let state = Mutex(State())

    public init(_ rules: [AlertRule], observers: [any AlertObserver] = [], clock: Clock, logger: Logger) {
        self.rules = rules
        self.observers = observers
        self.clock = clock
        self.logger = logger
    }

    /// Looks until the task is cancelled or the group shuts down.
    public func run() async throws {
        await cancelWhenGracefulShutdown { [self] in
            while !Task.isCancelled {
                look()
                do { try await clock.sleep(Self.interval) } catch { return }
            }
        }
    }

    /// One look at all rules. Only called by ``run()``, and by tests.
    package func look() {
        let elapsed = clock.elapsed()
        for rule in rules {
            guard let event = judge(rule, rule.measure(elapsed)) else { continue }
            let metadata: Logger.Metadata = [
                "alert": "\(event.name)", "value": event.value.map { "\($0)" } ?? "none",
                "threshold": "\(event.threshold)",
            ]
            switch event.kind {
            case .raised: logger.warning("alert raised: \(event.summary)", metadata: metadata)
            case .cleared: logger.notice("alert cleared: \(event.summary)", metadata: metadata)
            }
            for observer in observers { observer.observe(event) }
        }
    }

    /// - Returns: the event, if the alert was raised or cleared.
    private func judge(_ rule: AlertRule, _ reading: AlertReading) -> AlertEvent? {
        state.withLock { state in
            let standing = state.active[rule.name]
            func event(_ kind: AlertEvent.Kind, _ value: Double?, _ threshold: Double) -> AlertEvent {
                let event = AlertEvent(
                    kind: kind, name: rule.name, summary: rule.summary, value: value, threshold: threshold,
                    time: clock.wallTime())
                state.active[rule.name] = kind == .raised ? event : nil
                state.recent = state.recent.suffix(Self.memory - 1) + [event]
                if kind == .raised { state.raised[rule.name, default: 0] += 1 }
                return event
            }
            switch reading {
            case .unknown: return nil
            case .quiet: return standing.map { event(.cleared, nil, $0.threshold) }
            case .value(let value, let threshold):
                let isRaised = rule.isRaised(by: value, threshold: threshold, wasRaised: standing != nil)
                guard isRaised != (standing != nil) else { return nil }
                return event(isRaised ? .raised : .cleared, value, threshold)
            }
        }
    }

    /// The events that raised the alerts that stand, by time.
    public var active: [AlertEvent] {
        state.withLock { $0.active.values.sorted { ($0.time, $0.name) < ($1.time, $1.name) } }
    }

    /// The latest events, the oldest first.
    public var recent: [AlertEvent] { state.withLock(\.recent) }

    public func collect(into families: inout MetricFamilies) {
        let (active, raised) = state.withLock { ($0.active, $0.raised) }
        for rule in rules {
            families.gauge(
                "quran_alert_active", "Whether an alert stands.", active[rule.name] == nil ? 0 : 1,
                ["alert": rule.name])
            families.counter(
                "quran_alerts_raised_total", "How often an alert was raised.", raised[rule.name] ?? 0,
                ["alert": rule.name])
        }
    }
}
