internal import Logging
private import Synchronization

/// The pool's shared state: who waits, who is idle, whether it is closing. Workers and callers meet here.
final class Scheduler: Sendable {
    /// What a worker does after a job.
    enum Next {
        case job(Job)
        case idle, exit
    }

    private struct State {
        var queue = JobQueue()
        var idle: [Worker] = []
        var workers: [Worker] = []
        var threads: [WorkerThread] = []
        var open = 0
        var running = 0
        var started = 0
        var exited = 0
        var isClosing = false
        var exitWaiters: [CheckedContinuation<Void, Never>] = []
        var hasEnded: Bool { isClosing && exited == started }
    }

    private enum Placement {
        case handed(Worker)
        case started, queued
        case refused(PostgresError.Code, String)
    }

    let configuration: PostgresConfiguration
    let logger: Logger
    private let state = Mutex(State())

    init(configuration: PostgresConfiguration, logger: Logger) {
        self.configuration = configuration
        self.logger = logger
    }

    var statistics: PostgresPoolStatistics {
        state.withLock {
            PostgresPoolStatistics(
                open: $0.open, idle: $0.idle.count, running: $0.running, waiting: $0.queue.count)
        }
    }

    var isClosing: Bool { state.withLock(\.isClosing) }

    // MARK: Jobs

    /// Gives `job` to the worker that became idle last, else to a new one, else puts it at the queue's end.
    func submit(_ job: Job) {
        guard job.enter() else { return }
        switch place(job) {
        case .handed(let worker): worker.wake()
        case .started: break
        case .queued: job.armTimer(expired: withdraw)
        case .refused(let code, let message): job.conclude(PostgresError(code, message, at: job.site))
        }
    }

    private func place(_ job: Job) -> Placement {
        state.withLock { state in
            if state.isClosing { return .refused(.shutDown, "the pool has shut down") }
            if let worker = state.idle.popLast() {
                state.running += 1
                worker.assign(job)
                return .handed(worker)
            }
            if state.started < max(1, configuration.maximumConnections) {
                guard let worker = Worker(scheduler: self) else {
                    return .refused(.connectionFailed, "no file descriptor is left for another connection")
                }
                worker.assign(job)
                guard let thread = WorkerThread({ worker.work() }) else {
                    return .refused(.connectionFailed, "no thread is left for another connection")
                }
                state.running += 1
                state.started += 1
                state.workers.append(worker)
                state.threads.append(thread)
                return .started
            }
            guard state.queue.count < configuration.maximumWaiting else {
                return .refused(.poolExhausted, "\(state.queue.count) jobs are waiting for a connection")
            }
            state.queue.append(job)
            return .queued
        }
    }

    /// Stops `job` wherever it is.
    func cancel(_ job: Job) {
        job.interrupt(.cancelled)
        withdraw(job)
    }

    private func withdraw(_ job: Job) {
        state.withLock { $0.queue.remove(job) }
    }

    // MARK: Workers

    /// What `worker`, done with a job, does next.
    func next(for worker: Worker) -> Next {
        state.withLock { state in
            if let job = state.queue.popFirst() { return .job(job) }
            state.running -= 1
            if state.isClosing { return .exit }
            state.idle.append(worker)
            return .idle
        }
    }

    func connectionOpened() {
        state.withLock { $0.open += 1 }
    }

    func connectionClosed() {
        state.withLock { $0.open -= 1 }
    }

    /// With no connection left, whoever waits now would only wait for the same failure.
    func connectingFailed(_ error: PostgresError) {
        let jobs = state.withLock { $0.open == 0 ? $0.queue.removeAll() : [] }
        for job in jobs { job.conclude(error) }
    }

    func exited() {
        let waiters = state.withLock { state in
            state.exited += 1
            guard state.hasEnded else { return [CheckedContinuation<Void, Never>]() }
            state.workers = []  // each holds this scheduler
            defer { state.exitWaiters = [] }
            return state.exitWaiters
        }
        for waiter in waiters { waiter.resume() }
    }

    // MARK: End

    /// Fails what waits, lets what runs finish, and returns when all threads have ended.
    func close() async {
        beginClosing()
        await withCheckedContinuation { continuation in
            let hasEnded = state.withLock { state in
                if !state.hasEnded { state.exitWaiters.append(continuation) }
                return state.hasEnded
            }
            if hasEnded { continuation.resume() }
        }
        // They have announced their end, so joining takes microseconds.
        for thread in takeThreads() { thread.join() }
    }

    /// As ``close()``, without waiting.
    func abandon() {
        beginClosing()
        for thread in takeThreads() { thread.detach() }
    }

    private func beginClosing() {
        let (jobs, idle, workers) = state.withLock { state in
            state.isClosing = true
            defer { state.idle = [] }
            return (state.queue.removeAll(), state.idle, state.workers)
        }
        for job in jobs { job.interrupt(.shutDown) }
        for worker in idle { worker.wake() }
        for worker in workers { worker.wakeUp.signal() }
    }

    private func takeThreads() -> [WorkerThread] {
        state.withLock { state in
            defer { state.threads = [] }
            return state.threads
        }
    }
}
