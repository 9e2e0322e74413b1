/// What changed in a store from some position on.
public struct ContentChanges: Sendable, Hashable {
    public struct Version: Sendable, Hashable {
        public let tag: String
        public let version: Int64
    }

    public let versions: [Version]
    /// Where the next look has to start so that nothing is missed.
    public let position: Int64
    /// What is read from this position on holds all of these changes.
    public let ceiling: Int64
    /// Names the life of the server: after a restart or a failover it is another.
    public let history: String
}

extension Database {
    /// The versions that moved from a position on; from `nil`, those of everything but users.
    ///
    /// PostgreSQL: positions are transaction ids. A transaction that commits late has an id at or above the oldest that was
    /// running at the last look, so looking from there misses none; a row may be seen twice. SQLite: positions are the
    /// triggers' sequence, which is ordered by commit because there is one writer at a time.
    public func contentChanges(since position: Int64?, deadline: Duration) async throws -> ContentChanges {
        try await read(deadline: deadline) { [engine] sql in try engine.contentChanges(since: position, sql) }
    }

    /// Raises the versions of some tags by one, and to no less than `least`.
    public func bumpContentVersions(_ tags: [String], toAtLeast least: Int64) async throws {
        try await write { [engine] sql in try engine.bumpContentVersions(tags, toAtLeast: least, sql) }
    }
}

extension DatabaseEngine {
    /// ``Database/contentChanges(since:deadline:)`` as the snapshot of its own statement sees them.
    ///
    /// - Parameter ofUsers: whether what changed of users is asked for as well.
    func contentChanges(
        since position: Int64?, ofUsers: Bool = true, _ sql: any SQLReader
    ) throws -> ContentChanges {
        let since: SQL =
            switch (self, position) {
            case (_, nil): "tag NOT LIKE 'user:%'"
            case (.sqlite, let position?): "sequence > \(Int(position))"
            case (.postgres, let position?): "xid >= \(String(position))::xid8"
            }
        let filter: SQL = ofUsers ? since : "\(since) AND tag NOT LIKE 'user:%'"
        var versions: [ContentChanges.Version] = []
        var (here, ceiling, history) = (Int64(0), Int64(0), "")
        // One statement, so one snapshot; the left row is there even if nothing changed.
        try sql.forEach(
            """
            SELECT here.position, here.ceiling, here.history, tag, version
            FROM (\(hereQuery)) AS here LEFT JOIN content_versions ON \(filter)
            """
        ) { row in
            (here, ceiling, history) = (try row.integer(0), try row.integer(1), try row.text(2))
            if !row.isNull(3) { versions.append(.init(tag: try row.text(3), version: try row.integer(4))) }
        }
        return ContentChanges(versions: versions, position: here, ceiling: ceiling, history: history)
    }

    /// Raises the versions of some tags by one, in the transaction of the writer.
    public func raiseVersions(of tags: Set<ContentTag>, _ sql: any SQLWriter) throws {
        try bumpContentVersions(tags.map(\.description), toAtLeast: 0, sql)
    }

    func bumpContentVersions(_ tags: [String], toAtLeast least: Int64, _ sql: any SQLWriter) throws {
        // Sorted, as the triggers raise the tags of one statement, so that two such transactions can't lock each other out.
        // A transaction that raises tags by several statements keeps that order itself, or may be undone and tried again.
        for tag in tags.sorted() {
            switch self {
            case .sqlite: try sql.execute("INSERT INTO content_bumps (tag) VALUES (\(tag))")
            case .postgres: try sql.execute("SELECT bump_content_versions(ARRAY[\(tag)::text])")
            }
            try sql.execute(
                """
                UPDATE content_versions SET version = \(Int(least))
                WHERE tag = \(tag) AND version < \(Int(least))
                """)
        }
    }

    /// Where in its history a snapshot stands, and which history that is.
    var hereQuery: SQL {
        switch self {
        case .sqlite:
            """
            SELECT COALESCE(MAX(sequence), 0) AS position, COALESCE(MAX(sequence), 0) AS ceiling, '' AS history
            FROM content_versions
            """
        case .postgres:
            """
            SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS position,
                pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS ceiling,
                extract(epoch FROM pg_postmaster_start_time())::text AS history
            """
        }
    }
}
