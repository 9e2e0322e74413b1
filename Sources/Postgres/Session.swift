internal import CLibpq
internal import Logging

#if canImport(Glibc)
    private import Glibc
#elseif canImport(Musl)
    private import Musl
#elseif canImport(Darwin)
    private import Darwin
#endif

/// Owns one `PGconn` and waits for it: non-blocking libpq, `poll(2)` on the socket and on the worker's wake-up.
///
/// Belongs to its worker's thread.
@safe final class Session {
    /// How a wait or an exchange ended.
    enum Progress {
        /// All results are in.
        case complete
        /// Woken up, and `stop` said so.
        case stopped
        /// The time is over.
        case timedOut
        /// The connection can't be used again: it broke, or a `COPY` began.
        case broken
    }

    /// What a command brought: its last result and its first error.
    struct Outcome {
        var result: PostgresResult?
        var failure: PostgresError?
    }

    let connection: OpaquePointer
    let configuration: PostgresConfiguration
    let wakeUp: WakeUp
    var statements: StatementCache
    /// The job that runs, for its deadline and interruption.
    private(set) var job: Job?
    /// The connection must be closed after this job.
    private(set) var isBroken = false
    /// The connection was lost in this job, rather than given up by us.
    private(set) var wasLost = false
    /// A prepared statement didn't fit the schema any more and could not be prepared again inside a transaction.
    var hadOutdatedStatement = false
    private let notices: NoticeLog

    /// Takes over `connection`, of whatever state.
    init(_ connection: OpaquePointer, _ configuration: PostgresConfiguration, waking wakeUp: WakeUp, logger: Logger) {
        unsafe self.connection = connection
        self.configuration = configuration
        self.wakeUp = wakeUp
        statements = StatementCache(capacity: configuration.statementCacheCapacity)
        notices = NoticeLog(logger)
        unsafe notices.listen(to: connection)
    }

    deinit {
        unsafe PQfinish(connection)
    }

    // MARK: One job after another

    func begin(_ job: Job) {
        self.job = job
        wasLost = false
        hadOutdatedStatement = false
    }

    /// Rolls back what the job left open. False if the connection can't be used again.
    func end() -> Bool {
        defer { job = nil }
        if !isBroken, unsafe PQtransactionStatus(connection) != PQTRANS_IDLE { rollBack() }
        deallocateCondemned()
        return unsafe !isBroken && PQtransactionStatus(connection) == PQTRANS_IDLE
    }

    /// Whether the idle connection seems to live. Reads what came meanwhile, such as the server's farewell.
    var isAlive: Bool {
        var isAlive = unsafe !isBroken && PQstatus(connection) == CONNECTION_OK
        while isAlive {
            guard unsafe wait(socket: PQsocket(connection), for: POLLIN, until: .now, wakes: false) == .socket else {
                break
            }
            isAlive = unsafe PQconsumeInput(connection) == 1 && PQstatus(connection) == CONNECTION_OK
            // Parses what was read: an error without a query goes to the notices.
            _ = unsafe PQisBusy(connection)
            if notices.saidFarewell { isAlive = false }
        }
        return isAlive
    }

    // MARK: Errors

    /// - Throws: If the job was interrupted or its connection was lost, so that nothing may be sent.
    func checkUsable(at site: CallSite) throws(PostgresError) {
        if let interruption = job?.interruption { throw error(for: interruption, at: site) }
        if isBroken { throw PostgresError(.connectionLost, "the connection was lost earlier in this job", at: site) }
    }

    func error(for interruption: Job.Interruption, at site: CallSite) -> PostgresError {
        switch interruption {
        case .cancelled: PostgresError(.cancelled, "the task was cancelled", at: site)
        case .deadlineExceeded: PostgresError(.deadlineExceeded, "the deadline passed", at: site)
        case .shutDown: PostgresError(.shutDown, "the pool has shut down", at: site)
        }
    }

    /// Marks the connection as lost and says why, in libpq's words.
    func lost(at site: CallSite) -> PostgresError {
        isBroken = true
        wasLost = true
        let text = unsafe PQerrorMessage(connection).map { unsafe String(cString: $0) } ?? ""
        return PostgresError(.connectionLost, configuration.redact(text.trimmingTrailingNewlines), at: site)
    }

    /// Gives the connection up: it is in a state from which it can't be brought back in time.
    func giveUp() {
        isBroken = true
    }

    // MARK: Exchange

    /// Sends what is buffered and reads results into `outcome`, until all are in or `limit` or `stop` ends it.
    ///
    /// `stop` is asked before each wait, so a wake-up from before the exchange isn't missed.
    func exchange(
        into outcome: inout Outcome, until limit: ContinuousClock.Instant?, at site: CallSite, stop: () -> Bool
    ) -> Progress {
        while true {
            let unsent = unsafe PQflush(connection)
            // A failed write may have an explanation from the server behind it, so reading goes on.
            if unsent == 0 || unsent == -1 {
                while unsafe PQisBusy(connection) == 0 {
                    guard let result = unsafe PQgetResult(connection) else { return finished(&outcome, at: site) }
                    if unsafe !take(result, into: &outcome, at: site) {
                        isBroken = true
                        return .broken
                    }
                }
            }
            if stop() { return .stopped }
            let events = unsent == 1 ? POLLIN | POLLOUT : POLLIN
            switch unsafe wait(socket: PQsocket(connection), for: events, until: limit, wakes: true) {
            case .timedOut: return .timedOut
            case .wokenUp: continue
            case .socket:
                guard unsafe PQconsumeInput(connection) == 0 else { continue }
                drainLost(into: &outcome, at: site)
                return .broken
            }
        }
    }

    private func finished(_ outcome: inout Outcome, at site: CallSite) -> Progress {
        guard unsafe PQstatus(connection) != CONNECTION_OK || outcome.failure?.code == .connectionLost else {
            return .complete
        }
        drainLost(into: &outcome, at: site)
        return .broken
    }

    /// Reads what libpq still has of a lost connection, which doesn't block.
    private func drainLost(into outcome: inout Outcome, at site: CallSite) {
        let reason = lost(at: site)
        while unsafe PQstatus(connection) != CONNECTION_OK, let result = unsafe PQgetResult(connection) {
            if unsafe !take(result, into: &outcome, at: site) { break }
        }
        // The server's own words, if it had any, say more than libpq's.
        if outcome.failure == nil { outcome.failure = reason }
    }

    /// Takes over one result. False for one after which the connection can't go on: libpq would wait for `COPY` data.
    private func take(_ result: OpaquePointer, into outcome: inout Outcome, at site: CallSite) -> Bool {
        switch unsafe PQresultStatus(result) {
        case PGRES_TUPLES_OK, PGRES_COMMAND_OK, PGRES_EMPTY_QUERY:
            outcome.result = unsafe PostgresResult(result)
            return true
        case PGRES_FATAL_ERROR, PGRES_NONFATAL_ERROR, PGRES_BAD_RESPONSE:
            defer { unsafe PQclear(result) }
            let isBad = unsafe PQstatus(connection) != CONNECTION_OK
            let error = unsafe PostgresError(result: result, connectionIsBad: isBad, at: site)
            if outcome.failure == nil { outcome.failure = error }
            if unsafe PQresultStatus(result) == PGRES_BAD_RESPONSE { return false }
            return true
        default:
            unsafe PQclear(result)
            outcome.failure = PostgresError(
                .protocolViolation, "COPY and streamed results are not supported; the connection is dropped", at: site)
            return false
        }
    }

    // MARK: Waiting

    enum Readiness {
        case socket, wokenUp, timedOut
    }

    /// Waits for the socket, for a wake-up if `wakes`, or until `limit`.
    func wait(socket: Int32, for events: Int32, until limit: ContinuousClock.Instant?, wakes: Bool) -> Readiness {
        unsafe withUnsafeTemporaryAllocation(of: pollfd.self, capacity: 2) { polled in
            while true {
                unsafe polled.initializeElement(at: 0, to: pollfd(fd: socket, events: Int16(events), revents: 0))
                unsafe polled.initializeElement(
                    at: 1, to: pollfd(fd: wakes ? wakeUp.readEnd : -1, events: Int16(POLLIN), revents: 0))
                let ready = unsafe poll(polled.baseAddress, 2, Self.milliseconds(until: limit))
                if unsafe ready > 0 && polled[1].revents != 0 {
                    wakeUp.drain()
                    // A ready socket is seen again in the next turn.
                    return .wokenUp
                }
                if ready > 0 { return .socket }
                // Interrupted by a signal: once more. Anything else shows on the socket.
                if ready < 0 {
                    if errno == EINTR { continue }
                    return .socket
                }
                if let limit, limit <= .now { return .timedOut }
            }
        }
    }

    /// For `poll(2)`: rounded up, -1 for ever.
    private static func milliseconds(until limit: ContinuousClock.Instant?) -> Int32 {
        guard let limit else { return -1 }
        let left = ContinuousClock.now.duration(to: limit)
        guard left > .zero else { return 0 }
        let (seconds, attoseconds) = left.components
        guard seconds < 1_000_000 else { return 1_000_000_000 }
        return Int32(seconds) * 1000 + Int32((attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
    }
}
