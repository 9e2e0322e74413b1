import Quran

/// The record of what editors changed. Rows are only ever added.
///
/// Whoever writes holds the lock of ``Database/writeExclusively(deadline:_:)``.
public enum AuditLog {
    /// - Returns: the number of the new entry.
    static func append(
        _ action: AuditAction, _ subject: AuditSubject, before: String?, after: String?, as edit: Edit,
        in sql: any SQLWriter
    ) throws -> Int {
        let last = try sql.first("SELECT COALESCE(max(number), 0) FROM audit_log") { try $0.int(0) } ?? 0
        try sql.execute(
            """
            INSERT INTO audit_log (number, created_at, actor, action, subject, state_before, state_after, reverts)
            VALUES (\(last + 1), \(timestamp()), \(edit.actor), \(action.description), \(subject.description), \(before),
                \(after), \(edit.reverts))
            """)
        return last + 1
    }

    public static func entry(_ number: Int, _ sql: any SQLReader) throws -> AuditEntry? {
        try sql.first("SELECT \(columns) FROM audit_log WHERE number = \(number)", entry)
    }

    /// How many there are, of one subject or all.
    public static func count(of subject: AuditSubject? = nil, _ sql: any SQLReader) throws -> Int {
        try sql.first("SELECT count(*) FROM audit_log \(filter(subject))") { try $0.int(0) } ?? 0
    }

    /// The newest first.
    ///
    /// - Parameter rows: which of them, from 0.
    public static func entries(
        of subject: AuditSubject? = nil, rows: Range<Int>, _ sql: any SQLReader
    ) throws -> [AuditEntry] {
        try sql.all(
            """
            SELECT \(columns) FROM audit_log \(filter(subject)) ORDER BY number DESC
            LIMIT \(rows.count) OFFSET \(rows.lowerBound)
            """, entry)
    }

    /// The newest entry about the same thing as another and after it. The whole text and an ayah of it are the same thing.
    public static func successor(of entry: AuditEntry, _ sql: any SQLReader) throws -> Int? {
        let (edition, aspect) = (entry.subject.edition, entry.action.aspect)
        let related: SQL =
            switch aspect {
            case .ayah:
                "(subject = \(entry.subject.description) OR subject = \("edition:\(edition)") AND action LIKE 'text.%')"
            case .text:
                // ';' follows ':'.
                """
                (subject = \("edition:\(edition)") AND action LIKE 'text.%'
                    OR subject >= \("ayah:\(edition):") AND subject < \("ayah:\(edition);"))
                """
            default: "subject = \(entry.subject.description) AND action LIKE \("\(aspect.rawValue).%")"
            }
        return try sql.first("SELECT max(number) FROM audit_log WHERE number > \(entry.number) AND \(related)") { row in
            try row.optionalInt(0)
        } ?? nil
    }

    private static func filter(_ subject: AuditSubject?) -> SQL {
        subject.map { "WHERE subject = \($0.description)" } ?? ""
    }

    private static let columns: SQL =
        "number, created_at, actor, action, subject, state_before, state_after, reverts"

    private static func entry(_ row: any SQLRow) throws -> AuditEntry {
        AuditEntry(
            number: try row.int(0), createdAt: try row.text(1), actor: try row.text(2),
            action: try decode(row.text(3), as: AuditAction.init),
            subject: try decode(row.text(4), as: AuditSubject.init), before: try row.optionalText(5),
            after: try row.optionalText(6), reverts: try row.optionalInt(7))
    }
}

extension AuditSubject {
    /// The edition that it is, or is of; empty for others.
    fileprivate var edition: String {
        switch self {
        case .edition(let id): id.name
        case .ayah(let ayah): ayah.edition.name
        case .reciter, .surah: ""
        }
    }
}

/// What editors changed and did not put back.
struct StandingEdits {
    private struct Thing: Hashable {
        let aspect: AuditAction.Aspect
        let subject: AuditSubject

        static func text(of edition: EditionID) -> Self { Self(aspect: .text, subject: .edition(edition)) }
    }

    /// What each was before the first change that stands; `nil` within if it was not there.
    private var origins: [Thing: String?] = [:]

    init(_ sql: any SQLReader) throws {
        try sql.forEach("SELECT action, subject, state_before, state_after FROM audit_log ORDER BY number") { row in
            let thing = Thing(
                aspect: try decode(row.text(0), as: AuditAction.init).aspect,
                subject: try decode(row.text(1), as: AuditSubject.init))
            // While the whole text is another, its ayahs are part of that.
            if case .ayah(let ayah) = thing.subject, origins[.text(of: ayah.edition)] != nil { return }
            let (before, after) = (try row.optionalText(2), try row.optionalText(3))
            let origin: String?
            if let known = origins[thing] { origin = known } else { origin = before }
            if isSame(after, origin) {
                origins.removeValue(forKey: thing)
            } else {
                origins.updateValue(origin, forKey: thing)
            }
        }
    }

    func has(_ aspect: AuditAction.Aspect, _ subject: AuditSubject) -> Bool {
        origins[Thing(aspect: aspect, subject: subject)] != nil
    }

    /// Whether the text is another than was seeded, or the edition did not come by a seed at all.
    func hasText(of edition: EditionID) -> Bool {
        if case .some(.none) = origins[Thing(aspect: .edition, subject: .edition(edition))] { return true }
        return has(.text, .edition(edition))
            || origins.keys.contains { thing in
                if case .ayah(let ayah) = thing.subject { ayah.edition == edition } else { false }
            }
    }
}

/// Byte for byte: `==` would take canonically equivalent texts for the same.
func isSame(_ a: String?, _ b: String?) -> Bool {
    switch (a, b) {
    case (nil, nil): true
    case (let a?, let b?): a.utf8.elementsEqual(b.utf8)
    default: false
    }
}
