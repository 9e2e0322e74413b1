import Foundation
import Logging
import Observability
import Storage
import Synchronization
import Webhooks

/// Tells one target what changed: makes deliveries of changes, and sends those that are due. Each target has a worker, so
/// that one that is slow or gone holds up no other.
final class WebhookWorker: Sendable {
    /// How many messages are under way to the target at a time.
    static let concurrency = 4
    /// The longest time between two looks at the store, should a hint be lost.
    static let interval = Duration.seconds(30)
    /// How long a claim lasts, beyond the time that an attempt may take.
    private static let margin = Duration.seconds(5)
    private static let pauseAfterFailure = Duration.seconds(5)

    private struct State {
        var isChanged = true
        var inFlight = 0
    }

    let target: WebhookTarget
    private let database: any Database
    private let outbox: WebhookOutbox
    private let clock: WebhookClock
    private let logger: Logger
    private let state = Mutex(State())
    private let (wakeUps, waker) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))

    init(_ target: WebhookTarget, database: any Database, clock: WebhookClock, logger: Logger) {
        self.target = target
        self.database = database
        self.clock = clock
        self.logger = logger
        outbox = WebhookOutbox(database.engine)
    }

    /// Says that there may be news.
    func kick() {
        state.withLock { $0.isChanged = true }
        waker.yield()
    }

    /// Works until the task is cancelled. What is under way then stays claimed for a short time, and is sent again after it.
    func run(_ sender: WebhookSender) async {
        await withDiscardingTaskGroup { group in
            var alarm: Task<Void, Never>?
            kick()
            for await _ in wakeUps {
                alarm?.cancel()
                let wait = await pass(sender, &group)
                alarm = Task { [self] in
                    do { try await clock.sleep(wait) } catch { return }
                    kick()
                }
            }
            alarm?.cancel()
            group.cancelAll()
        }
    }

    /// - Returns: how long nothing will be to be done, unless there is a wake-up.
    private func pass(_ sender: WebhookSender, _ group: inout DiscardingTaskGroup) async -> Duration {
        do {
            if state.withLock({ state in
                defer { state.isChanged = false }
                return state.isChanged
            }) {
                try await enqueue()
            }
            for claim in try await claim(lease: sender.timeout + Self.margin) {
                group.addTask { [self] in
                    await deliver(claim, sender)
                    state.withLock { $0.inFlight -= 1 }
                    waker.yield()
                }
            }
            guard let due = try await nextDue() else { return Self.interval }
            // A moment longer, as the store's times are cut to milliseconds.
            let wait = Duration.seconds(due.timeIntervalSince(clock.now())) + .milliseconds(1)
            // What is due already waits for a free place, whose owner wakes this up.
            return wait > .milliseconds(1) ? min(wait, Self.interval) : Self.interval
        } catch {
            if !Task.isCancelled { logger.warning("webhooks wait for the store", metadata: ["error": "\(error)"]) }
            state.withLock { $0.isChanged = true }
            return Self.pauseAfterFailure
        }
    }

    private func enqueue() async throws {
        guard try await database.read({ [outbox, target] in try outbox.hasNews(for: target.id, $0) }) else { return }
        let now = clock.now()
        try await database.write { [outbox, target] sql in
            _ = try outbox.enqueue(
                for: target.id, at: now, payload: { ContentChange.message(tag: $0, version: $1, at: now) }, sql)
        }
    }

    private func nextDue() async throws -> Date? {
        try await database.read { [outbox, target] in try outbox.nextDue(for: target.id, $0) }
    }

    /// Takes as much of what is due as there are free places.
    private func claim(lease: Duration) async throws -> [WebhookOutbox.Claim] {
        let free = Self.concurrency - state.withLock(\.inFlight)
        guard free > 0, let due = try await nextDue(), due <= clock.now() else { return [] }
        let now = clock.now()
        let claims = try await database.write { [outbox, target] sql in
            try outbox.claim(free, for: target.id, at: now, until: now.addingTimeInterval(lease / .seconds(1)), sql)
        }
        state.withLock { $0.inFlight += claims.count }
        return claims
    }

    private func deliver(_ claim: WebhookOutbox.Claim, _ sender: WebhookSender) async {
        guard let answer = await sender.send(claim, at: clock.now()) else { return }
        let now = clock.now()
        let outcome = outcome(of: answer, attempts: claim.attempts + 1, at: now)
        if case .dead(let error) = outcome {
            logger.warning(
                "a webhook is given up",
                metadata: [
                    "target": "\(target.host)", "delivery": "\(claim.id)", "tag": "\(claim.tag)", "error": "\(error)",
                    "trace": "\(WebhookSender.trace(of: claim).traceID)",
                ])
        }
        do {
            try await database.write { [outbox] in try outbox.record(outcome, of: claim, at: now, $0) }
        } catch {
            logger.warning(
                "a webhook will be sent again: what became of it was not stored",
                metadata: [
                    "target": "\(target.host)", "delivery": "\(claim.id)", "error": "\(error)",
                    "trace": "\(WebhookSender.trace(of: claim).traceID)",
                ])
        }
    }

    private func outcome(of answer: WebhookSender.Answer, attempts: Int, at now: Date) -> WebhookOutcome {
        switch answer {
        case .taken: return .delivered
        case .gone: return .dead("answered 410")
        case .refused(let error, let retryAfter):
            let error = String(error.prefix(300))
            guard
                let wait = DeliverySchedule.wait(after: attempts, retryAfter: retryAfter, random: clock.random())
            else { return .dead(error) }
            return .failed(error, nextAttemptAt: timestamp(now.addingTimeInterval(wait / .seconds(1))))
        }
    }
}
