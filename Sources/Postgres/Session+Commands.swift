internal import CLibpq

extension Session {
    // MARK: Statements

    func query(
        _ sql: String, _ parameters: [PostgresValue], at site: CallSite
    ) throws(PostgresError) -> PostgresResult {
        try checkUsable(at: site)
        try check(sql, at: site)
        let buffer = try ParameterBuffer(parameters, at: site)
        guard let name = statements.name(for: sql) else {
            return try run(prepare(sql, at: site), buffer, at: site)
        }
        let isInTransaction = unsafe PQtransactionStatus(connection) != PQTRANS_IDLE
        do throws(PostgresError) {
            return try run(name, buffer, at: site)
        } catch {
            // "cached plan must not change result type", or DEALLOCATE ALL in a script.
            guard error.sqlState == "0A000" || error.sqlState == "26000", !isBroken else { throw error }
            statements.condemn(sql)
            guard !isInTransaction else {
                hadOutdatedStatement = true
                throw error
            }
        }
        return try run(prepare(sql, at: site), buffer, at: site)
    }

    func execute(script: String, at site: CallSite) throws(PostgresError) {
        try checkUsable(at: site)
        try check(script, at: site)
        _ = try command(script, at: site)
    }

    private func check(_ sql: String, at site: CallSite) throws(PostgresError) {
        if sql.utf8.contains(0) { throw PostgresError(.invalidParameter, "the SQL contains a NUL", at: site) }
    }

    private func prepare(_ sql: String, at site: CallSite) throws(PostgresError) -> String {
        let name = statements.makeName()
        guard unsafe PQsendPrepare(connection, name, sql, 0, nil) == 1 else { throw lost(at: site) }
        _ = try finish(at: site)
        statements.insert(sql, name: name)
        deallocateCondemned()
        return name
    }

    /// Takes condemned statements off the server, within the grace. Only outside a transaction, which a name that the
    /// server has forgotten already (26000) would abort; so it is asked for again at the end of every job.
    func deallocateCondemned() {
        guard !isBroken, !statements.condemned.isEmpty, unsafe PQtransactionStatus(connection) == PQTRANS_IDLE else {
            return
        }
        let site = job?.site ?? CallSite(file: #fileID, line: #line)
        let limit = ContinuousClock.now + configuration.cancelGrace
        for name in statements.takeCondemned() {
            var outcome = Outcome()
            guard unsafe PQsendQuery(connection, "DEALLOCATE \(name)") == 1,
                exchange(into: &outcome, until: limit, at: site, stop: { false }) == .complete
            else { return giveUp() }
        }
    }

    private func run(
        _ name: String, _ parameters: borrowing ParameterBuffer, at site: CallSite
    ) throws(PostgresError) -> PostgresResult {
        let sent = unsafe parameters.withPointers { count, values, lengths, formats in
            unsafe PQsendQueryPrepared(connection, name, count, values, lengths, formats, 0)
        }
        guard sent == 1 else { throw lost(at: site) }
        return try finish(at: site)
    }

    /// Runs `sql` in the simple protocol.
    private func command(_ sql: String, at site: CallSite) throws(PostgresError) -> PostgresResult {
        guard unsafe PQsendQuery(connection, sql) == 1 else { throw lost(at: site) }
        return try finish(at: site)
    }

    /// Waits for what was sent, as long as the job may.
    private func finish(at site: CallSite) throws(PostgresError) -> PostgresResult {
        var outcome = Outcome()
        let progress = exchange(into: &outcome, until: job?.deadline, at: site) { job?.interruption != nil }
        if progress == .stopped || progress == .timedOut {
            cancelOnServer(at: site)
            throw error(for: job?.interruption ?? .deadlineExceeded, at: site)
        }
        if let failure = outcome.failure { throw failure }
        guard let result = outcome.result else {
            giveUp()
            throw PostgresError(.protocolViolation, "the server sent no result", at: site)
        }
        return result
    }

    // MARK: Cancellation

    /// Ends the running command on the server and reads what it still sends, within the grace; else gives up.
    private func cancelOnServer(at site: CallSite) {
        let end = ContinuousClock.now + configuration.cancelGrace
        var rest = Outcome()
        var isComplete = false
        while .now < end {
            // A request that overtakes its query finds the backend idle and is lost: hence more than one.
            let request = unsafe CancelRequest.send(for: connection, waking: wakeUp)
            if !isComplete {
                let round = min(end, .now + configuration.cancelGrace / 4)
                switch exchange(into: &rest, until: round, at: site, stop: { false }) {
                case .complete: isComplete = true
                case .broken: return
                case .stopped, .timedOut: break
                }
            }
            // Only when the request is through can it no longer hit the next query.
            while request.outcome == .pending {
                if wait(socket: -1, for: 0, until: end, wakes: true) == .timedOut { return giveUp() }
            }
            if isComplete { return }
        }
        giveUp()
    }

    // MARK: Transactions

    func begin(_ kind: PostgresTransaction, at site: CallSite) throws(PostgresError) {
        try checkUsable(at: site)
        guard unsafe PQtransactionStatus(connection) == PQTRANS_IDLE else {
            throw PostgresError(.invalidTransactionState, "a transaction is open already", at: site)
        }
        _ = try command(kind.begin, at: site)
    }

    func commit(at site: CallSite) throws(PostgresError) {
        do throws(PostgresError) {
            try checkUsable(at: site)
        } catch {
            rollBack()
            throw error
        }
        let result = try command("COMMIT", at: site)
        guard result.commandTag == "COMMIT" else {
            throw PostgresError(
                .transactionRolledBack, "a statement had failed in the transaction, so COMMIT rolled it back", at: site)
        }
    }

    /// Ends an open transaction, also for an interrupted job, within the grace; else the connection is given up, which
    /// rolls back as well.
    func rollBack() {
        guard !isBroken else { return }
        let site = job?.site ?? CallSite(file: #fileID, line: #line)
        switch unsafe PQtransactionStatus(connection) {
        case PQTRANS_IDLE: return
        case PQTRANS_INTRANS, PQTRANS_INERROR: break
        default: return giveUp()
        }
        var outcome = Outcome()
        guard unsafe PQsendQuery(connection, "ROLLBACK") == 1,
            exchange(into: &outcome, until: .now + configuration.cancelGrace, at: site, stop: { false }) == .complete,
            outcome.failure == nil
        else { return giveUp() }
    }
}
