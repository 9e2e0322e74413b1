public import Foundation

/// How far a warm-up is.
public struct WarmUpProgress: Sendable, Hashable {
    /// How many keys of the plan were looked at.
    public var position = 0
    /// How many of them had to be loaded, and how many could not be had.
    public var loaded = 0
    public var failed = 0
    /// The bytes of the bodies of all that is warm.
    public var bytes = 0

    public init() {}
}

/// Whose turn it is to warm the cache that instances share: a claim with an end, so that another instance goes on where one
/// died.
public struct WarmUpTurns: Sendable {
    /// Which turn it is.
    public struct Occasion: Sendable, Hashable {
        /// Turns of one reason follow each other.
        public let reason: String
        /// Later ones are greater, by bytes.
        public let name: String

        public init(reason: String, name: String) {
            self.reason = reason
            self.name = name
        }
    }

    public enum Claim: Sendable, Hashable {
        /// It is the caller's turn, from where it was left.
        case taken(WarmUpProgress)
        /// It is another's turn until then, if they don't ask for longer.
        case held(until: Date)
        /// It was done, or a later one was.
        case done
    }

    private let holder: String

    /// - Parameter holder: names the caller among all instances.
    public init(holder: String) { self.holder = holder }

    /// - Parameters:
    ///   - plan: what is to be done; a turn that was left is taken up only with the same.
    ///   - end: until when nobody else may take it. A claim that ends much later than that counts for nothing, as it was made by
    ///     a clock that was wrong.
    ///   - latest: names of occasions beyond this are wrong likewise; `nil` if all may be right.
    public func claim(
        _ occasion: Occasion, plan: String, at now: Date, until end: Date, latest: String? = nil, _ sql: any SQLWriter
    ) throws -> Claim {
        let isSame: SQL = "warm_ups.occasion = excluded.occasion AND warm_ups.plan = excluded.plan"
        let tooLate = timestamp(end.addingTimeInterval(end.timeIntervalSince(now)))
        let isFree: SQL = """
            (warm_ups.claimed_until <= \(timestamp(now)) OR warm_ups.claimed_until > \(tooLate)
                OR warm_ups.holder = \(holder))
            """
        let isWrong: SQL = latest.map { "warm_ups.occasion > \($0)" } ?? "false"
        let taken = try sql.first(
            """
            INSERT INTO warm_ups
                (reason, occasion, holder, claimed_until, plan, position, loaded, failed, bytes, started_at)
            VALUES (\(occasion.reason), \(occasion.name), \(holder), \(timestamp(end)), \(plan), 0, 0, 0, 0,
                \(timestamp(now)))
            ON CONFLICT (reason) DO UPDATE SET
                occasion = excluded.occasion, holder = excluded.holder, claimed_until = excluded.claimed_until,
                plan = excluded.plan, finished_at = NULL,
                position = CASE WHEN \(isSame) THEN warm_ups.position ELSE 0 END,
                loaded = CASE WHEN \(isSame) THEN warm_ups.loaded ELSE 0 END,
                failed = CASE WHEN \(isSame) THEN warm_ups.failed ELSE 0 END,
                bytes = CASE WHEN \(isSame) THEN warm_ups.bytes ELSE 0 END,
                started_at = CASE WHEN \(isSame) THEN warm_ups.started_at ELSE excluded.started_at END
            WHERE warm_ups.finished_at IS NOT NULL AND (warm_ups.occasion < excluded.occasion OR \(isWrong))
                OR warm_ups.finished_at IS NULL AND \(isFree)
                    AND (warm_ups.occasion <= excluded.occasion OR \(isWrong))
            RETURNING position, loaded, failed, bytes
            """, Self.progress)
        if let taken { return .taken(taken) }
        let other = try sql.first(
            "SELECT occasion, claimed_until, finished_at FROM warm_ups WHERE reason = \(occasion.reason)"
        ) { (occasion: try $0.text(0), end: try $0.text(1), isFinished: try $0.optionalText(2) != nil) }
        guard let other, !other.isFinished, other.occasion <= occasion.name else { return .done }
        return .held(until: try date(other.end))
    }

    /// Notes how far the caller's turn is, and asks for longer, or ends it.
    ///
    /// - Returns: whether it is the caller's still. If not, another goes on with it.
    public func note(
        _ progress: WarmUpProgress, of occasion: Occasion, until end: Date, finished: Date? = nil, _ sql: any SQLWriter
    ) throws -> Bool {
        try sql.execute(
            """
            UPDATE warm_ups
            SET position = \(progress.position), loaded = \(progress.loaded), failed = \(progress.failed),
                bytes = \(progress.bytes), claimed_until = \(timestamp(end)),
                finished_at = \(finished.map { timestamp($0) })
            WHERE reason = \(occasion.reason) AND occasion = \(occasion.name) AND holder = \(holder)
                AND finished_at IS NULL
            """) > 0
    }

    private static func progress(_ row: any SQLRow) throws -> WarmUpProgress {
        var progress = WarmUpProgress()
        progress.position = try row.int(0)
        progress.loaded = try row.int(1)
        progress.failed = try row.int(2)
        progress.bytes = try row.int(3)
        return progress
    }
}

/// How often the content changed, all of it together: grows with each change of any of it, users' aside.
public func contentVersionSum(_ sql: any SQLReader) throws -> Int {
    try sql.first(
        "SELECT CAST(coalesce(sum(version), 0) AS bigint) FROM content_versions WHERE tag < 'user:' OR tag >= 'user;'"
    ) { try $0.int(0) } ?? 0
}
