public import Foundation

/// What is to be told to other systems, kept until it was told.
public struct WebhookOutbox: Sendable {
    private let engine: DatabaseEngine

    public init(_ engine: DatabaseEngine) { self.engine = engine }

    // MARK: Filling

    /// Remembers a target. One that is new here is told what changes from now on.
    ///
    /// - Parameter shown: its address without what may be secret.
    public func register(_ target: String, shown: String, _ sql: any SQLWriter) throws {
        try sql.execute(
            """
            INSERT INTO webhook_targets (id, shown, position, history)
            SELECT \(target), \(shown), position, history FROM (\(engine.hereQuery)) AS here WHERE true
            ON CONFLICT (id) DO UPDATE SET shown = excluded.shown
            """)
    }

    /// What happened since a target's deliveries were last made.
    private enum News {
        case none
        case changes(ContentChanges)
        /// The history went back, or is another.
        case everything(ContentChanges)
    }

    private func news(for target: String, _ sql: any SQLReader) throws -> News {
        let known = try sql.first(
            "SELECT position, history FROM webhook_targets WHERE id = \(target)"
        ) { (position: try $0.integer(0), history: try $0.text(1)) }
        guard let known else { return .none }
        let changes = try engine.contentChanges(since: known.position, ofUsers: false, sql)
        if changes.history != known.history || changes.position < known.position { return .everything(changes) }
        return changes.versions.isEmpty ? .none : .changes(changes)
    }

    /// Whether ``enqueue(for:at:payload:_:)`` would find anything.
    public func hasNews(for target: String, _ sql: any SQLReader) throws -> Bool {
        if case .none = try news(for: target, sql) { false } else { true }
    }

    /// Makes a delivery for each change since the last call for this target, and moves on. Calls for one target, by
    /// whatever instance, follow each other, so none makes again what another has made.
    ///
    /// - Parameter payload: the message about a tag and its version; `nil` for a tag that nobody is told of. For a history
    ///   that went back it gets the tag `all` without a version.
    /// - Returns: how many deliveries were made.
    @discardableResult
    public func enqueue(
        for target: String, at now: Date, payload: (String, Int64?) -> String?,
        _ sql: any SQLWriter
    ) throws -> Int {
        // Whoever else does this waits here, and then sees what was done.
        try sql.execute("UPDATE webhook_targets SET position = position WHERE id = \(target)")
        let (here, told): (ContentChanges, [(tag: String, version: Int64?)])
        switch try news(for: target, sql) {
        case .none: return 0
        case .changes(let changes): (here, told) = (changes, changes.versions.map { ($0.tag, $0.version) })
        case .everything(let changes):
            try sql.execute("UPDATE webhook_deliveries SET version = NULL WHERE target = \(target)")
            (here, told) = (changes, [(ContentTag.all.description, nil)])
        }
        var count = 0
        for (tag, version) in told {
            guard let payload = payload(tag, version) else { continue }
            let id = "msg_\(UUID().uuidString.lowercased().replacing("-", with: ""))"
            count += try sql.execute(
                """
                INSERT INTO webhook_deliveries
                    (id, target, tag, version, payload, state, attempts, created_at, next_attempt_at)
                VALUES (\(id), \(target), \(tag), \(version.map { Int($0) }), \(payload), 'pending', 0,
                    \(timestamp(now)), \(timestamp(now)))
                ON CONFLICT (target, tag, version) DO NOTHING
                """)
        }
        try sql.execute(
            """
            UPDATE webhook_targets SET position = \(Int(here.position)), history = \(here.history) WHERE id = \(target)
            """)
        return count
    }

    // MARK: Sending

    /// A delivery that the caller alone may send, for a while.
    public struct Claim: Sendable, Hashable {
        public let id: String
        public let tag: String
        public let payload: String
        /// How many attempts there were before.
        public let attempts: Int
    }

    /// Takes some deliveries that are due, so that nobody else sends them until a time.
    public func claim(
        _ limit: Int, for target: String, at now: Date, until lease: Date, _ sql: any SQLWriter
    ) throws -> [Claim] {
        let due: SQL = "state = 'pending' AND next_attempt_at <= \(timestamp(now))"
        let isFree: SQL = "(claimed_until IS NULL OR claimed_until <= \(timestamp(now)))"
        // The conditions stand twice: PostgreSQL looks at the outer ones again at rows that another claim just took.
        return try sql.all(
            """
            UPDATE webhook_deliveries SET claimed_until = \(timestamp(lease))
            WHERE \(due) AND \(isFree) AND id IN (
                SELECT id FROM webhook_deliveries WHERE target = \(target) AND \(due) AND \(isFree)
                ORDER BY next_attempt_at, id LIMIT \(limit))
            RETURNING id, tag, payload, attempts
            """
        ) { Claim(id: try $0.text(0), tag: try $0.text(1), payload: try $0.text(2), attempts: try $0.int(3)) }
    }

    /// Notes what became of an attempt.
    public func record(_ outcome: WebhookOutcome, of claim: Claim, at now: Date, _ sql: any SQLWriter) throws {
        let attempt: SQL = "claimed_until = NULL, attempts = \(claim.attempts + 1)"
        // A claim that has lapsed may only say that all went well: somebody else has it now.
        let isOwn: SQL = outcome == .delivered ? "true" : "attempts = \(claim.attempts)"
        let change: SQL =
            switch outcome {
            case .delivered: "state = 'delivered', last_error = NULL, finished_at = \(timestamp(now))"
            case .dead(let error): "state = 'dead', last_error = \(error), finished_at = \(timestamp(now))"
            case .failed(let error, let next): "last_error = \(error), next_attempt_at = \(next)"
            }
        try sql.execute(
            "UPDATE webhook_deliveries SET \(attempt), \(change) WHERE id = \(claim.id) AND state = 'pending' AND \(isOwn)"
        )
    }

    /// When the next delivery to a target can be claimed, if there is one.
    public func nextDue(for target: String, _ sql: any SQLReader) throws -> Date? {
        let due: SQL = "CASE WHEN claimed_until > next_attempt_at THEN claimed_until ELSE next_attempt_at END"
        let next = try sql.first(
            "SELECT min(\(due)) FROM webhook_deliveries WHERE target = \(target) AND state = 'pending'"
        ) { try $0.optionalText(0) }
        return try next?.map { try date($0) }
    }

    /// Forgets what was finished long ago.
    public func forget(deliveredBefore delivered: Date, deadBefore dead: Date, _ sql: any SQLWriter) throws {
        for (state, date) in [(WebhookDelivery.State.delivered, delivered), (.dead, dead)] {
            try sql.execute(
                "DELETE FROM webhook_deliveries WHERE state = \(state.rawValue) AND finished_at < \(timestamp(date))")
        }
    }

    // MARK: Operating

    /// How many deliveries there are, of one state or of all.
    public func count(_ state: WebhookDelivery.State?, _ sql: any SQLReader) throws -> Int {
        try sql.first("SELECT count(*) FROM webhook_deliveries WHERE \(filter(state))") { try $0.int(0) } ?? 0
    }

    /// Those of a page, the newest first.
    public func deliveries(
        _ state: WebhookDelivery.State?, rows: Range<Int>, _ sql: any SQLReader
    ) throws -> [WebhookDelivery] {
        try sql.all(
            """
            SELECT \(Self.columns) FROM webhook_deliveries AS d JOIN webhook_targets AS t ON t.id = d.target
            WHERE \(filter(state)) ORDER BY created_at DESC, d.id LIMIT \(rows.count) OFFSET \(rows.lowerBound)
            """, Self.delivery)
    }

    /// Makes a delivery due at once, as if it had never been tried. One that was delivered stays as it is.
    ///
    /// - Returns: the delivery as it is then, or `nil` if there is none.
    public func retry(_ id: String, at now: Date, _ sql: any SQLWriter) throws -> WebhookDelivery? {
        try sql.execute(
            """
            UPDATE webhook_deliveries
            SET state = 'pending', attempts = 0, next_attempt_at = \(timestamp(now)), finished_at = NULL
            WHERE id = \(id) AND state <> 'delivered'
            """)
        return try sql.first(
            """
            SELECT \(Self.columns) FROM webhook_deliveries AS d JOIN webhook_targets AS t ON t.id = d.target
            WHERE d.id = \(id)
            """, Self.delivery)
    }

    private func filter(_ state: WebhookDelivery.State?) -> SQL { state.map { "state = \($0.rawValue)" } ?? "true" }

    private static let columns: SQL = """
        d.id, t.shown, d.tag, d.version, d.state, d.attempts, d.created_at, d.next_attempt_at, d.finished_at, d.last_error
        """

    private static func delivery(_ row: any SQLRow) throws -> WebhookDelivery {
        WebhookDelivery(
            id: try row.text(0), target: try row.text(1), tag: try row.text(2),
            version: try row.optionalInt(3).map(Int64.init),
            state: try decode(row.text(4), as: WebhookDelivery.State.init), attempts: try row.int(5),
            createdAt: try row.text(6), nextAttemptAt: try row.text(7), finishedAt: try row.optionalText(8),
            lastError: try row.optionalText(9))
    }
}
