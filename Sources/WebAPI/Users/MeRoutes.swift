import Authentication
import ContentService
import Foundation
import HTTPTypes
import Hummingbird
import JSON
import Quran
import Storage

/// What belongs to the user who asks.
struct MeRoutes {
    let records: UserRecords

    func add(to me: some RouterMethods<UserRequestContext>) {
        me.resource(
            "",
            [
                .get: { request, context in
                    _ = try Query(request, allowed: [])
                    let user = try context.requireUser()
                    return .privately { json in
                        json.key("user")
                        user.write(to: &json)
                    }
                },
                .delete: { request, context in
                    _ = try Query(request, allowed: [])
                    try await context.steps.database { try await records.removeAll(of: context.userHash()) }
                    return Response(status: .noContent)
                },
            ])
        me.getOnly("export") { request, context in
            _ = try Query(request, allowed: [])
            return try await export(of: context)
        }
        RecordRoutes(records: records, kind: .bookmark, path: "bookmarks").add(to: me)
        RecordRoutes(records: records, kind: .collection, path: "collections").add(to: me)
        RecordRoutes(records: records, kind: .position, path: "last-read").add(to: me)
        SyncRoutes(records: records).add(to: me)
    }

    private func export(of context: UserRequestContext) async throws -> Response {
        let user = try context.requireUser()
        let all = try await context.steps.database { try await records.export(of: context.userHash()) }
        var response = try Response.privately { json in
            json.key("user")
            user.write(to: &json)
            json.member("exported_at", Date.now.ISO8601Format())
            for kind in UserRecord.Kind.allCases {
                json.key(kind.pluralName)
                try json.array(all.filter { $0.kind == kind }) { json, record in try record.write(to: &json) }
            }
        }
        response.headers[.contentDisposition] = #"attachment; filename="quran-user-data.json""#
        return response
    }
}

extension User {
    fileprivate func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("id", id.value)
            json.member("hash", id.hash)
            json.member("role", role.rawValue)
        }
    }
}

extension UserRequestContext {
    /// How the store knows the user.
    func userHash() throws -> UserHash {
        guard let hash = UserHash(try requireUser().id.hash) else {
            throw AuthenticationError(.badClaims, "the token's sub has no hash")
        }
        return hash
    }
}

extension Response {
    /// An answer for one user, which nobody keeps.
    static func privately(
        status: HTTPResponse.Status = .ok, headers: HTTPFields = [:], _ members: (inout JSONWriter) throws -> Void
    ) rethrows -> Response {
        var json = JSONWriter()
        try json.object(members)
        var headers = headers
        headers[.contentType] = "application/json"
        headers[.cacheControl] = "private, no-store"
        return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: json.buffer))
    }
}
