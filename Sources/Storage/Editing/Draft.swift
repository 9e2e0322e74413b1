import Foundation
public import Quran

/// An uploaded text that is not published yet.
public struct Draft: Sendable, Hashable {
    /// How many keys ``differingKeys`` has at most.
    public static let keyLimit = 100

    /// That of the entry in the log which says who uploaded it.
    public let number: Int
    public let edition: EditionID
    /// The name of the file that was uploaded.
    public let file: String
    public let sha256: String
    /// The copyright notice that came with the file.
    public let notice: String?
    /// The hash of the text that it was compared with; `nil` if none was loaded.
    public let baseSHA256: String?
    /// How many ayahs have another text than that.
    public let differing: Int
    /// The first of these.
    public let differingKeys: [String]
    /// RFC 3339, UTC, milliseconds.
    public let createdAt: String
    /// Whether the text that it was compared with is still the one that is loaded.
    public let isCurrent: Bool
}

/// What the log keeps of an upload.
private struct DraftSummary: Encodable {
    let draft: Int?
    let file: String
    let sha256: String
}

public enum DraftRepository {
    /// Keeps an upload, compared with what is loaded now.
    ///
    /// - Returns: the number of the draft.
    public static func add(
        _ text: PublishedText, file: String, to edition: Edition, by actor: String, structure: QuranStructure,
        _ sql: any SQLWriter
    ) throws -> Int {
        let editions = allEditions(sql)
        let base = try editions.edition(edition.id)?.content?.sha256
        let loaded = try editions.texts(of: edition, in: .all)
        let keys = zip(AyahRange.all.numbers, zip(text.ayahs, loaded)).compactMap { number, texts in
            isSame(texts.0, texts.1) ? nil : structure.key(of: number).description
        }
        let sha256 = text.sha256(structure: structure)
        let number = try AuditLog.append(
            AuditAction(.draft, .create), .edition(edition.id), before: nil,
            after: encodeJSON(DraftSummary(draft: nil, file: file, sha256: sha256)), as: Edit(.create, by: actor),
            in: sql)
        try sql.execute(
            """
            INSERT INTO drafts (number, edition, file, sha256, notice, lines, base_sha256, differing, differing_keys,
                created_at)
            VALUES (\(number), \(edition.id.name), \(file), \(sha256), \(text.notice),
                \(text.lines(structure: structure)), \(base), \(keys.count),
                \(try encodeJSON(Array(keys.prefix(Draft.keyLimit)))), \(timestamp()))
            """)
        return number
    }

    public static func draft(_ number: Int, _ sql: any SQLReader) throws -> Draft? {
        try sql.first("SELECT \(columns) FROM \(source) WHERE number = \(number)", draft)
    }

    /// The newest first.
    public static func drafts(of edition: EditionID, _ sql: any SQLReader) throws -> [Draft] {
        try sql.all(
            "SELECT \(columns) FROM \(source) WHERE drafts.edition = \(edition.name) ORDER BY number DESC", draft)
    }

    public static func remove(_ draft: Draft, by actor: String, _ sql: any SQLWriter) throws {
        try sql.execute("DELETE FROM drafts WHERE number = \(draft.number)")
        _ = try AuditLog.append(
            AuditAction(.draft, .delete), .edition(draft.edition),
            before: encodeJSON(DraftSummary(draft: draft.number, file: draft.file, sha256: draft.sha256)), after: nil,
            as: Edit(.delete, by: actor), in: sql)
    }

    /// Makes a draft the text of its edition; it is no draft any more then. The log has a deletion if the edition has that
    /// text already.
    public static func publish(_ draft: Draft, by actor: String, _ sql: any SQLWriter) throws {
        let lines = try sql.first("SELECT lines FROM drafts WHERE number = \(draft.number)") { try $0.text(0) }
        guard let lines else { throw StorageError(.unexpectedResult, "there is no draft \(draft.number)") }
        let sha256 = try TextArchive.add(lines, sql)
        let entry = try TextState.change(draft.edition, as: Edit(.publish, by: actor), sql) { _ in
            TextState(file: draft.file, sha256: sha256, notice: draft.notice)
        }
        guard entry != nil else { return try remove(draft, by: actor, sql) }
        try sql.execute("DELETE FROM drafts WHERE number = \(draft.number)")
    }

    private static let source: SQL = "drafts LEFT JOIN edition_contents ON edition_contents.edition = drafts.edition"

    private static let columns: SQL = """
        number, drafts.edition, drafts.file, drafts.sha256, drafts.notice, base_sha256, differing, differing_keys,
        created_at, edition_contents.sha256
        """

    private static func draft(_ row: any SQLRow) throws -> Draft {
        let base = try row.optionalText(5)
        return Draft(
            number: try row.int(0), edition: try decode(row.text(1), as: { EditionID($0) }), file: try row.text(2),
            sha256: try row.text(3), notice: try row.optionalText(4), baseSHA256: base, differing: try row.int(6),
            differingKeys: try decodeJSON(Data(row.text(7).utf8), file: "drafts.differing_keys", as: [String].self),
            createdAt: try row.text(8), isCurrent: try row.optionalText(9) == base)
    }
}
