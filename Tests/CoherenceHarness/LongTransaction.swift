import Caching
import ContentService
public import Storage

/// Transactions that are held open while others commit: does a feed miss what commits late? Asked of the feed of this
/// program, and of a twin that is built the usual way, with a growing number for each change and `id > last`.
public struct LongTransaction: Sendable {
    public struct Report: Sendable, CustomStringConvertible {
        public let commits: Int
        public let polls: Int
        /// Tags whose last change was not heard of when all was quiet.
        public let missedByFeed: Int
        public let missedByTwin: Int

        public var description: String {
            "\(commits) commits, \(polls) polls of each; changes missed by the feed: \(missedByFeed), by its twin: \(missedByTwin)"
        }
    }

    private static let keys = 40
    /// Of them, those that transactions hold for long.
    private static let held = 4

    private let database: any Database

    /// - Parameter database: a migrated store on PostgreSQL; SQLite has no two writers.
    public init(_ database: any Database) { self.database = database }

    /// - Parameter time: how long the longest transaction is held open.
    public func run(holding time: Duration) async throws -> Report {
        try await database.write { sql in
            try sql.execute(
                script: """
                    CREATE TABLE twin_feed (key integer PRIMARY KEY, id bigint NOT NULL);
                    CREATE SEQUENCE twin_ids;
                    """)
        }
        let countdown = Countdown(Self.held)
        return try await withThrowingTaskGroup(of: Int.self) { group in
            for key in 0..<Self.held {
                group.addTask {
                    defer { countdown.signal() }
                    try await change(key, holding: time * Double(key + 1) / Double(Self.held))
                    return 1
                }
            }
            group.addTask {
                var commits = 0
                while !countdown.isDone {
                    try await change(Self.held + commits % (Self.keys - Self.held), holding: .zero)
                    commits += 1
                }
                return commits
            }
            var known = Known()
            try await poll(&known)
            while !countdown.isDone {
                try await poll(&known)
                try await Task.sleep(for: .milliseconds(20))
            }
            let commits = try await group.reduce(0, +)
            try await poll(&known)
            return try await report(known, commits: commits)
        }
    }

    /// What each feed has heard of.
    private struct Known {
        var position: FeedPosition?
        var versions: [CacheTag: CacheVersion] = [:]
        var lastID = 0
        var ids: [Int: Int] = [:]
        var polls = 0
    }

    private static func tag(of key: Int) -> String { "user:long-transaction-\(key)" }

    private func change(_ key: Int, holding time: Duration) async throws {
        try await database.write(deadline: .seconds(60)) { sql in
            // What the trigger on a user's table does. Tags of content won't do: each change also raises its list's tag,
            // whose row would make the writers wait for each other.
            try sql.execute("SELECT bump_content_versions(ARRAY[\(Self.tag(of: key))])")
            try sql.execute(
                """
                INSERT INTO twin_feed VALUES (\(key), nextval('twin_ids'))
                ON CONFLICT (key) DO UPDATE SET id = EXCLUDED.id
                """)
            if time > .zero { hold(time) }
        }
    }

    private func poll(_ known: inout Known) async throws {
        let batch = try await ContentFeed(database).changes(since: known.position)
        known.position = batch.position
        for (tag, version) in batch.versions { known.versions[tag] = max(version, known.versions[tag] ?? .zero) }
        let lastID = known.lastID
        for (key, id) in try await twin(after: lastID) {
            known.ids[key] = id
            known.lastID = max(known.lastID, id)
        }
        known.polls += 1
    }

    private func twin(after id: Int) async throws -> [(key: Int, id: Int)] {
        try await database.read { sql in
            try sql.all("SELECT key, id FROM twin_feed WHERE id > \(id)") { (try $0.int(0), try $0.int(1)) }
        }
    }

    private func report(_ known: Known, commits: Int) async throws -> Report {
        let versions = try await database.read { sql in
            try (0..<Self.keys).map { key in
                let query: SQL = "SELECT version FROM content_versions WHERE tag = \(Self.tag(of: key))"
                return (CacheTag(Self.tag(of: key)), CacheVersion(try sql.first(query) { try $0.integer(0) } ?? 0))
            }
        }
        let ids = try await twin(after: 0)
        return Report(
            commits: commits, polls: known.polls,
            missedByFeed: versions.count { known.versions[$0.0] ?? .zero != $0.1 },
            missedByTwin: ids.count { known.ids[$0.key] != $0.id })
    }
}
