import Foundation
public import Quran

/// Who changes something, and how.
public struct Edit: Sendable {
    public let verb: AuditAction.Verb
    /// The `sub` of the editor's token.
    public let actor: String
    /// The number of the entry that is taken back.
    public let reverts: Int?

    public init(_ verb: AuditAction.Verb, by actor: String, reverting entry: Int? = nil) {
        self.verb = verb
        self.actor = actor
        reverts = entry
    }
}

/// Something that editors change: how its state is read, written, and named in the log. The log keeps states as JSON, so a
/// state must say all that is needed to put it back.
public protocol EditedState: Codable, Sendable {
    associatedtype ID: Sendable

    static var aspect: AuditAction.Aspect { get }

    static func subject(_ id: ID) -> AuditSubject

    /// - Returns: `nil` if it is not there.
    static func read(_ id: ID, _ sql: any SQLReader) throws -> Self?

    /// - Parameter state: `nil` removes it.
    static func write(_ state: Self?, of id: ID, _ sql: any SQLWriter) throws
}

extension EditedState {
    /// Changes it and writes the change down; does nothing if it is like that already.
    ///
    /// - Parameter make: gets what is there.
    /// - Returns: the number of the entry in the log; `nil` if nothing changed.
    @discardableResult
    public static func change(
        _ id: ID, as edit: Edit, _ sql: any SQLWriter, _ make: (Self?) throws -> Self?
    ) throws -> Int? {
        let old = try read(id, sql)
        let new = try make(old)
        let (before, after) = (try old.map(encodeJSON), try new.map(encodeJSON))
        guard !isSame(before, after) else { return nil }
        try write(new, of: id, sql)
        return try AuditLog.append(
            AuditAction(aspect, edit.verb), subject(id), before: before, after: after, as: edit, in: sql)
    }

    /// Puts back what was before a change.
    ///
    /// - Returns: whether that was done; not if what is there now is not what the change left.
    public static func rollBack(_ entry: AuditEntry, of id: ID, as edit: Edit, _ sql: any SQLWriter) throws -> Bool {
        guard isSame(try read(id, sql).map(encodeJSON), entry.after) else { return false }
        let before = try entry.before.map { try decodeJSON($0, as: Self.self) }
        try change(id, as: edit, sql) { _ in before }
        return true
    }

    private static func decodeJSON(_ text: String, as type: Self.Type) throws -> Self {
        do {
            return try Storage.decodeJSON(Data(text.utf8), file: "audit_log", as: type)
        } catch {
            throw StorageError(.unexpectedResult, "an entry of the log can't be read", cause: error)
        }
    }
}

/// What the catalogue says of an edition, and who sees it.
public struct EditionState: EditedState {
    public let edition: Edition
    public let status: Edition.Status

    public init(_ edition: Edition, _ status: Edition.Status) {
        self.edition = edition
        self.status = status
    }

    public static let aspect = AuditAction.Aspect.edition

    public static func subject(_ id: EditionID) -> AuditSubject { .edition(id) }

    public static func read(_ id: EditionID, _ sql: any SQLReader) throws -> EditionState? {
        try allEditions(sql).edition(id).map { EditionState($0.edition, $0.status) }
    }

    public static func write(_ state: EditionState?, of id: EditionID, _ sql: any SQLWriter) throws {
        guard let state else { return try EditionRepository.remove(id, in: sql) }
        try EditionRepository.store(state.edition, status: state.status, in: sql)
    }
}

extension Reciter: EditedState {
    public static let aspect = AuditAction.Aspect.reciter

    public static func subject(_ id: ReciterID) -> AuditSubject { .reciter(id) }

    public static func read(_ id: ReciterID, _ sql: any SQLReader) throws -> Reciter? {
        try ReciterRepository(ContentReader(sql)).reciter(id)
    }

    public static func write(_ state: Reciter?, of id: ReciterID, _ sql: any SQLWriter) throws {
        guard let state else { return try ReciterRepository.remove(id, in: sql) }
        try ReciterRepository.store(state, in: sql)
    }
}

/// What a surah is called. The rest of it is fact.
public struct SurahNames: EditedState {
    public let nameArabic: String
    public let nameTransliterated: String
    public let nameEnglish: String

    public init(arabic: String, transliterated: String, english: String) {
        nameArabic = arabic
        nameTransliterated = transliterated
        nameEnglish = english
    }

    public static let aspect = AuditAction.Aspect.surah

    public static func subject(_ id: SurahNumber) -> AuditSubject { .surah(id) }

    public static func read(_ id: SurahNumber, _ sql: any SQLReader) throws -> SurahNames? {
        try StructureRepository(ContentReader(sql)).surah(id).map(SurahNames.init)
    }

    public static func write(_ state: SurahNames?, of id: SurahNumber, _ sql: any SQLWriter) throws {
        guard let state else { throw StorageError(.constraintViolated, "a surah can't be removed") }
        try sql.execute(
            """
            UPDATE surahs SET name_arabic = \(state.nameArabic), name_transliterated = \(state.nameTransliterated),
                name_english = \(state.nameEnglish)
            WHERE number = \(id.value)
            """)
    }

    init(_ surah: Surah) {
        self.init(
            arabic: surah.nameArabic, transliterated: surah.nameTransliterated, english: surah.nameEnglish)
    }
}

/// The whole catalogue, as editors see it.
func allEditions(_ sql: any SQLReader) -> EditionRepository {
    EditionRepository(ContentReader(sql), statuses: Edition.Status.allCases)
}
