import Crypto
public import Foundation
public import Quran

/// What users made: read, and changed without ever losing a change.
public struct UserRecordRepository {
    /// How many records a user may have, and how many bytes of content in all of them.
    public static let recordLimit = 10_000
    public static let byteLimit = 16 << 20

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

    /// All that are not deleted, in the order of their changes.
    public static func records(of user: UserHash, _ sql: any SQLReader) throws -> [UserRecord] {
        try sql.all(
            """
            SELECT \(columns) FROM user_records WHERE user_hash = \(user.description) AND is_deleted = 0
            ORDER BY version
            """, record)
    }

    /// What changed after some version, in the order of the changes, deletions included.
    public struct Changes: Sendable, Hashable {
        public let records: [UserRecord]
        /// That of the user's last change.
        public let version: Int64
        /// After which number to go on.
        public let reached: Int64
        /// What the user's last change was when the reader began with nothing; 0 if they knew something.
        public let start: Int64
        /// Whether there is more after the last of these.
        public let isPartial: Bool
    }

    /// - Parameters:
    ///   - version: 0 for all that is there.
    ///   - start: that of the answer before, for whoever is still reading all that is there. Deletions up to it need not
    ///     be remembered: they were never told of what was deleted by then.
    /// - Returns: `nil` if deletions after that version are forgotten, or it was never reached: whoever asks has to read
    ///   everything again.
    public static func changes(
        of user: UserHash, after version: Int64, startedAt start: Int64 = 0, limit: Int, _ sql: any SQLReader
    ) throws -> Changes? {
        let state = try sql.first(
            "SELECT version, forgotten FROM user_states WHERE user_hash = \(user.description)"
        ) { (newest: try $0.integer(0), forgotten: try $0.integer(1)) }
        guard let state else {
            return version == 0 ? Changes(records: [], version: 0, reached: 0, start: 0, isPartial: false) : nil
        }
        let start = version == 0 ? state.newest : start
        let known = max(version, start)
        guard version == 0 || known >= state.forgotten, known <= state.newest else { return nil }
        var records = try sql.all(
            """
            SELECT \(columns) FROM user_records
            WHERE user_hash = \(user.description) AND version > \(Int(version))
            ORDER BY version LIMIT \(limit + 1)
            """, record)
        var rest = answerLimit
        let end = records.prefix(limit).firstIndex { record in
            rest -= record.content.utf8.count
            return rest < 0
        }
        let kept = max(1, end ?? limit)
        let isPartial = records.count > kept
        if isPartial { records.removeSubrange(kept...) }
        return Changes(
            records: records, version: state.newest, reached: (isPartial ? records.last?.version : nil) ?? state.newest,
            start: start, isPartial: isPartial)
    }

    /// The most bytes of content that one answer has, if it has more than one record.
    private static let answerLimit = 4 << 20

    // MARK: Writing

    /// Makes changes in their order, in the transaction of the writer. Each is made or not by itself.
    public static func apply(
        _ mutations: [UserMutation], of user: UserHash, at time: Date, _ sql: any SQLWriter
    ) throws -> [UserMutationOutcome] {
        // Whoever writes for this user too waits here: what is read below can't change before the commit.
        var state = try lock(user, at: time, sql)
        let start = state.version
        let outcomes = try mutations.map { try apply($0, of: user, at: timestamp(time), state: &state, sql) }
        if state.version > start {
            try sql.execute(
                """
                UPDATE user_states SET version = \(Int(state.version)), record_count = \(state.count),
                    byte_count = \(state.bytes)
                WHERE user_hash = \(user.description)
                """)
        }
        if state.version / trimInterval > start / trimInterval { try trim(user, sql) }
        return outcomes
    }

    /// Removes everything that a user made; what devices knew, they have to read again. The user's count stays, and goes on.
    public static func removeAll(of user: UserHash, at time: Date, _ sql: any SQLWriter) throws {
        let version = try lock(user, at: time, sql).version + 1
        try sql.execute("DELETE FROM user_records WHERE user_hash = \(user.description)")
        try sql.execute("DELETE FROM user_mutations WHERE user_hash = \(user.description)")
        try sql.execute(
            """
            UPDATE user_states SET version = \(Int(version)), forgotten = \(Int(version)), record_count = 0, byte_count = 0
            WHERE user_hash = \(user.description)
            """)
    }

    // MARK: Forgetting

    /// How many deletions and names of changes are remembered of one user, about; older ones are forgotten early.
    public static let deletionLimit = 10_000
    public static let nameLimit = 50_000
    /// After so many changes of a user it is looked whether there are too many.
    private static let trimInterval: Int64 = 1000

    /// Forgets deletions and the names of changes that are older than a time, of some users at a time.
    ///
    /// - Returns: whether there may be more.
    public static func forget(before date: Date, _ sql: any SQLWriter) throws -> Bool {
        let old: SQL = "is_deleted = 1 AND updated_at < \(timestamp(date))"
        let users = try sql.all("SELECT DISTINCT user_hash FROM user_records WHERE \(old) LIMIT 200") { try $0.text(0) }
        guard !users.isEmpty else {
            try sql.execute("DELETE FROM user_mutations WHERE applied_at < \(timestamp(date))")
            return false
        }
        let newest: SQL =
            "(SELECT max(version) FROM user_records WHERE user_records.user_hash = user_states.user_hash AND \(old))"
        try sql.execute(
            "UPDATE user_states SET forgotten = \(newest) WHERE user_hash IN \(list: users) AND forgotten < \(newest)")
        try sql.execute("DELETE FROM user_records WHERE user_hash IN \(list: users) AND \(old)")
        return true
    }

    /// Keeps what is remembered of a user within its limits.
    private static func trim(_ user: UserHash, _ sql: any SQLWriter) throws {
        let owned: SQL = "user_hash = \(user.description)"
        let last = try sql.first(
            """
            SELECT version FROM user_records WHERE \(owned) AND is_deleted = 1
            ORDER BY version DESC LIMIT 1 OFFSET \(deletionLimit)
            """
        ) { try $0.int(0) }
        if let last {
            try sql.execute("DELETE FROM user_records WHERE \(owned) AND is_deleted = 1 AND version <= \(last)")
            try sql.execute("UPDATE user_states SET forgotten = \(last) WHERE \(owned) AND forgotten < \(last)")
        }
        try sql.execute(
            """
            DELETE FROM user_mutations WHERE \(owned) AND applied_at < (
                SELECT applied_at FROM user_mutations WHERE \(owned) ORDER BY applied_at DESC LIMIT 1 OFFSET \(nameLimit))
            """)
    }

    // MARK: One change

    private struct State {
        var version: Int64
        var count: Int
        var bytes: Int
    }

    private static func lock(_ user: UserHash, at time: Date, _ sql: any SQLWriter) throws -> State {
        let start = Int(time.timeIntervalSince1970 * 1000)
        let state = try sql.first(
            """
            INSERT INTO user_states (user_hash, version, forgotten) VALUES (\(user.description), \(start), \(start))
            ON CONFLICT (user_hash) DO UPDATE SET version = user_states.version
            RETURNING version, record_count, byte_count
            """
        ) { State(version: try $0.integer(0), count: try $0.int(1), bytes: try $0.int(2)) }
        guard let state else { throw StorageError(.unexpectedResult, "a row that was written was not returned") }
        return state
    }

    private static func apply(
        _ mutation: UserMutation, of user: UserHash, at now: String, state: inout State, _ sql: any SQLWriter
    ) throws -> UserMutationOutcome {
        let old = try record(of: user, kind: mutation.kind, id: mutation.id, sql: sql)
        if let name = mutation.name, let made = try made(name, by: user, sql) {
            return made.digest == mutation.digest ? .repeated(old) : .nameTaken
        }
        let current = old.flatMap { $0.isDeleted ? nil : $0 }
        let content: String?
        switch (mutation.change, current) {
        case (.put(let text), _): content = text
        case (.delete, _): content = nil
        case (.revise, nil): return .conflict(old)
        case (.revise(_, let make), let current?):
            do { content = try make(current.content) } catch { return .invalid(error) }
        }
        // Who did not hear that it was made asks again with the version before it (RFC 9110, section 13.1.1).
        if content == current?.content {
            if mutation.name != nil {
                try remember(mutation, of: user, version: old?.version ?? 0, now: now, sql)
                // No record's, but what is remembered is counted by it.
                state.version += 1
            }
            return .repeated(old)
        }
        guard try condition(mutation.condition, holdsFor: old, of: user, sql) else { return .conflict(old) }
        let count = state.count + (content == nil ? 0 : 1) - (current == nil ? 0 : 1)
        let bytes = state.bytes + (content?.utf8.count ?? 0) - (current?.content.utf8.count ?? 0)
        // Whoever has too much may still make it less.
        if count > max(recordLimit, state.count) || bytes > max(byteLimit, state.bytes) { return .full }
        let record = UserRecord(
            kind: mutation.kind, id: mutation.id, version: state.version + 1, createdAt: current?.createdAt ?? now,
            updatedAt: now, isDeleted: content == nil, content: content ?? "{}")
        try store(record, of: user, sql)
        try remember(mutation, of: user, version: record.version, now: now, sql)
        state = State(version: record.version, count: count, bytes: bytes)
        return .applied(record, isNew: current == nil)
    }

    private static func made(
        _ name: String, by user: UserHash, _ sql: any SQLReader
    ) throws -> (digest: String, version: Int64)? {
        try sql.first(
            "SELECT digest, version FROM user_mutations WHERE user_hash = \(user.description) AND id = \(name)"
        ) { (digest: try $0.text(0), version: try $0.integer(1)) }
    }

    private static func remember(
        _ mutation: UserMutation, of user: UserHash, version: Int64, now: String, _ sql: any SQLWriter
    ) throws {
        guard let name = mutation.name else { return }
        try sql.execute(
            """
            INSERT INTO user_mutations (user_hash, id, digest, version, applied_at)
            VALUES (\(user.description), \(name), \(mutation.digest), \(Int(version)), \(now))
            """)
    }

    private static func condition(
        _ condition: UserMutation.Condition, holdsFor record: UserRecord?, of user: UserHash, _ sql: any SQLReader
    ) throws -> Bool {
        let isThere = record.map { !$0.isDeleted } ?? false
        switch condition {
        case .any: return true
        case .absent: return !isThere
        case .present: return isThere
        case .version(let versions): return isThere && record.map { versions.contains($0.version) } ?? false
        case .mutation(let name): return try made(name, by: user, sql)?.version == record?.version ?? 0
        }
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
            case .version(let versions): "version \(versions)"
            case .mutation(let name): "mutation \(name)"
            }
        let change: String =
            switch self.change {
            case .put(let content): "put \(content)"
            case .revise(let asked, _): "revise \(asked)"
            case .delete: "delete"
            }
        let parts = [kind.rawValue, id.name, condition, change]
        return SHA256.hash(data: Data(parts.joined(separator: "\n").utf8)).hexadecimal
    }
}
