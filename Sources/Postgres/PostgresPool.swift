public import Logging
public import ServiceLifecycle
private import Synchronization

/// Connections to one PostgreSQL server, each on a thread of its own.
///
/// Work is a synchronous closure that runs on a connection's thread: libpq never blocks Swift's cooperative threads, and
/// a transaction never waits for a suspended task. Threads and connections are made when they are needed.
///
/// Cancelling the task and passing the deadline end the running query on the server.
///
/// What a job leaves behind in its session (`SET`, `LISTEN`, temporary tables, advisory locks) the next job finds there;
/// only an open transaction is rolled back.
public final class PostgresPool: Service, Sendable {
    private let scheduler: Scheduler

    /// Makes no connection yet. `logger` gets the server's notices, at debug level.
    public init(configuration: PostgresConfiguration, logger: Logger) {
        scheduler = Scheduler(configuration: configuration, logger: logger)
    }

    deinit {
        scheduler.abandon()
    }

    /// Waits for a graceful shutdown or for cancellation, then shuts down as ``shutdown()`` does. Throws nothing.
    public func run() async throws {
        do {
            try await gracefulShutdown()
        } catch is CancellationError {
            // The same end, only asked for in another way.
        }
        await shutdown()
    }

    /// Runs `body` with a connection, in the order of the calls.
    ///
    /// `body` runs on the connection's thread and may block it, for example with queries. If it leaves a transaction open,
    /// that is rolled back.
    /// - Parameters:
    ///   - deadline: How long the whole may take from now, waiting and connecting included. A query that runs then is
    ///     cancelled on the server; a query that begins later throws.
    ///   - retryIfConnectionLost: Whether `body` may run a second time, on a fresh connection, after the connection
    ///     was lost (also after a change of schema outdated a prepared statement in a transaction). For reads.
    /// - Throws: What `body` throws; `CancellationError` when the task is cancelled, at once if the job still waits;
    ///   ``PostgresError`` with `.deadlineExceeded`, `.poolExhausted`, `.shutDown`, `.connectionFailed`,
    ///   `.authenticationFailed` or what ``PostgresConnection`` throws. After `.connectionLost`, cancellation or
    ///   a passed deadline it is unknown whether a `COMMIT` that was under way took effect.
    public func withConnection<R: Sendable>(
        deadline: Duration? = nil,
        retryIfConnectionLost: Bool = false,
        file: String = #fileID,
        line: Int = #line,
        _ body: @escaping @Sendable (PostgresConnection) throws -> R
    ) async throws -> R {
        let answer = Answer<R>()
        let job = Job(
            // A year stands for ever, which Task.sleep can't do.
            deadline: deadline.map { .now + min($0, .seconds(365 * 86400)) },
            retries: retryIfConnectionLost,
            site: CallSite(file: file, line: line),
            body: { answer.set(try body($0)) },
            resume: answer.resume)
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                answer.set(continuation)
                scheduler.submit(job)
            }
        } onCancel: {
            scheduler.cancel(job)
        }
    }

    /// Closes the pool: jobs that wait or connect fail with `.shutDown`, jobs that run finish, all connections close.
    /// Returns when the threads have ended. A job that never ends holds it up: give jobs a deadline.
    public func shutdown() async {
        await scheduler.close()
    }

    /// The numbers at this moment.
    public var statistics: PostgresPoolStatistics { scheduler.statistics }
}

/// A job's result on its way from the worker's thread to the waiting task.
private final class Answer<R: Sendable>: Sendable {
    private struct State {
        var continuation: CheckedContinuation<R, any Error>?
        var value: R?
    }

    private let state = Mutex(State())

    func set(_ continuation: CheckedContinuation<R, any Error>) {
        state.withLock { $0.continuation = continuation }
    }

    func set(_ value: R) {
        state.withLock { $0.value = value }
    }

    func resume(_ error: (any Error)?) {
        let (continuation, value) = state.withLock { state in
            defer { state = State() }
            return (state.continuation, state.value)
        }
        if let error {
            continuation?.resume(throwing: error)
        } else if let value {
            continuation?.resume(returning: value)
        } else {
            continuation?.resume(throwing: CancellationError())
        }
    }
}
