import Authentication
import ContentService
import Foundation
import HTTPTypes
import Hummingbird
import JSON
import NIOCore
import Quran

extension UserRequestContext {
    /// Who asks for a change, and on which condition.
    func editor(_ request: Request) throws -> Editor {
        Editor(name: try requireUser().id.value, condition: try request.editCondition())
    }

    /// Who makes something. Nothing is there yet that a condition could be about.
    func maker(_ request: Request) throws -> Editor {
        guard request.headers[.ifMatch] == nil else {
            throw Problem.invalidHeader("If-Match", "is not for what is made anew", allowed: "none")
        }
        return try editor(request)
    }

    var path: Path { Path(parameters: parameters) }
}

extension Request {
    /// What must be there for a change to be made: `If-Match`.
    func editCondition() throws(Problem) -> EditCondition {
        switch try ifMatch() {
        case nil: .any
        case .anything: .present
        case .tags(let tags): .tags(tags)
        }
    }

    /// The members of a body of at most 64 kB.
    func object(allowed: [String]) async throws -> RequestObject {
        try RequestObject(try await json(upTo: 64 << 10), allowed: allowed)
    }

    /// No body, or an object with none but some members.
    func optionalObject(allowed: [String]) async throws -> RequestObject {
        guard headers[.contentType] != nil else { return try RequestObject(.object([:]), allowed: allowed) }
        return try await object(allowed: allowed)
    }
}

extension Representation {
    /// - Parameter location: where what was made is, below `/api/v1/admin/`.
    func response(_ status: HTTPResponse.Status = .ok, location: String? = nil) -> Response {
        var response = Response.unstored(body, status)
        response.headers[.eTag] = "\"\(entityTag)\""
        if let location { response.headers[.location] = "/api/v1/admin/\(location)" }
        return response
    }

    /// A list has no entity tag.
    func listResponse() -> Response {
        var response = response()
        response.headers[.eTag] = nil
        return response
    }
}

let noStore: HTTPFields = [.cacheControl: "no-store"]

extension Response {
    /// JSON, unless another type is said, that nobody keeps.
    static func unstored(
        _ body: ByteBuffer, _ status: HTTPResponse.Status = .ok, type: String = "application/json"
    ) -> Response {
        var headers = noStore
        headers[.contentType] = type
        return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: body))
    }
}

extension RequestObject {
    /// A text of at most so many code points, on one line, and with something besides white space.
    func line(_ name: String, upTo limit: Int, mayBeEmpty: Bool = false) throws(Problem) -> String? {
        let allowed = "\(mayBeEmpty ? 0 : 1) to \(limit) characters, without control characters"
        return try value(name, allowed: allowed) { text in
            let scalars = text.unicodeScalars
            let isBlank = scalars.allSatisfy(\.properties.isWhitespace)
            let isLine = !scalars.contains { $0.properties.generalCategory == .control }
            return scalars.count <= limit && isLine && (!isBlank || mayBeEmpty && text.isEmpty) ? text : nil
        }
    }

    /// A member that a merge patch may leave as it is, and that is not cleared.
    func merged<Value>(
        _ name: String, over old: Value?, allowed: String? = nil, _ read: (String) throws(Problem) -> Value?
    ) throws(Problem) -> Value {
        if let old, !has(name) { return old }
        return try required(name, read, allowed: allowed)
    }

    /// A member that a merge patch may leave as it is, or clear with `null`.
    func mergedOptional<Value>(
        _ name: String, over old: Value?, _ read: (String) throws(Problem) -> Value?
    ) throws(Problem) -> Value? {
        has(name) ? try read(name) : old
    }

    /// One of the words of a type.
    func word<Value: RawRepresentable<String> & CaseIterable>(
        _ name: String, as type: Value.Type
    ) throws(Problem) -> Value? {
        try value(name, allowed: Value.allCases.map(\.rawValue).joined(separator: ", "), as: Value.init)
    }
}
