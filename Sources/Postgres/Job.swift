private import Synchronization

/// One piece of work for a connection: it waits, runs on a worker's thread, and is concluded exactly once.
final class Job: Sendable {
    enum Interruption: Sendable {
        case cancelled, deadlineExceeded, shutDown
    }

    private enum Phase {
        case created, waiting
        case running(WakeUp)
        case concluded
    }

    private struct State {
        var phase = Phase.created
        var interruption: Interruption?
        var timer: Task<Void, Never>?
    }

    let deadline: ContinuousClock.Instant?
    /// Whether the job may run a second time after the connection was lost.
    let retries: Bool
    let site: CallSite
    private let body: @Sendable (PostgresConnection) throws -> Void
    private let resume: @Sendable ((any Error)?) -> Void
    private let state = Mutex(State())

    /// - Parameters:
    ///   - body: The work; it keeps its result.
    ///   - resume: Called once: with the error, or with nil if `body` has a result.
    init(
        deadline: ContinuousClock.Instant?, retries: Bool, site: CallSite,
        body: @escaping @Sendable (PostgresConnection) throws -> Void,
        resume: @escaping @Sendable ((any Error)?) -> Void
    ) {
        self.deadline = deadline
        self.retries = retries
        self.site = site
        self.body = body
        self.resume = resume
    }

    /// Why the job should stop, if it should. A passed deadline is noticed here.
    var interruption: Interruption? {
        state.withLock { state in
            if state.interruption == nil, let deadline, deadline <= .now { state.interruption = .deadlineExceeded }
            return state.interruption
        }
    }

    /// From created to waiting. False, and concluded, if the job was interrupted before.
    func enter() -> Bool {
        let interruption = state.withLock { state in
            if state.interruption == nil { state.phase = .waiting }
            return state.interruption
        }
        guard let interruption else { return true }
        conclude(error(for: interruption))
        return false
    }

    /// From waiting to running, where `wakeUp` ends the worker's poll. False if the job was concluded meanwhile.
    func start(waking wakeUp: WakeUp) -> Bool {
        let timer: Task<Void, Never>?
        let started: Bool
        (started, timer) = state.withLock { state in
            guard case .waiting = state.phase else { return (false, nil) }
            state.phase = .running(wakeUp)
            defer { state.timer = nil }
            return (true, state.timer)
        }
        timer?.cancel()
        return started
    }

    /// From running back to waiting, to run once more. False if the job was interrupted.
    func waitAgain() -> Bool {
        guard interruption == nil else { return false }
        return state.withLock { state in
            guard state.interruption == nil, case .running = state.phase else { return false }
            state.phase = .waiting
            return true
        }
    }

    /// Interrupts the job: a waiting one is concluded at once, a running one stops at or in its next query.
    func interrupt(_ interruption: Interruption) {
        let concludes = state.withLock { state in
            if state.interruption == nil { state.interruption = interruption }
            switch state.phase {
            case .created, .concluded: return false
            case .waiting: return true
            case .running(let wakeUp):
                wakeUp.signal()
                return false
            }
        }
        if concludes { conclude(error(for: interruption)) }
    }

    /// While the job waits and its deadline passes, interrupts it; `expired` is told, to take it out of the queue.
    func armTimer(expired: @escaping @Sendable (Job) -> Void) {
        guard let deadline else { return }
        state.withLock { state in
            guard case .waiting = state.phase, state.timer == nil else { return }
            state.timer = Task { [self] in
                do { try await Task.sleep(until: deadline, clock: .continuous) } catch { return }
                interrupt(.deadlineExceeded)
                expired(self)
            }
        }
    }

    func run(on connection: PostgresConnection) throws {
        try body(connection)
    }

    /// Answers the caller. Only the first call counts.
    func conclude(_ error: (any Error)?) {
        let timer: Task<Void, Never>?
        let isFirst: Bool
        (isFirst, timer) = state.withLock { state in
            if case .concluded = state.phase { return (false, nil) }
            state.phase = .concluded
            defer { state.timer = nil }
            return (true, state.timer)
        }
        timer?.cancel()
        if isFirst { resume(error) }
    }

    /// What the caller sees for an interruption while the job waits.
    private func error(for interruption: Interruption) -> any Error {
        switch interruption {
        case .cancelled: CancellationError()
        case .deadlineExceeded:
            PostgresError(.deadlineExceeded, "the deadline passed before a connection was free", at: site)
        case .shutDown: PostgresError(.shutDown, "the pool has shut down", at: site)
        }
    }
}
