public import Quran

/// Something that a user made, as it is stored: what it says is the affair of whoever wrote it.
public struct UserRecord: Sendable, Hashable {
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        case bookmark, collection, position
    }

    public let kind: Kind
    public let id: RecordID
    /// The number of its last change among all changes of the user: grows with every one, and is never used again.
    public let version: Int64
    /// RFC 3339, UTC, milliseconds.
    public let createdAt: String
    public let updatedAt: String
    public let isDeleted: Bool
    /// A JSON object; `{}` for what is deleted.
    public let content: String
}

/// A change that a user asks for.
public struct UserMutation: Sendable {
    public enum Change: Sendable {
        /// The whole content: a JSON object, spelled the same way whenever it says the same.
        case put(String)
        /// Makes the new content of what is there.
        ///
        /// - `asked`: what was asked for: the same text, the same change.
        /// - `make`: what it throws is the ``UserMutationOutcome/invalid(_:)`` outcome.
        case revise(asked: String, make: @Sendable (String) throws -> String)
        case delete
    }

    /// What the record must be for the change to be made.
    public enum Condition: Sendable, Hashable {
        /// Anything: the last one wins.
        case any
        /// There is none, or it was deleted.
        case absent
        /// There is one, not deleted.
        case present
        /// There is one with any of these versions, not deleted.
        case version([Int64])
        /// It is as the user's mutation of this name left it.
        case mutation(String)
    }

    public let kind: UserRecord.Kind
    public let id: RecordID
    public let change: Change
    public let condition: Condition
    /// The client's own name of the change: asked for again under the same name, it is not made again.
    public let name: String?

    public init(
        _ kind: UserRecord.Kind, _ id: RecordID, _ change: Change, if condition: Condition = .any, name: String? = nil
    ) {
        self.kind = kind
        self.id = id
        self.change = change
        self.condition = condition
        self.name = name
    }
}

/// What became of a change.
public enum UserMutationOutcome: Sendable {
    /// Made now, and whether there was no such record before.
    case applied(UserRecord, isNew: Bool)
    /// Made before, under the same name, or there is nothing to change; the record as it is now, if it is known.
    case repeated(UserRecord?)
    /// The condition does not hold; the record as it is.
    case conflict(UserRecord?)
    /// The name was used for another change.
    case nameTaken
    /// The user has as many records, or as much in them, as is allowed.
    case full
    /// What was asked for makes no record.
    case invalid(any Error)
}
