public import Foundation

/// The webhooks that were taken: each has its effect once, however often it is sent.
public struct WebhookReceipts {
    /// Raises the versions of some tags, unless the webhook was taken before; and forgets webhooks that have expired.
    ///
    /// - Parameters:
    ///   - id: the webhook's, chosen by its sender.
    ///   - expires: when it will not be taken again in any case.
    /// - Returns: the names of the tags that the webhook raised, now or before, sorted.
    public static func take(
        _ id: String, expires: Date, raising tags: Set<ContentTag>, at now: Date, engine: DatabaseEngine,
        _ sql: any SQLWriter
    ) throws -> [String] {
        try sql.execute("DELETE FROM webhook_receipts WHERE expires_at < \(timestamp(now))")
        let names = tags.sorted().map(\.description)
        // Whoever takes the same webhook at this moment is waited for.
        let inserted = try sql.execute(
            """
            INSERT INTO webhook_receipts (id, tags, expires_at)
            VALUES (\(id), \(names.joined(separator: " ")), \(timestamp(expires))) ON CONFLICT (id) DO NOTHING
            """)
        guard inserted == 0 else {
            try engine.raiseVersions(of: tags, sql)
            return names
        }
        let taken = try sql.first("SELECT tags FROM webhook_receipts WHERE id = \(id)") { try $0.text(0) }
        return taken?.split(separator: " ").map(String.init) ?? names
    }
}
