/// A connection for the length of one job. It lives on its worker's thread and can't be kept.
///
/// Every call may throw ``PostgresError`` with `.connectionLost`, `.deadlineExceeded` or `.cancelled`; after those
/// every further call throws as well.
public struct PostgresConnection {
    private let session: Session

    init(session: Session) {
        self.session = session
    }

    /// Runs one statement with bound parameters, `$1` being the first.
    ///
    /// The statement is prepared on its first use and kept by its text, so the text should not vary with values.
    /// - Throws: ``PostgresError`` with `.server` for what the server reports, `.invalidParameter` for what can't be sent,
    ///   `.protocolViolation` for `COPY`, and as said above.
    @discardableResult
    public func query(
        _ sql: String, _ parameters: [PostgresValue] = [], file: String = #fileID, line: Int = #line
    ) throws(PostgresError) -> PostgresResult {
        try session.query(sql, parameters, at: CallSite(file: file, line: line))
    }

    /// Runs several statements, separated by semicolons, without parameters and without results. Without a `BEGIN` in
    /// it, all of them are one transaction.
    /// - Throws: As ``query(_:_:file:line:)``; the first error, after which the server skips the rest.
    public func execute(script: String, file: String = #fileID, line: Int = #line) throws(PostgresError) {
        try session.execute(script: script, at: CallSite(file: file, line: line))
    }

    /// Runs `body` in a transaction, which is committed when it returns and rolled back when it throws.
    /// - Throws: What `body` throws, unchanged; `.invalidTransactionState` inside a transaction;
    ///   `.transactionRolledBack` if `body` swallowed a failed statement's error, so that `COMMIT` rolled back; and what
    ///   ``query(_:_:file:line:)`` throws, for `BEGIN` and `COMMIT`.
    public func transaction<R>(
        _ kind: PostgresTransaction, file: String = #fileID, line: Int = #line, _ body: () throws -> R
    ) throws -> R {
        let site = CallSite(file: file, line: line)
        try session.begin(kind, at: site)
        let value: R
        do {
            value = try body()
        } catch {
            session.rollBack()
            throw error
        }
        try session.commit(at: site)
        return value
    }
}
