package import JSON
import NIOCore
import Quran
package import Storage

/// What a record of a user says: checked members, spelled one way.
struct RecordContent {
    /// A record in the store takes no more than this, in bytes of JSON.
    static let byteLimit = 64 << 10
    static let noteLimit = 10_000
    static let nameLimit = 200

    private let kind: UserRecord.Kind
    private let members: [String: JSONValue]
    private let structure: QuranStructure

    /// The members that a kind has, in the order in which they are written.
    static func names(of kind: UserRecord.Kind) -> [StaticString] {
        switch kind {
        case .bookmark: ["from", "to", "collection", "note", "colour"]
        case .collection: ["name", "colour"]
        case .position: ["ayah"]
        }
    }

    /// - Parameter members: what a client sent, or what it sent merged into what was there.
    /// - Returns: the content as it is stored.
    /// - Throws: ``InvalidRecord``.
    static func checked(
        _ members: [String: JSONValue], of kind: UserRecord.Kind, structure: QuranStructure
    ) throws(InvalidRecord) -> String {
        let known = names(of: kind).map(\.description)
        for name in members.keys.sorted() where !known.contains(name) {
            throw InvalidRecord(name, "unknown member", allowed: known.joined(separator: ", "))
        }
        let content = RecordContent(kind: kind, members: members, structure: structure)
        var json = JSONWriter()
        switch kind {
        case .bookmark: try content.writeBookmark(to: &json)
        case .collection: try content.writeCollection(to: &json)
        case .position: try content.writePosition(to: &json)
        }
        let text = String(buffer: json.buffer)
        guard text.utf8.count <= byteLimit else {
            throw InvalidRecord(nil, "the record has \(text.utf8.count) bytes", allowed: "at most \(byteLimit)")
        }
        return text
    }

    /// Merges what a client sent into what is stored (RFC 7396).
    ///
    /// - Throws: ``InvalidRecord``, or ``StorageError`` if the store holds no JSON.
    static func merged(
        _ patch: [String: JSONValue], into content: String, of kind: UserRecord.Kind, structure: QuranStructure
    ) throws -> String {
        var members = try stored(content)
        for (name, value) in patch { members[name] = value }
        return try checked(members, of: kind, structure: structure)
    }

    /// The members of what is stored.
    static func stored(_ content: String) throws -> [String: JSONValue] {
        guard let members = JSONReader.read(Array(content.utf8))?.object else {
            throw StorageError(.unexpectedResult, "the store holds a user's record that is no JSON object")
        }
        return members
    }

    private func writeBookmark(to json: inout JSONWriter) throws(InvalidRecord) {
        let from = try ayah("from")
        guard let from else { throw InvalidRecord("from", "is missing", allowed: Self.ayahs) }
        let to = try ayah("to") ?? from
        guard from <= to else {
            throw InvalidRecord("to", "comes before from", allowed: "an ayah from \(structure.key(of: from)) on")
        }
        let collection = try text("collection")
        if let collection, RecordID(collection) == nil {
            throw InvalidRecord("collection", "is no id", allowed: RecordID.allowed)
        }
        let note = try text("note", upTo: Self.noteLimit)
        let colour = try colour()
        json.object { json in
            json.member("from", structure.key(of: from).description)
            json.member("to", structure.key(of: to).description)
            json.member("collection", collection)
            json.member("note", note)
            json.member("colour", colour)
        }
    }

    private func writeCollection(to json: inout JSONWriter) throws(InvalidRecord) {
        guard let name = try text("name", upTo: Self.nameLimit), !name.isEmpty else {
            throw InvalidRecord("name", "is missing", allowed: "1 to \(Self.nameLimit) characters")
        }
        let colour = try colour()
        json.object { json in
            json.member("name", name)
            json.member("colour", colour)
        }
    }

    private func writePosition(to json: inout JSONWriter) throws(InvalidRecord) {
        guard let ayah = try ayah("ayah") else { throw InvalidRecord("ayah", "is missing", allowed: Self.ayahs) }
        json.object { $0.member("ayah", structure.key(of: ayah).description) }
    }

    private static let ayahs = "a key from 1:1 to 114:6"

    private func ayah(_ name: String) throws(InvalidRecord) -> AyahNumber? {
        guard let text = try text(name) else { return nil }
        guard let number = AyahKey(text).flatMap(structure.number) else {
            throw InvalidRecord(name, "“\(text.prefix(20))” is no ayah", allowed: Self.ayahs)
        }
        return number
    }

    private func colour() throws(InvalidRecord) -> String? {
        guard let text = try text("colour") else { return nil }
        let digits = text.utf8.dropFirst()
        let isColour =
            text.utf8.first == UInt8(ascii: "#") && digits.count == 6
            && digits.allSatisfy { byte in
                UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte || UInt8(ascii: "a")...UInt8(ascii: "f") ~= byte
            }
        guard isColour else {
            throw InvalidRecord("colour", "is no colour", allowed: "“#” and six hexadecimal digits in lower case")
        }
        return text
    }

    /// - Parameter limit: Unicode code points.
    private func text(_ name: String, upTo limit: Int? = nil) throws(InvalidRecord) -> String? {
        switch members[name] {
        case nil, .null: return nil
        case .string(let text):
            if let limit, text.unicodeScalars.count > limit {
                throw InvalidRecord(
                    name, "has \(text.unicodeScalars.count) characters", allowed: "at most \(limit) characters")
            }
            return text
        default: throw InvalidRecord(name, "is no string")
        }
    }
}

/// Why something makes no record of a user.
public struct InvalidRecord: Error, Hashable {
    /// The member that is wrong; `nil` for the whole of it.
    public let member: String?
    public let detail: String
    /// What would have been right.
    public let allowed: String?

    init(_ member: String?, _ detail: String, allowed: String? = nil) {
        self.member = member
        self.detail = detail
        self.allowed = allowed
    }
}

extension UserRecord {
    /// The record's own members, after those that all records have.
    func writeContent(to json: inout JSONWriter) throws {
        let members = try RecordContent.stored(content)
        for name in RecordContent.names(of: kind) { json.member(name, members[name.description]?.string) }
    }

    /// `{"id", "version", "created_at", "updated_at", …}`.
    package func write(to json: inout JSONWriter) throws {
        try json.object { json in
            json.member("id", id.name)
            json.member("version", Int(version))
            json.member("created_at", createdAt)
            json.member("updated_at", updatedAt)
            try writeContent(to: &json)
        }
    }

    /// `{"kind", "id", "version", "deleted", "created_at", "updated_at", "data": {…}}`, as devices exchange it.
    package func writeChange(to json: inout JSONWriter) throws {
        try json.object { json in
            json.member("kind", kind.rawValue)
            json.member("id", id.name)
            json.member("version", Int(version))
            json.member("deleted", isDeleted)
            json.member("created_at", createdAt)
            json.member("updated_at", updatedAt)
            json.key("data")
            if isDeleted { json.null() } else { try json.object { try writeContent(to: &$0) } }
        }
    }
}
