public import Quran
public import Storage

/// Why something that was asked for can't be answered.
public enum ContentServiceError: Error, Sendable, Hashable {
    /// The catalogue has no such edition of that kind.
    case unknownEdition(EditionID, Edition.Kind)
    /// The catalogue has no such edition of any kind.
    case unknownSearchEdition(EditionID)
    case unknownReciter(ReciterID)
    case unknownScheme(String, DivisionKind, known: [String])
    /// The listing has fewer pages.
    case noSuchPage(Int, of: Int)
    /// The recitation lacks the surah.
    case notRecited(SurahNumber, ReciterID)
    /// The user has no such record.
    case unknownRecord(UserRecord.Kind, RecordID)
    /// A cached refusal of another version of this program.
    case unreadable
}

extension ContentServiceError {
    /// The error as a cache keeps it.
    var code: String {
        switch self {
        case .unknownEdition(let id, let kind): "edition \(kind.rawValue) \(id)"
        case .unknownSearchEdition(let id): "search-edition \(id)"
        case .unknownReciter(let id): "reciter \(id)"
        case .unknownScheme(let name, let kind, let known):
            "scheme \(kind.rawValue) \(name) \(known.joined(separator: ","))"
        case .noSuchPage(let page, let total): "page \(page) \(total)"
        case .notRecited(let surah, let id): "recited \(surah) \(id)"
        case .unknownRecord(let kind, let id): "record \(kind.rawValue) \(id)"
        case .unreadable: "unreadable"
        }
    }

    /// - Returns: `nil` for what ``code`` never writes.
    init?(code: String) {
        let parts = code.split(separator: " ").map(String.init)
        switch (parts.first, parts.count) {
        case ("edition", 3):
            guard let kind = Edition.Kind(rawValue: parts[1]), let id = EditionID(parts[2]) else { return nil }
            self = .unknownEdition(id, kind)
        case ("search-edition", 2):
            guard let id = EditionID(parts[1]) else { return nil }
            self = .unknownSearchEdition(id)
        case ("reciter", 2):
            guard let id = ReciterID(parts[1]) else { return nil }
            self = .unknownReciter(id)
        case ("page", 3):
            guard let page = Int(parts[1]), let total = Int(parts[2]) else { return nil }
            self = .noSuchPage(page, of: total)
        case ("recited", 3):
            guard let surah = Int(parts[1]).flatMap(SurahNumber.init), let id = ReciterID(parts[2]) else { return nil }
            self = .notRecited(surah, id)
        case ("record", 3):
            guard let kind = UserRecord.Kind(rawValue: parts[1]), let id = RecordID(parts[2]) else { return nil }
            self = .unknownRecord(kind, id)
        default: return nil
        }
    }
}
