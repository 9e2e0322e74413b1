import Foundation
import Storage
import TestSupport

extension TestDatabase {
    /// Every row of every table as the engine's own shell sees it, to compare a store before and after. On PostgreSQL a
    /// row that was rewritten with the same values differs as well.
    func dump() async throws -> String {
        switch database.engine {
        case .sqlite: return try await shell(".dump")
        case .postgres:
            let tables = try await shell("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
            let queries = tables.split(separator: "\n").map { table in
                """
                SELECT '\(table)', count(*), md5(string_agg(t.xmin || ' ' || t::text, E'\\n' ORDER BY t::text COLLATE "C"))
                FROM \(table) AS t
                """
            }
            return queries.isEmpty ? "" : try await shell(queries.joined(separator: " UNION ALL ") + " ORDER BY 1")
        }
    }

    /// The version of each tag that has one, but for the store's own, read by the engine's own shell.
    func versions() async throws -> [String: Int] {
        let lines = try await shell(Self.versionsQuery)
        return Dictionary(
            uniqueKeysWithValues: lines.split(separator: "\n").map { line in
                let parts = line.split(separator: "=")
                return (String(parts[0]), Int(parts[1]) ?? -1)
            })
    }

    static let versionsQuery =
        "SELECT tag || '=' || version FROM content_versions WHERE tag NOT LIKE 'store:%' ORDER BY tag"

    /// What the engine's own shell counts.
    func count(_ rows: String) async throws -> Int { Int(try await shell("SELECT count(*) FROM \(rows)")) ?? -1 }
}

/// The tags whose version is another now; a version that went down shows as `tag went down`.
func moved(_ before: [String: Int], _ after: [String: Int]) -> Set<String> {
    var tags: Set<String> = []
    for tag in Set(before.keys).union(after.keys) where before[tag] != after[tag] {
        tags.insert((after[tag] ?? 0) > (before[tag] ?? 0) ? tag : "\(tag) went down")
    }
    return tags
}
