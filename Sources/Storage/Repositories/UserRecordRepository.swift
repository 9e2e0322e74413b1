import Crypto
public import Foundation
public import Quran

/// What users made: read, and changed without ever losing a change.
public struct UserRecordRepository {
    /// What a user's records may take.
    public static let recordLimit = 10_000

    // MARK: Reading

    /// Those of a kind that are not deleted, the newest change first.
    public static func records(
        of user: UserHash, kind: UserRecord.Kind, _ reader: ContentReader
    ) throws -> [UserRecord] {
        reader.touch(.user(user))
        return try reader.sql.all(
            """
            SELECT \(columns) FROM user_records
            WHERE user_hash = \(user.description) AND kind = \(kind.rawValue) AND is_deleted = 0
            ORDER BY version DESC
            """, record)
    }

    /// A record, also a deleted one.
    public static func record(
        of user: UserHash, kind: UserRecord.Kind, id: RecordID, _ reader: ContentReader
    ) throws -> UserRecord? {
        reader.touch(.user(user))
        return try record(of: user, kind: kind, id: id, sql: reader.sql)
    }

    /// What changed after some version, in the order of the changes, deletions included.
    public struct Changes: Sendable, Hashable {
        public let records: [UserRecord]
        /// That of the user's last change.
        public let version: Int64
        /// Whether there is more after the last of these.
        public let isPartial: Bool
    }

    /// - Returns: `nil` if deletions after that version are forgotten, or it was never reached: whoever asks has to read
    ///   everything again.
    public static func changes(
        of user: UserHash, after version: Int64, limit: Int, _ sql: any SQLReader
    ) throws -> Changes? {
        let state = try sql.first(
            "SELECT version, forgotten FROM user_states WHERE user_hash = \(user.description)"
        ) { (newest: try $0.integer(0), forgotten: try $0.integer(1)) }
        guard let state else { return version == 0 ? Changes(records: [], version: 0, isPartial: false) : nil }
        // From the start everything that is there is told, so that nothing need be remembered.
        guard version == 0 || version >= state.forgotten, version <= state.newest else { return nil }
        let records = try sql.all(
            """
            SELECT \(columns) FROM user_records
            WHERE user_hash = \(user.description) AND version > \(Int(version))
            ORDER BY version LIMIT \(limit + 1)
            """, record)
        return Changes(
            records: Array(records.prefix(limit)), version: state.newest, isPartial: records.count > limit)
    }

    // MARK: Writing

    /// Makes changes in their order, in the transaction of the writer. Each is made or not by itself.
    ///
    public static func apply(
        _ mutations: [UserMutation], of user: UserHash, at time: Date, _ sql: any SQLWriter
    ) throws -> [UserMutationOutcome] {
        let now = timestamp(time)
        // Whoever writes for this user too waits here: what is read below can't change before the commit.
        var version = try lock(user, at: time, sql)
        let start = version
        var count =
            try sql.first(
                "SELECT count(*) FROM user_records WHERE user_hash = \(user.description) AND is_deleted = 0"
            ) { try $0.int(0) } ?? 0
        var outcomes: [UserMutationOutcome] = []
        for mutation in mutations {
            let outcome = try apply(mutation, of: user, version: version + 1, count: &count, now: now, sql)
            if case .applied = outcome { version += 1 }
            outcomes.append(outcome)
        }
        if version > start {
            try sql.execute(
                "UPDATE user_states SET version = \(Int(version)) WHERE user_hash = \(user.description)")
        }
        return outcomes
    }

    /// Removes everything that is stored of a user; what devices knew, they have to read again.
    ///
    /// - Returns: how many records there were, without deleted ones.
    public static func removeAll(of user: UserHash, _ sql: any SQLWriter) throws -> Int {
        // Before the records, as ``apply(_:of:at:_:)`` locks them.
        try sql.execute("DELETE FROM user_states WHERE user_hash = \(user.description)")
        let count =
            try sql.first(
                "SELECT count(*) FROM user_records WHERE user_hash = \(user.description) AND is_deleted = 0"
            ) { try $0.int(0) } ?? 0
        try sql.execute("DELETE FROM user_records WHERE user_hash = \(user.description)")
        try sql.execute("DELETE FROM user_mutations WHERE user_hash = \(user.description)")
        return count
    }

    /// Forgets deletions and the names of changes that are older than a time, of all users.
    public static func forget(before date: Date, _ sql: any SQLWriter) throws {
        let time = timestamp(date)
        try sql.execute(
            """
            UPDATE user_states SET forgotten = (
                SELECT max(version) FROM user_records
                WHERE user_records.user_hash = user_states.user_hash AND is_deleted = 1 AND updated_at < \(time))
            WHERE EXISTS (
                SELECT 1 FROM user_records
                WHERE user_records.user_hash = user_states.user_hash AND is_deleted = 1 AND updated_at < \(time))
            """)
        try sql.execute("DELETE FROM user_records WHERE is_deleted = 1 AND updated_at < \(time)")
        try sql.execute("DELETE FROM user_mutations WHERE applied_at < \(time)")
    }

    private static func lock(_ user: UserHash, at time: Date, _ sql: any SQLWriter) throws -> Int64 {
        let start = Int(time.timeIntervalSince1970 * 1000)
        return try sql.first(
            """
            INSERT INTO user_states (user_hash, version, forgotten) VALUES (\(user.description), \(start), \(start))
            ON CONFLICT (user_hash) DO UPDATE SET version = user_states.version RETURNING version
            """
        ) { try $0.integer(0) } ?? 0
    }

    private static func apply(
        _ mutation: UserMutation, of user: UserHash, version: Int64, count: inout Int, now: String,
        _ sql: any SQLWriter
    ) throws -> UserMutationOutcome {
        let old = try record(of: user, kind: mutation.kind, id: mutation.id, sql: sql)
        if let name = mutation.name {
            let digest = try sql.first(
                "SELECT digest FROM user_mutations WHERE user_hash = \(user.description) AND id = \(name)"
            ) { try $0.text(0) }
            if let digest { return digest == mutation.digest ? .repeated(old) : .nameTaken }
        }
        guard mutation.condition.holds(for: old) else { return .conflict(old) }
        let isNew = old?.isDeleted ?? true
        // To delete what is not there changes nothing.
        if mutation.content == nil && isNew { return .repeated(old) }
        if isNew && count >= recordLimit { return .full(limit: recordLimit) }
        let record = UserRecord(
            kind: mutation.kind, id: mutation.id, version: version,
            createdAt: isNew ? now : old?.createdAt ?? now, updatedAt: now, isDeleted: mutation.content == nil,
            content: mutation.content ?? "{}")
        try store(record, of: user, sql)
        count += record.isDeleted ? -1 : isNew ? 1 : 0
        if let name = mutation.name {
            try sql.execute(
                """
                INSERT INTO user_mutations (user_hash, id, digest, kind, record, version, applied_at)
                VALUES (\(user.description), \(name), \(mutation.digest), \(record.kind.rawValue), \(record.id.name),
                    \(Int(record.version)), \(now))
                """)
        }
        return .applied(record)
    }

    private static func store(_ record: UserRecord, of user: UserHash, _ sql: any SQLWriter) throws {
        try sql.execute(
            """
            INSERT INTO user_records (user_hash, kind, id, version, created_at, updated_at, is_deleted, content)
            VALUES (\(user.description), \(record.kind.rawValue), \(record.id.name), \(Int(record.version)),
                \(record.createdAt), \(record.updatedAt), \(record.isDeleted), \(record.content))
            ON CONFLICT (user_hash, kind, id) DO UPDATE SET
                version = excluded.version, created_at = excluded.created_at,
                updated_at = excluded.updated_at, is_deleted = excluded.is_deleted, content = excluded.content
            """)
    }

    private static func record(
        of user: UserHash, kind: UserRecord.Kind, id: RecordID, sql: any SQLReader
    ) throws -> UserRecord? {
        try sql.first(
            """
            SELECT \(columns) FROM user_records
            WHERE user_hash = \(user.description) AND kind = \(kind.rawValue) AND id = \(id.name)
            """, record)
    }

    private static let columns: SQL = "kind, id, version, created_at, updated_at, is_deleted, content"

    private static func record(_ row: any SQLRow) throws -> UserRecord {
        UserRecord(
            kind: try decode(row.text(0), as: UserRecord.Kind.init), id: try decode(row.text(1), as: { RecordID($0) }),
            version: try row.integer(2), createdAt: try row.text(3), updatedAt: try row.text(4),
            isDeleted: try row.bool(5), content: try row.text(6))
    }
}

extension UserMutation {
    /// SHA-256 of what is asked for, without its name.
    fileprivate var digest: String {
        let condition: String =
            switch self.condition {
            case .any: "any"
            case .absent: "absent"
            case .present: "present"
            case .version(let version): "version \(version)"
            }
        let parts = [kind.rawValue, id.name, condition, content.map { "=\($0)" } ?? "-"]
        return SHA256.hash(data: Data(parts.joined(separator: "\n").utf8)).hexadecimal
    }
}

extension UserMutation.Condition {
    fileprivate func holds(for record: UserRecord?) -> Bool {
        let isThere = record.map { !$0.isDeleted } ?? false
        return switch self {
        case .any: true
        case .absent: !isThere
        case .present: isThere
        case .version(let version): isThere && record?.version == version
        }
    }
}
