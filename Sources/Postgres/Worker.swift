private import Dispatch
internal import Logging
private import Synchronization

/// A thread with at most one connection, which no other thread touches.
final class Worker: Sendable {
    let wakeUp: WakeUp
    private let scheduler: Scheduler
    private let assigned = Mutex<Job?>(nil)
    private let semaphore = DispatchSemaphore(value: 0)

    /// Nil if the process has no file descriptors left.
    init?(scheduler: Scheduler) {
        guard let wakeUp = WakeUp() else { return nil }
        self.wakeUp = wakeUp
        self.scheduler = scheduler
    }

    /// Puts `job` where the thread finds it when it starts or is woken.
    func assign(_ job: Job) {
        assigned.withLock { $0 = job }
    }

    /// Wakes the idle thread: to a job, or without one to its end.
    func wake() {
        semaphore.signal()
    }

    private func takeAssigned() -> Job? {
        assigned.withLock { job in
            defer { job = nil }
            return job
        }
    }

    /// The thread's life.
    func work() {
        var session: Session?
        var job = takeAssigned()
        while let current = job {
            let failure = perform(current, on: &session)
            // First free, then answer: a caller that comes straight back finds this worker idle.
            let next = scheduler.next(for: self)
            current.conclude(failure)
            switch next {
            case .job(let waiting): job = waiting
            case .exit: job = nil
            case .idle:
                semaphore.wait()
                job = takeAssigned()
            }
        }
        close(&session)
        scheduler.exited()
    }

    /// Runs `job`, a second time if it may and its connection was lost. Returns what the job failed with.
    private func perform(_ job: Job, on session: inout Session?) -> (any Error)? {
        var mayRetry = job.retries
        while true {
            let connected: Session
            do throws(PostgresError) {
                connected = try connect(&session, for: job)
            } catch {
                if error.code != .shutDown { scheduler.connectingFailed(error) }
                return error
            }
            guard job.start(waking: wakeUp) else { return nil }
            connected.begin(job)
            let failure: (any Error)?
            do {
                try job.run(on: PostgresConnection(session: connected))
                failure = nil
            } catch {
                failure = error
            }
            let wasOutdated = connected.wasLost || connected.hadOutdatedStatement
            if !connected.end() { close(&session) }
            guard let failure else { return nil }
            if mayRetry, wasOutdated, job.waitAgain() {
                mayRetry = false
                continue
            }
            if let error = failure as? PostgresError, error.code == .cancelled { return CancellationError() }
            return failure
        }
    }

    /// The session, if its connection still lives, or a new one.
    private func connect(_ session: inout Session?, for job: Job) throws(PostgresError) -> Session {
        if let session, session.isAlive { return session }
        close(&session)
        // The job's deadline is the timer's affair here: connecting goes on for the next job's sake.
        let scheduler = scheduler
        job.armTimer { _ in }
        let made = try Session.connect(
            scheduler.configuration, waking: wakeUp, logger: scheduler.logger, at: job.site,
            stopping: { scheduler.isClosing })
        scheduler.connectionOpened()
        session = made
        return made
    }

    private func close(_ session: inout Session?) {
        guard session != nil else { return }
        session = nil
        scheduler.connectionClosed()
    }
}
