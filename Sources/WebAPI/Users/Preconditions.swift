import ContentService
import Foundation
import HTTPTypes
import Hummingbird
import JSON
import Quran
import Storage

extension Request {
    /// What the record must be for the request to be done: `If-Match` and `If-None-Match` (RFC 9110, section 13.1).
    func precondition() throws(Problem) -> UserMutation.Condition {
        let match = try ifMatch()
        guard headers[.ifNoneMatch] != nil else {
            return switch match {
            case nil: .any
            case .anything: .present
            // A tag that is no version never matches.
            case .tags(let tags): .version(tags.compactMap { Int64($0) })
            }
        }
        guard match == nil else {
            throw .invalidHeader("If-None-Match", "stands beside If-Match", allowed: "one of the two")
        }
        guard headers[values: .ifNoneMatch] == ["*"] else {
            throw .invalidHeader("If-None-Match", "is not *", allowed: "*: the record must not be there")
        }
        return .absent
    }

    /// The client's own name of the request: draft-ietf-httpapi-idempotency-key-header, with or without the quotes.
    func idempotencyKey() throws(Problem) -> RecordID? {
        guard let name = HTTPField.Name("Idempotency-Key"), let text = headers[name] else { return nil }
        let isQuoted = text.count >= 2 && text.hasPrefix("\"") && text.hasSuffix("\"")
        guard let key = RecordID(isQuoted ? text.dropFirst().dropLast() : text[...]) else {
            throw .invalidHeader("Idempotency-Key", "is no key", allowed: RecordID.allowed)
        }
        return key
    }
}

extension Problem {
    /// A refusal that shows what is there.
    init(_ status: HTTPResponse.Status, kind: String, _ detail: String, _ record: UserRecord?) throws {
        var json = JSONWriter()
        if let record, !record.isDeleted { try record.write(to: &json) } else { json.null() }
        self.init(status: status, kind: kind, detail: detail, current: json.buffer)
    }

    static var full: Problem {
        Problem(status: .conflict, kind: "full", detail: Self.fullDetail)
    }

    static var fullDetail: String {
        "You have as much as is allowed: \(UserRecordRepository.recordLimit) records, or "
            + "\(UserRecordRepository.byteLimit >> 20) MB in them."
    }
}
