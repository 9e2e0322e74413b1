public import Quran

/// Which text an edition has. The text itself is in the archive, by the hash.
public struct TextState: EditedState {
    public let file: String
    public let sha256: String
    public let notice: String?

    public init(file: String, sha256: String, notice: String?) {
        self.file = file
        self.sha256 = sha256
        self.notice = notice
    }

    public static let aspect = AuditAction.Aspect.text

    public static func subject(_ id: EditionID) -> AuditSubject { .edition(id) }

    /// The hash is that of the text as it is, which is not the recorded one if the text was changed by hand.
    public static func read(_ id: EditionID, _ sql: any SQLReader) throws -> TextState? {
        let editions = allEditions(sql)
        guard let stored = try editions.edition(id), let content = stored.content else { return nil }
        let structure = try StructureRepository(ContentReader(sql)).structure()
        let text = try editions.text(of: stored.edition).published(structure: structure)
        return TextState(file: content.file, sha256: text.sha256(structure: structure), notice: content.notice)
    }

    /// Archives the text that is replaced; the new one is in the archive already.
    public static func write(_ state: TextState?, of id: EditionID, _ sql: any SQLWriter) throws {
        let editions = allEditions(sql)
        guard let stored = try editions.edition(id) else {
            throw StorageError(.constraintViolated, "there is no edition \(id)")
        }
        if stored.content != nil {
            let structure = try StructureRepository(ContentReader(sql)).structure()
            let text = try editions.text(of: stored.edition).published(structure: structure)
            try TextArchive.add(text.lines(structure: structure), sql)
        }
        guard let state else { return try EditionRepository.removeText(of: id, in: sql) }
        let text = EditionText(lines: try TextArchive.lines(sha256: state.sha256, sql))
        guard text.ayahs.count == AyahNumber.count else {
            throw StorageError(.unexpectedResult, "the archived text \(state.sha256) is not complete")
        }
        let record = TextRecord(
            file: state.file, sha256: state.sha256, isPinned: state.sha256 == stored.pin, notice: state.notice)
        try EditionRepository.store(text, record, of: id, in: sql)
    }
}

/// The text of one ayah in an edition.
public struct AyahState: EditedState {
    public let text: String

    public init(_ text: String) { self.text = text }

    public static let aspect = AuditAction.Aspect.ayah

    public static func subject(_ id: AyahOfEdition) -> AuditSubject { .ayah(id) }

    public static func read(_ id: AyahOfEdition, _ sql: any SQLReader) throws -> AyahState? {
        let structure = try StructureRepository(ContentReader(sql)).structure()
        guard let number = structure.number(of: id.key), let range = AyahRange(number, through: number),
            let stored = try allEditions(sql).edition(id.edition), stored.content != nil
        else { return nil }
        return try allEditions(sql).texts(of: stored.edition, in: range)[0].map { AyahState($0) }
    }

    /// Hashes the whole text anew. The record comes first, as ``EditionRepository/store(_:_:of:in:progress:)`` says.
    public static func write(_ state: AyahState?, of id: AyahOfEdition, _ sql: any SQLWriter) throws {
        let editions = allEditions(sql)
        let structure = try StructureRepository(ContentReader(sql)).structure()
        guard let state, let number = structure.number(of: id.key), let stored = try editions.edition(id.edition) else {
            throw StorageError(.constraintViolated, "an ayah can't be removed from an edition")
        }
        let text = try editions.text(of: stored.edition).replacing(number, with: state.text)
        let sha256 = text.published(structure: structure).sha256(structure: structure)
        try sql.execute(
            """
            UPDATE edition_contents SET sha256 = \(sha256), pinned = \(sha256 == stored.pin)
            WHERE edition = \(id.edition.name)
            """)
        try sql.execute(
            """
            UPDATE ayah_texts SET text = \(state.text)
            WHERE edition = \(id.edition.name) AND ayah = \(number.value)
            """)
    }
}

extension EditionRepository {
    /// The whole text.
    ///
    /// - Throws: ``StorageError`` (`unexpectedResult`) unless it is complete.
    func text(of edition: Edition) throws -> EditionText {
        let ayahs = try texts(of: edition, in: .all).compactMap(\.self)
        guard ayahs.count == AyahNumber.count else {
            throw StorageError(.unexpectedResult, "the text of \(edition.id) is not complete")
        }
        return EditionText(ayahs: ayahs, basmalas: try basmalas(of: edition))
    }
}

/// Texts that were replaced, and those that replaced them, by the hash of their lines.
enum TextArchive {
    /// - Returns: the hash.
    @discardableResult
    static func add(_ lines: String, _ sql: any SQLWriter) throws -> String {
        let sha256 = PublishedText.sha256(ofLines: lines)
        try sql.execute(
            """
            INSERT INTO text_archive (sha256, lines) VALUES (\(sha256), \(lines))
            ON CONFLICT (sha256) DO UPDATE SET lines = excluded.lines
            """)
        return sha256
    }

    static func lines(sha256: String, _ sql: any SQLReader) throws -> String {
        let found = try sql.first("SELECT lines FROM text_archive WHERE sha256 = \(sha256)") { try $0.text(0) }
        guard let found, PublishedText.sha256(ofLines: found) == sha256 else {
            throw StorageError(.unexpectedResult, "the archive lacks the text \(sha256)")
        }
        return found
    }
}
