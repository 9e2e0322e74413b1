import ContentService
import HTTPTypes
import Hummingbird
import JSON
import NIOCore

/// An error as clients get it: problem details for HTTP APIs, RFC 9457.
struct Problem: Error, Sendable {
    /// One thing that is wrong with what was sent.
    struct Detail: Sendable {
        /// What of the request it is.
        let place: Place
        let detail: String
        /// What would have been right, in words or as a list.
        let allowed: String?
    }

    enum Place: Sendable {
        /// A path or query parameter, by its name.
        case parameter(String)
        case header(String)
        /// A part of the body, by its JSON pointer as a fragment: `#/note`.
        case body(String)
        /// A line of the body, from 1.
        case line(Int?)
    }

    let status: HTTPResponse.Status
    /// Identifies the kind of problem; the last part of its `type` URN.
    let kind: String
    let detail: String
    var errors: [Detail] = []
    var headers: HTTPFields = [:]
    /// What is there instead of what was expected: a JSON value.
    var current: ByteBuffer?

    /// A parameter whose value is malformed or not allowed.
    static func invalid(_ parameter: String, _ detail: String, allowed: String? = nil) -> Problem {
        Problem(
            status: .badRequest, kind: "invalid-parameter", detail: "\(parameter): \(detail)",
            errors: [Detail(place: .parameter(parameter), detail: detail, allowed: allowed)])
    }

    /// A well-formed address of something that does not exist.
    static func notFound(_ parameter: String, _ detail: String, allowed: String? = nil) -> Problem {
        Problem(
            status: .notFound, kind: "not-found", detail: detail,
            errors: [Detail(place: .parameter(parameter), detail: detail, allowed: allowed)])
    }

    /// A member of the body that is missing, malformed or not allowed.
    static func invalidBody(_ pointer: String, _ detail: String, allowed: String? = nil) -> Problem {
        Problem(
            status: .badRequest, kind: "invalid-body", detail: "\(pointer): \(detail)",
            errors: [Detail(place: .body(pointer), detail: detail, allowed: allowed)])
    }

    /// A body that is no JSON, or may be read in several ways.
    static let unreadableBody = invalidBody(
        "#", "is no JSON that can be read in one way only", allowed: "one JSON value in UTF-8")

    static func invalidHeader(_ name: String, _ detail: String, allowed: String? = nil) -> Problem {
        Problem(
            status: .badRequest, kind: "invalid-header", detail: "\(name): \(detail)",
            errors: [Detail(place: .header(name), detail: detail, allowed: allowed)])
    }

    func response() -> Response {
        Response(status: status, headers: allHeaders, body: ResponseBody(byteBuffer: body))
    }

    /// With those that every problem has.
    var allHeaders: HTTPFields {
        var headers = headers
        headers[.contentType] = "application/problem+json"
        headers[.cacheControl] = "no-store"
        return headers
    }

    var body: ByteBuffer {
        var json = JSONWriter()
        json.object { json in
            json.member("type", "urn:quran-backend:problem:\(kind)")
            json.member("title", status.reasonPhrase)
            json.member("status", status.code)
            json.member("detail", detail)
            if !errors.isEmpty {
                json.key("errors")
                json.array(errors) { json, error in
                    json.object { json in
                        switch error.place {
                        case .parameter(let name): json.member("parameter", name)
                        case .header(let name): json.member("header", name)
                        case .body(let pointer): json.member("pointer", pointer)
                        case .line(let number): json.member("line", number)
                        }
                        json.member("detail", error.detail)
                        json.member("allowed", error.allowed)
                    }
                }
            }
            if let current {
                json.key("current")
                json.raw(current)
            }
        }
        return json.buffer
    }
}
