/// What went wrong in this driver or on the server.
///
/// `description` is safe to log: it holds neither the password nor, as far as PostgreSQL's message classes tell, the
/// value of a parameter. PostgreSQL quotes values in the message of its data errors (class 22), in what functions
/// `RAISE` (class P0) and in `DETAIL`; those are kept in ``message`` and ``detail`` but left out of `description`.
public struct PostgresError: Error, Sendable {
    /// The kind of failure, for code that has to decide what to do.
    public enum Code: Sendable, Hashable {
        /// No connection could be made. ``PostgresError/sqlState`` says why if the server answered.
        case connectionFailed
        /// The connection broke, or the server ended it, while it was in use. Whether a `COMMIT` that was under way
        /// took effect is unknown.
        case connectionLost
        /// The server refused the user or the password, or wanted a password and none was given.
        case authenticationFailed
        /// The server reported an error with this SQLSTATE. The connection is still good.
        case server(sqlState: String)
        /// The pool's queue is full.
        case poolExhausted
        /// The deadline passed: in the queue, while connecting, or while a query ran, which was then cancelled.
        case deadlineExceeded
        /// The task was cancelled. Seen only inside a job; to the caller it becomes `CancellationError`.
        case cancelled
        /// The pool is shutting down or has shut down.
        case shutDown
        /// Something was said that this driver doesn't speak, such as `COPY`.
        case protocolViolation
        /// A parameter, the SQL text or the configuration can't be sent to a server, for example for a NUL in a text.
        case invalidParameter
        /// The result hasn't the shape or the type that was asked for.
        case unexpectedResult
        /// `transaction` was called inside a transaction.
        case invalidTransactionState
        /// `COMMIT` was sent but the server rolled back, as a statement in the transaction had failed before.
        case transactionRolledBack
    }

    public let code: Code
    /// What happened, in the server's, libpq's or this driver's words. May quote a parameter's value.
    public let message: String
    /// The five characters of SQLSTATE, if the server gave one.
    public var sqlState: String?
    /// The server's `DETAIL`. Often quotes values.
    public var detail: String?
    /// The server's `HINT`.
    public var hint: String?
    /// The schema, table, column and constraint that the server names, chiefly for violated constraints (class 23).
    public var schema: String?
    public var table: String?
    public var column: String?
    public var constraint: String?
    /// Where in this program the failed call stands.
    public var file: String
    public var line: Int

    init(_ code: Code, _ message: String, sqlState: String? = nil, at site: CallSite) {
        self.code = code
        self.message = message
        self.sqlState = sqlState
        file = site.file
        line = site.line
    }
}

extension PostgresError: CustomStringConvertible, CustomDebugStringConvertible {
    public var description: String {
        var text = codeName
        if let sqlState { text += " \(sqlState)" }
        text += mayQuoteValues ? ": (message withheld, it may quote values)" : ": \(message)"
        if let table { text += " [table \(table)]" }
        if let column { text += " [column \(column)]" }
        if let constraint { text += " [constraint \(constraint)]" }
        return text + " (\(file):\(line))"
    }

    public var debugDescription: String { description }

    private var codeName: String {
        if case .server = code { return "server" }
        return "\(code)"
    }

    private var mayQuoteValues: Bool {
        guard let sqlState else { return false }
        return sqlState.hasPrefix("22") || sqlState.hasPrefix("P0")
    }
}
