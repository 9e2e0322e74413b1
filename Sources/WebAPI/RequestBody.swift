import Foundation
import HTTPTypes
import Hummingbird
import JSON
import NIOCore

/// An object of a request's JSON body, read strictly: a member that is not known, or of another type, is an error that
/// names it, never a silent default.
struct RequestObject {
    let members: [String: JSONValue]
    /// Where in the body the object stands: a JSON pointer (RFC 6901) as a fragment, `#/mutations/3`.
    let pointer: String

    /// - Parameter allowed: the members that the object may have.
    init(
        _ value: JSONValue, at pointer: String = "#", allowed: [String]
    ) throws(Problem) {
        guard let members = value.object else { throw .invalidBody(pointer, "is no object") }
        self.members = members
        self.pointer = pointer
        for name in members.keys.sorted() where !allowed.contains(name) {
            throw .invalidBody(place(name), "unknown member", allowed: allowed.joined(separator: ", "))
        }
    }

    /// The pointer to a member.
    func place(_ name: String) -> String {
        "\(pointer)/\(name.replacing("~", with: "~0").replacing("/", with: "~1"))"
    }

    /// Whether the member stands there, be it as `null`.
    func has(_ name: String) -> Bool { members[name] != nil }

    /// - Returns: `nil` if it is absent or `null`.
    subscript(name: String) -> JSONValue? {
        switch members[name] {
        case .null, nil: nil
        case let value?: value
        }
    }

    func string(_ name: String) throws(Problem) -> String? {
        guard let value = self[name] else { return nil }
        guard let text = value.string else { throw .invalidBody(place(name), "is no string") }
        return text
    }

    func int(_ name: String) throws(Problem) -> Int? {
        guard let value = self[name] else { return nil }
        guard let number = value.int else { throw .invalidBody(place(name), "is no whole number") }
        return number
    }

    func bool(_ name: String) throws(Problem) -> Bool? {
        switch self[name] {
        case nil: return nil
        case .bool(let value)?: return value
        default: throw .invalidBody(place(name), "is neither true nor false")
        }
    }

    func array(_ name: String) throws(Problem) -> [JSONValue]? {
        guard let value = self[name] else { return nil }
        guard let elements = value.array else { throw .invalidBody(place(name), "is no array") }
        return elements
    }

    /// A member that must be there.
    func required<Value>(
        _ name: String, _ read: (String) throws(Problem) -> Value?, allowed: String? = nil
    ) throws(Problem) -> Value {
        guard let value = try read(name) else { throw .invalidBody(place(name), "is missing", allowed: allowed) }
        return value
    }

    /// A text that the domain must know.
    func value<Value>(_ name: String, allowed: String, as make: (String) -> Value?) throws(Problem) -> Value? {
        guard let text = try string(name) else { return nil }
        guard let value = make(text) else {
            throw .invalidBody(place(name), "“\(text.prefix(100))” is not allowed", allowed: allowed)
        }
        return value
    }
}

extension Request {
    /// The body, which must be one JSON value in UTF-8.
    ///
    /// - Parameters:
    ///   - limit: the most bytes that it may have.
    ///   - types: what it may be called.
    /// - Throws: ``Problem``: 415 for another type, 413 for a larger one, 400 for what is no JSON.
    func json(upTo limit: Int, types: [String] = ["application/json"]) async throws -> JSONValue {
        try requireType(types)
        let body = try await bytes(upTo: limit)
        guard let value = JSONReader.read(Array(body.readableBytesView)) else {
            throw Problem.unreadableBody
        }
        return value
    }

    /// The body as it was sent.
    func bytes(upTo limit: Int) async throws -> ByteBuffer {
        let tooLarge = Problem(
            status: .contentTooLarge, kind: "content-too-large", detail: "The body has more than \(limit) bytes.")
        // What says that it is too large need not be read to the end.
        if let length = headers[.contentLength].flatMap({ Int($0) }), length > limit { throw tooLarge }
        do {
            return try await body.collect(upTo: limit)
        } catch is NIOTooManyBytesError {
            throw tooLarge
        } catch let error as any HTTPResponseError where error.status == .contentTooLarge {
            throw tooLarge
        }
    }

    func requireType(_ allowed: [String]) throws(Problem) {
        let type = headers[.contentType]?.prefix { $0 != ";" }.trimmingCharacters(in: .whitespaces).lowercased()
        guard let type, allowed.contains(type) else {
            throw Problem(
                status: .unsupportedMediaType, kind: "unsupported-media-type",
                detail: "The body must be \(allowed.joined(separator: " or ")).",
                headers: [.accept: allowed.joined(separator: ", ")])
        }
    }
}
