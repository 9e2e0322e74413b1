public import Quran

/// Why a change was not made. Nothing was changed then.
public enum EditError: Error, Sendable {
    /// What is to be changed is not there; says what.
    case notFound(String)
    /// What is to be made is there already; says what.
    case exists(String)
    /// The text of the Quran itself is not edited.
    case protected(EditionID)
    /// It is not what the editor thinks.
    case preconditionFailed
    /// What an edition lacks that everybody is to see: names of members, and `text`.
    case incomplete(EditionID, lacks: [String])
    /// The text that the draft was compared with is not the one that is loaded now.
    case outdatedDraft(Int)
    /// What is there is not what the change left; the number of a later one, if it is in the log.
    case changedSince(Int, by: Int?)
    /// It makes no sense as things stand; says why.
    case conflict(String)
}

/// What must be there for a change to be made: `If-Match` of RFC 9110.
public enum EditCondition: Sendable, Hashable {
    case any
    /// Something.
    case present
    /// One of these entity tags.
    case tags([String])

    func check(_ current: Representation) throws(EditError) {
        switch self {
        case .any, .present: break
        case .tags(let tags):
            guard tags.contains(current.entityTag) else { throw .preconditionFailed }
        }
    }
}

/// Who asks for a change.
public struct Editor: Sendable {
    /// The `sub` of the token. Not for logs.
    let name: String
    let condition: EditCondition

    public init(name: String, condition: EditCondition = .any) {
        self.name = name
        self.condition = condition
    }
}
