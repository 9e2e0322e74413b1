import Caching
import ContentService
import Crypto
import Foundation
import HTTPTypes
import Hummingbird
import JSON
import Quran
import Storage

/// The records of one kind that a user has: listed, read, made, replaced, changed and deleted one by one.
struct RecordRoutes {
    let records: UserRecords
    let kind: UserRecord.Kind
    /// The list's address below `me`.
    let path: String

    /// The most bytes of a body.
    static let bodyLimit = 4 << 20

    func add(to me: some RouterMethods<UserRequestContext>) {
        // A position is named by its device, so nobody makes one without saying which.
        if kind == .position {
            me.getOnly(RouterPath(path)) { try await list($0, $1) }
        } else {
            me.resource(RouterPath(path), [.get: { try await list($0, $1) }, .post: { try await create($0, $1) }])
        }
        if kind == .position {
            me.resource(
                RouterPath("\(path)/:id"),
                [
                    .get: { try await read($0, $1) }, .put: { try await replace($0, $1) },
                    .delete: { try await delete($0, $1) },
                ])
        } else {
            me.resource(
                RouterPath("\(path)/:id"),
                [
                    .get: { try await read($0, $1) }, .put: { try await replace($0, $1) },
                    .patch: { try await change($0, $1) }, .delete: { try await delete($0, $1) },
                ])
        }
    }

    // MARK: Reading

    private func list(_ request: Request, _ context: UserRequestContext) async throws -> Response {
        let filters = kind == .bookmark ? ["collection"] : []
        let query = try Query(request, allowed: filters + Query.pageParameters)
        let collection = try query.id("collection", as: { RecordID($0) }, allowed: RecordID.allowed)
        return response(
            to: request,
            with: try await context.steps.reading {
                try await records.list(kind, of: context.userHash(), in: collection, page: query.page())
            })
    }

    private func read(_ request: Request, _ context: UserRequestContext) async throws -> Response {
        _ = try Query(request, allowed: [])
        return response(
            to: request,
            with: try await context.steps.reading {
                try await records.record(kind, id(in: context), of: context.userHash())
            })
    }

    private func response(to request: Request, with answer: ContentService.Answer) -> Response {
        var headers = answer.headers
        headers[.cacheControl] = "private, no-cache"
        return .unlessKnown(to: request, answer.entry.entityTag, headers, answer.entry.body)
    }

    // MARK: Writing

    private func create(_ request: Request, _ context: UserRequestContext) async throws -> Response {
        _ = try Query(request, allowed: [])
        let user = try context.userHash()
        let name = try request.idempotencyKey()
        var members = try await members(of: request)
        let id = try id(takenFrom: &members, user: user, key: name)
        let mutation = UserMutation(kind, id, try records.put(members, of: kind), if: .absent, name: name?.name)
        switch try await context.steps.database({ try await outcome(of: mutation, user: user) }) {
        case .applied(let record, isNew: _):
            var response = try self.response(with: record, status: .created)
            response.headers[.location] = "/api/v1/me/\(path)/\(id)"
            return response
        case .repeated(let record?) where !record.isDeleted: return try response(with: record, status: .ok)
        case .conflict(let record): throw try Problem(.conflict, kind: "exists", "There is another “\(id)”.", record)
        case .repeated, .nameTaken, .full, .invalid:
            throw Problem(status: .gone, kind: "gone", detail: "“\(id)” was made, and has been deleted since.")
        }
    }

    private func replace(_ request: Request, _ context: UserRequestContext) async throws -> Response {
        _ = try Query(request, allowed: [])
        let id = try id(in: context)
        var members = try await members(of: request)
        try requireSame(id, &members)
        return try await changed(
            UserMutation(
                kind, id, try records.put(members, of: kind), if: request.precondition(),
                name: request.idempotencyKey()?.name), context)
    }

    private func change(_ request: Request, _ context: UserRequestContext) async throws -> Response {
        _ = try Query(request, allowed: [])
        let id = try id(in: context)
        var members = try await members(of: request, types: ["application/merge-patch+json", "application/json"])
        try requireSame(id, &members)
        return try await changed(
            UserMutation(
                kind, id, records.patch(members, of: kind), if: request.precondition(),
                name: request.idempotencyKey()?.name), context)
    }

    private func changed(_ mutation: UserMutation, _ context: UserRequestContext) async throws -> Response {
        switch try await context.steps.database({ try await outcome(of: mutation, user: context.userHash()) }) {
        case .applied(let record, let isNew): return try response(with: record, status: isNew ? .created : .ok)
        case .repeated(let record?) where !record.isDeleted: return try response(with: record, status: .ok)
        case .conflict(let record) where mutation.condition != .any || record.map { !$0.isDeleted } ?? false:
            throw try preconditionFailed(record)
        default: throw ContentServiceError.unknownRecord(kind, mutation.id)
        }
    }

    private func delete(_ request: Request, _ context: UserRequestContext) async throws -> Response {
        _ = try Query(request, allowed: [])
        let mutation = UserMutation(
            kind, try id(in: context), .delete, if: try request.precondition(), name: try request.idempotencyKey()?.name
        )
        let became = try await context.steps.database {
            try await outcome(of: mutation, user: context.userHash())
        }
        if case .conflict(let record) = became {
            throw try preconditionFailed(record)
        }
        return Response(status: .noContent, headers: [.cacheControl: "private, no-store"])
    }

    /// What became of a change; never `nameTaken`, `full` or `invalid`, which are thrown.
    private func outcome(of mutation: UserMutation, user: UserHash) async throws -> UserMutationOutcome {
        guard let outcome = try await records.apply([mutation], of: user).first else {
            throw StorageError(.unexpectedResult, "a change had no outcome")
        }
        switch outcome {
        case .nameTaken:
            throw Problem(
                status: .unprocessableContent, kind: "idempotency-key-reused",
                detail: "The Idempotency-Key was used for another request.")
        case .full: throw Problem.full
        case .invalid(let error): throw error
        case .applied, .repeated, .conflict: return outcome
        }
    }

    private func preconditionFailed(_ record: UserRecord?) throws -> Problem {
        try Problem(
            .preconditionFailed, kind: "precondition-failed", "The \(kind.rawValue) is not what the condition says.",
            record)
    }

    private func response(with record: UserRecord, status: HTTPResponse.Status) throws -> Response {
        try .privately(status: status, headers: [.eTag: "\"\(record.version)\""]) { json in
            json.key(kind.name)
            try record.write(to: &json)
        }
    }

    // MARK: What is asked for

    private func id(in context: UserRequestContext) throws(Problem) -> RecordID {
        try Path(parameters: context.parameters).id("id", as: { RecordID($0) })
    }

    private func members(
        of request: Request, types: [String] = ["application/json"]
    ) async throws -> [String: JSONValue] {
        guard let members = try await request.json(upTo: Self.bodyLimit, types: types).object else {
            throw Problem.invalidBody("#", "is no object")
        }
        return members
    }

    /// The client's id, or one that is the same whenever the request is sent again under its key.
    private func id(
        takenFrom members: inout [String: JSONValue], user: UserHash, key: RecordID?
    ) throws(Problem) -> RecordID {
        switch members.removeValue(forKey: "id") {
        case nil, .null: break
        case .string(let text):
            // Its address is that of many at once.
            if let id = RecordID(text), text != "batch" { return id }
            fallthrough
        default: throw .invalidBody("#/id", "is no id", allowed: "\(RecordID.allowed), but “batch”")
        }
        return key.map { RecordID(bytes: Array(SHA256.hash(data: Data("\(user)\n\($0)".utf8)).prefix(16))) }
            ?? .random()
    }

    /// A body may repeat the address's id, and say no other.
    private func requireSame(_ id: RecordID, _ members: inout [String: JSONValue]) throws(Problem) {
        guard let value = members.removeValue(forKey: "id") else { return }
        guard value.isString(id.name) else { throw .invalidBody("#/id", "is not the address's", allowed: id.name) }
    }
}
