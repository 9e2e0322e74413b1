import Synchronization

/// What waits to be sent, and the count of what was not sent. It never waits, and never grows beyond its capacity.
final class SentryQueue: Sendable {
    /// Why something was not sent, in Sentry's words.
    enum Reason: String, Sendable {
        /// The queue was full.
        case overflow = "queue_overflow"
        /// Sentry had asked for less.
        case rateLimit = "ratelimit_backoff"
        /// The receiver could not be reached, or did not answer in time.
        case network = "network_error"
        /// The receiver refused it.
        case refused = "send_error"
        /// The sample rate left it out.
        case sampling = "sample_rate"
    }

    struct Discard: Hashable, Sendable {
        let reason: Reason
        let category: SentryReport.Category
    }

    private struct State {
        var waiting: [SentryReport] = []
        var discarded: [Discard: Int] = [:]
    }

    static let capacity = 100

    private let state = Mutex(State())

    /// Appends a report, or counts it as lost if there is no room.
    func append(_ report: SentryReport) {
        state.withLock { state in
            guard state.waiting.count < Self.capacity else {
                state.discarded[Discard(reason: .overflow, category: report.category), default: 0] += 1
                return
            }
            state.waiting.append(report)
        }
    }

    /// Takes the oldest report.
    func next() -> SentryReport? { state.withLock { $0.waiting.isEmpty ? nil : $0.waiting.removeFirst() } }

    var count: Int { state.withLock(\.waiting.count) }

    func discard(_ category: SentryReport.Category, _ reason: Reason) {
        restore([Discard(reason: reason, category: category): 1])
    }

    /// How many reports were not sent, since that was last told.
    var discarded: Int { state.withLock { $0.discarded.values.reduce(0, +) } }

    var hasDiscarded: Bool { state.withLock { !$0.discarded.isEmpty } }

    /// Takes the counts of what was not sent.
    func takeDiscarded() -> [Discard: Int] {
        state.withLock { state in
            defer { state.discarded = [:] }
            return state.discarded
        }
    }

    /// Puts back counts that could not be told.
    func restore(_ counts: [Discard: Int]) { state.withLock { $0.discarded.merge(counts, uniquingKeysWith: +) } }
}
