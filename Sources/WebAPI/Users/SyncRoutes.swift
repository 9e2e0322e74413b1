import ContentService
import HTTPTypes
import Hummingbird
import JSON
import Quran
import Storage

/// The exchange with apps that work offline: what changed since a cursor, and what they changed meanwhile.
struct SyncRoutes {
    let records: UserRecords

    /// The most mutations of one request.
    static let mutationLimit = 500
    private static let changeLimit = 1...1000

    func add(to me: some RouterMethods<UserRequestContext>) {
        me.resource("sync", [.get: { try await changes($0, $1) }, .post: { try await apply($0, $1, kind: nil) }])
        me.resource("bookmarks/batch", [.post: { try await apply($0, $1, kind: .bookmark) }])
    }

    // MARK: What changed

    private func changes(_ request: Request, _ context: UserRequestContext) async throws -> Response {
        let query = try Query(request, allowed: ["since", "limit"])
        let since = try query["since"].map { text throws(Problem) in
            guard let cursor = SyncCursor(text) else {
                throw .invalid("since", "is no cursor", allowed: "the cursor of an earlier answer; none to start over")
            }
            return cursor
        }
        let limit = try query.number("limit", in: Self.changeLimit) ?? 500
        let changes = try await context.steps.database {
            try await records.changes(
                of: context.userHash(), after: since?.version ?? 0, startedAt: since?.start ?? 0, limit: limit)
        }
        guard let changes else {
            throw Problem(
                status: .gone, kind: "cursor-expired",
                detail: "What was deleted since the cursor is not known any more; start over without one.")
        }
        return try .privately { json in
            json.key("changes")
            try json.array(changes.records) { json, record in try record.writeChange(to: &json) }
            json.member("cursor", SyncCursor(version: changes.reached, start: changes.start).text)
            json.member("has_more", changes.isPartial)
        }
    }

    // MARK: What devices changed

    /// - Parameter kind: what all mutations are of; `nil` if each of them says it.
    private func apply(
        _ request: Request, _ context: UserRequestContext, kind: UserRecord.Kind?
    ) async throws -> Response {
        _ = try Query(request, allowed: [])
        let body = try RequestObject(await request.json(upTo: RecordRoutes.bodyLimit), allowed: ["mutations"])
        let elements = try body.required("mutations", body.array)
        guard elements.count <= Self.mutationLimit else {
            throw Problem.invalidBody(
                "#/mutations", "has \(elements.count) elements", allowed: "at most \(Self.mutationLimit)")
        }
        // Those that make no sense are refused; the others are made.
        var asked: [(id: RecordID, problem: Problem?)] = []
        var mutations: [UserMutation] = []
        for (index, element) in elements.enumerated() {
            let sent = try SentMutation(element, at: "#/mutations/\(index)", kind: kind)
            do {
                mutations.append(try sent.mutation(records))
                asked.append((sent.id, nil))
            } catch {
                asked.append((sent.id, error))
            }
        }
        var outcomes = try await context.steps.database {
            try await records.apply(mutations, of: context.userHash())[...]
        }
        return try .privately { json in
            json.key("results")
            try json.array(asked) { json, asked in
                if let problem = asked.problem {
                    try write(asked.id, "refused", reason: "invalid", problem.detail, nil, to: &json)
                } else if let outcome = outcomes.popFirst() {
                    try write(asked.id, outcome, to: &json)
                } else {
                    throw StorageError(.unexpectedResult, "a change had no outcome")
                }
            }
        }
    }

    private func write(_ id: RecordID, _ outcome: UserMutationOutcome, to json: inout JSONWriter) throws {
        switch outcome {
        case .applied(let record, isNew: _): try write(id, "applied", reason: nil, nil, record, to: &json)
        case .repeated(let record): try write(id, "already_applied", reason: nil, nil, record, to: &json)
        case .conflict(let record):
            try write(id, "refused", reason: "conflict", "The record is not what the base says.", record, to: &json)
        case .nameTaken:
            try write(id, "refused", reason: "reused", "The id was used for another mutation.", nil, to: &json)
        case .full: try write(id, "refused", reason: "full", Problem.fullDetail, nil, to: &json)
        case .invalid(let error as InvalidRecord):
            try write(id, "refused", reason: "invalid", Problem(error, at: "data").detail, nil, to: &json)
        case .invalid(let error): throw error
        }
    }

    private func write(
        _ id: RecordID, _ status: String, reason: String?, _ detail: String?, _ record: UserRecord?,
        to json: inout JSONWriter
    ) throws {
        try json.object { json in
            json.member("id", id.name)
            json.member("status", status)
            json.member("reason", reason)
            json.member("detail", detail)
            json.key("record")
            if let record { try record.writeChange(to: &json) } else { json.null() }
        }
    }
}

/// A mutation as a device sends it.
private struct SentMutation {
    let id: RecordID
    private let object: RequestObject
    private let kind: UserRecord.Kind?

    /// - Throws: ``Problem`` if it can't even be answered by its id.
    init(_ value: JSONValue, at pointer: String, kind: UserRecord.Kind?) throws(Problem) {
        let object = try RequestObject(
            value, at: pointer,
            allowed: ["id", "op", "kind", "record", "base_version", "base_mutation", "data"])
        id = try object.required("id", object.recordID, allowed: RecordID.allowed)
        self.object = object
        self.kind = kind
    }

    /// - Throws: ``Problem`` that says what is wrong with it.
    func mutation(_ records: UserRecords) throws(Problem) -> UserMutation {
        let kinds = (self.kind.map { [$0] } ?? UserRecord.Kind.allCases).map(\.rawValue)
        let named = try object.value("kind", allowed: kinds.joined(separator: ", ")) { name in
            kinds.contains(name) ? UserRecord.Kind(rawValue: name) : nil
        }
        guard let kind = named ?? self.kind else {
            throw .invalidBody(object.place("kind"), "is missing", allowed: kinds.joined(separator: ", "))
        }
        let record = try object.required("record", object.recordID, allowed: RecordID.allowed)
        guard kind != .bookmark || record.name != "batch" else {
            throw .invalidBody(object.place("record"), "is no id of a bookmark", allowed: "any other")
        }
        return UserMutation(kind, record, try change(of: kind, records), if: try condition(), name: id.name)
    }

    private func change(of kind: UserRecord.Kind, _ records: UserRecords) throws(Problem) -> UserMutation.Change {
        let data = object["data"]
        let operation = try object.required("op", object.string, allowed: Self.operations.joined(separator: ", "))
        guard Self.operations.contains(operation) else {
            throw .invalidBody(object.place("op"), "is not known", allowed: Self.operations.joined(separator: ", "))
        }
        guard operation != "delete" else {
            guard data == nil else { throw .invalidBody(object.place("data"), "goes with no delete") }
            return .delete
        }
        guard let members = data?.object else { throw .invalidBody(object.place("data"), "is no object") }
        guard operation == "put" else { return records.patch(members, of: kind) }
        do { return try records.put(members, of: kind) } catch { throw Problem(error, at: object.place("data")) }
    }

    private static let operations = ["put", "patch", "delete"]

    private func condition() throws(Problem) -> UserMutation.Condition {
        let version = try object.int("base_version")
        guard let mutation = try object.recordID("base_mutation") else {
            guard let version else { return .any }
            guard version >= 0 else { throw .invalidBody(object.place("base_version"), "is negative", allowed: "0…") }
            return version == 0 ? .absent : .version([Int64(version)])
        }
        guard version == nil else {
            throw .invalidBody(object.place("base_mutation"), "stands beside base_version", allowed: "one of the two")
        }
        return .mutation(mutation.name)
    }
}

extension RequestObject {
    fileprivate func recordID(_ name: String) throws(Problem) -> RecordID? {
        try value(name, allowed: RecordID.allowed, as: { RecordID($0) })
    }
}

/// Where in a user's changes a device stands, as a text that only this server understands.
struct SyncCursor {
    let version: Int64
    /// Where the user's changes stood when the device began with nothing, until it has reached that; else 0.
    let start: Int64

    private static let format = "1"

    init(version: Int64, start: Int64) {
        self.version = version
        self.start = start > version ? start : 0
    }

    init?(_ text: String) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        let numbers = parts.dropFirst().compactMap { Int64($0, radix: 36) }
        guard parts.first.map(String.init) == Self.format, 1...2 ~= numbers.count else { return nil }
        self.init(version: numbers[0], start: numbers.count == 2 ? numbers[1] : 0)
        guard version >= 0, self.text == text else { return nil }
    }

    var text: String {
        ([version] + (start > 0 ? [start] : [])).reduce(Self.format) { "\($0)-\(String($1, radix: 36))" }
    }
}
