import Caching
import HTTPTypes
import Hummingbird
import NIOCore

extension Response {
    /// A body with its validator, or 304 where the client has it already.
    ///
    /// - Parameter entityTag: without quotes; `nil` for a body that has none.
    static func unlessKnown(
        to request: Request, _ entityTag: String?, _ headers: HTTPFields, _ body: ByteBuffer
    ) -> Response {
        var headers = headers
        guard let entityTag else {
            return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: body))
        }
        headers[.eTag] = "\"\(entityTag)\""
        let known = Conditions(request.headers).ifNoneMatch.map { EntityTagList($0) }
        guard known?.contains(entityTag, "", weakly: true) == true else {
            return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: body))
        }
        headers[.contentType] = nil
        return Response(status: .notModified, headers: headers)
    }
}

/// What a client that reads something says of what it has (RFC 9110, section 13).
struct Conditions {
    enum Outcome { case send, notModified, failed }

    var ifMatch: String?
    var ifNoneMatch: String?
    var ifModifiedSince: String?
    var ifUnmodifiedSince: String?

    /// - Parameter headers: of a GET or HEAD.
    init(_ headers: HTTPFields) {
        ifMatch = Self.list(headers[values: .ifMatch])
        ifNoneMatch = Self.list(headers[values: .ifNoneMatch])
        ifModifiedSince = headers[.ifModifiedSince]
        ifUnmodifiedSince = headers[.ifUnmodifiedSince]
    }

    private static func list(_ values: [String]) -> String? { values.isEmpty ? nil : values.joined(separator: ",") }

    /// In the order of section 13.2.2.
    ///
    /// - Parameter now: seconds since 1970.
    func outcome(for head: ContentHead, now: Int64) -> Outcome {
        let (tag, suffix) = (head.answer.entry.entityTag ?? "", head.entityTagSuffix)
        let date = LastModified(head.answer, now: now)
        if let ifMatch {
            guard EntityTagList(ifMatch).contains(tag, suffix, weakly: false) else { return .failed }
        } else if let since = ifUnmodifiedSince.flatMap(HTTPDate.seconds), let date {
            guard date.isSettled, date.seconds <= since else { return .failed }
        }
        if let ifNoneMatch {
            return head.isAmong(EntityTagList(ifNoneMatch)) ? .notModified : .send
        }
        guard let since = ifModifiedSince.flatMap(HTTPDate.seconds), let date, date.isSettled, date.seconds <= since
        else {
            return .send
        }
        return .notModified
    }
}
