public import Quran

/// One change by an editor.
public struct AuditEntry: Sendable, Hashable {
    /// From 1, in the order of commit, without gaps.
    public let number: Int
    /// RFC 3339, UTC, milliseconds.
    public let createdAt: String
    /// The `sub` of the editor's token. Not for logs.
    public let actor: String
    public let action: AuditAction
    public let subject: AuditSubject
    /// JSON; `nil` if it was not there.
    public let before: String?
    /// JSON; `nil` if it is gone.
    public let after: String?
    /// The number of the entry that this one takes back.
    public let reverts: Int?
}

/// What was done: `edition.create`.
public struct AuditAction: Sendable, Hashable, CustomStringConvertible {
    /// What of the subject was changed.
    public enum Aspect: String, Sendable, Hashable {
        /// The catalogue's data and the status.
        case edition
        /// The whole text.
        case text
        case ayah, reciter, surah, draft
    }

    public enum Verb: String, Sendable, Hashable {
        case create, update, publish, withdraw, delete, rollback
    }

    public let aspect: Aspect
    public let verb: Verb

    init(_ aspect: Aspect, _ verb: Verb) {
        self.aspect = aspect
        self.verb = verb
    }

    init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, let aspect = Aspect(rawValue: parts[0]), let verb = Verb(rawValue: parts[1]) else {
            return nil
        }
        self.init(aspect, verb)
    }

    public var description: String { "\(aspect.rawValue).\(verb.rawValue)" }
}

/// What a change is of: `edition:en.pickthall`, `ayah:en.pickthall:2:255`, `reciter:…`, `surah:2`.
public enum AuditSubject: Sendable, Hashable, CustomStringConvertible {
    case edition(EditionID)
    case ayah(AyahOfEdition)
    case reciter(ReciterID)
    case surah(SurahNumber)

    public init?(_ text: String) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else { return nil }
        let found: Self? =
            switch parts[0] {
            case "edition": EditionID(parts[1]).map(Self.edition)
            case "ayah": AyahOfEdition(parts[1]).map(Self.ayah)
            case "reciter": ReciterID(parts[1]).map(Self.reciter)
            case "surah": strictDecimal(parts[1].utf8).flatMap(SurahNumber.init).map(Self.surah)
            default: nil
            }
        guard let found else { return nil }
        self = found
    }

    public var description: String {
        switch self {
        case .edition(let id): "edition:\(id)"
        case .ayah(let ayah): "ayah:\(ayah)"
        case .reciter(let id): "reciter:\(id)"
        case .surah(let number): "surah:\(number)"
        }
    }
}

/// One text of an edition: `en.pickthall:2:255`.
public struct AyahOfEdition: Sendable, Hashable, CustomStringConvertible {
    public let edition: EditionID
    public let key: AyahKey

    public init(_ edition: EditionID, _ key: AyahKey) {
        self.edition = edition
        self.key = key
    }

    init?(_ text: some StringProtocol) {
        let parts = text.split(separator: ":", maxSplits: 1)
        guard parts.count == 2, let edition = EditionID(parts[0]), let key = AyahKey(parts[1]) else { return nil }
        self.init(edition, key)
    }

    public var description: String { "\(edition):\(key)" }
}
