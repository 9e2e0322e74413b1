public import Foundation

/// What a record of a user says, by the names of its members; all are texts, or `null`.
public struct Members: Sendable, Equatable, ExpressibleByDictionaryLiteral, CustomStringConvertible {
    public var values: [String: String?]

    public init(_ values: [String: String?] = [:]) { self.values = values }

    public init(dictionaryLiteral elements: (String, String?)...) {
        values = Dictionary(elements) { $1 }
    }

    fileprivate init(json: [String: Any]) throws {
        values = try json.mapValues { value in
            if value is NSNull { return nil }
            guard let text = value as? String else { throw TestFailure("a member is no text: \(value)") }
            return text
        }
    }

    fileprivate var json: [String: Any] { values.mapValues { $0 ?? NSNull() as Any } }

    public var description: String {
        values.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value ?? "null")" }.joined(separator: " ")
    }

    /// A text, or `nil` for `null` and what is not there.
    public subscript(name: String) -> String? {
        get { values[name] ?? nil }
        set { values[name] = .some(newValue) }
    }

    /// With the members of a patch instead of those here.
    public func patched(with patch: Members) -> Members { Members(values.merging(patch.values) { $1 }) }

    /// Byte for byte: `==` of texts takes canonically equivalent ones for the same.
    public static func == (one: Members, other: Members) -> Bool {
        one.values.count == other.values.count
            && one.values.allSatisfy { name, value in
                guard let theirs = other.values[name] else { return false }
                return value.map { Array($0.utf8) } == theirs.map { Array($0.utf8) }
            }
    }
}

/// A record of a user, as a client gets it.
public struct ClientRecord: Sendable, Equatable {
    public enum Kind: String, Sendable, CaseIterable {
        case bookmark, collection, position

        /// Where records of the kind are, below `/api/v1/`.
        public var path: String { self == .position ? "me/last-read" : "me/\(plural)" }
        /// The member of a list's answer that has them.
        public var plural: String { "\(rawValue)s" }
        /// The members that such a record always has, besides those that all have.
        public var members: Set<String> {
            switch self {
            case .bookmark: ["from", "to", "collection", "note", "colour"]
            case .collection: ["name", "colour"]
            case .position: ["ayah"]
            }
        }
    }

    /// Names a record among all of its user.
    public struct Key: Sendable, Hashable, CustomStringConvertible {
        public let kind: Kind
        public let id: String

        public init(_ kind: Kind, _ id: String) {
            self.kind = kind
            self.id = id
        }

        public var description: String { "\(kind.rawValue) \(id)" }
    }

    public let key: Key
    public let version: Int
    public let createdAt: String
    public let updatedAt: String
    /// `nil` of a deleted record.
    public let members: Members?

    /// Reads an element of `changes`, or the `record` of a result.
    init(change: [String: Any]) throws {
        guard let kind = (change["kind"] as? String).flatMap(Kind.init), let id = change["id"] as? String,
            let version = change["version"] as? Int, let isDeleted = change["deleted"] as? Bool,
            let createdAt = change["created_at"] as? String, let updatedAt = change["updated_at"] as? String,
            change.count == 7
        else { throw TestFailure("no element of changes: \(change)") }
        guard isDeleted == (change["data"] is NSNull) else { throw TestFailure("deleted or not: \(change)") }
        key = Key(kind, id)
        self.version = version
        self.createdAt = createdAt
        self.updatedAt = updatedAt
        members = try (change["data"] as? [String: Any]).map { try Self.members($0, of: kind) }
    }

    /// Reads a record as its own address and the lists give it.
    init(_ kind: Kind, _ json: [String: Any]) throws {
        guard let id = json["id"] as? String, let version = json["version"] as? Int,
            let createdAt = json["created_at"] as? String, let updatedAt = json["updated_at"] as? String
        else { throw TestFailure("no \(kind.rawValue): \(json)") }
        key = Key(kind, id)
        self.version = version
        self.createdAt = createdAt
        self.updatedAt = updatedAt
        let common = ["id", "version", "created_at", "updated_at"]
        members = try Self.members(json.filter { !common.contains($0.key) }, of: kind)
    }

    private static func members(_ json: [String: Any], of kind: Kind) throws -> Members {
        guard Set(json.keys) == kind.members else { throw TestFailure("members of a \(kind.rawValue): \(json)") }
        return try Members(json: json)
    }
}

/// A change that a device asks for with sync.
public struct ClientMutation: Sendable {
    public enum Change: Sendable {
        case put(Members)
        case patch(Members)
        case delete
    }

    public enum Base: Sendable, Equatable {
        /// The last one wins.
        case none
        /// What the device knew; 0 for nothing.
        case version(Int)
        /// As this mutation left the record.
        case mutation(String)
    }

    public let id: String
    public let key: ClientRecord.Key
    public let change: Change
    public let base: Base

    public init(_ id: String, _ change: Change, _ key: ClientRecord.Key, base: Base = .none) {
        self.id = id
        self.key = key
        self.change = change
        self.base = base
    }

    fileprivate var json: [String: Any] {
        var json: [String: Any] = ["id": id, "kind": key.kind.rawValue, "record": key.id]
        switch change {
        case .put(let members): json.merge(["op": "put", "data": members.json]) { $1 }
        case .patch(let members): json.merge(["op": "patch", "data": members.json]) { $1 }
        case .delete: json["op"] = "delete"
        }
        switch base {
        case .none: break
        case .version(let version): json["base_version"] = version
        case .mutation(let id): json["base_mutation"] = id
        }
        return json
    }

    /// The body of a request that asks for changes.
    public static func body(_ mutations: [ClientMutation]) throws -> Data {
        try JSONSerialization.data(withJSONObject: ["mutations": mutations.map(\.json)], options: .sortedKeys)
    }
}

extension Members {
    /// As the body of a request, with more members before it.
    public func body(_ more: [String: String] = [:]) throws -> Data {
        try JSONSerialization.data(withJSONObject: json.merging(more) { $1 }, options: .sortedKeys)
    }
}
