import ContentService
import Foundation
import HTTPTypes
import Hummingbird
import JSON
import NIOCore
import Quran
import Webhooks

/// What other systems announce here, signed.
struct WebhookRoutes {
    let system: ContentSystem
    /// `nil` where nobody is configured who might announce something.
    let verifier: WebhookVerifier?

    /// The most bytes of a webhook.
    private static let bodyLimit = 64 << 10

    func add(to api: some RouterMethods<APIRequestContext>) {
        api.resource(
            "webhooks/content",
            [
                .post: { request, _ in
                    _ = try Query(request, allowed: [])
                    guard let verifier else {
                        throw Problem(
                            status: .notFound, kind: "not-configured",
                            detail: "This server takes no webhooks: WEBHOOK_SECRET is not set.")
                    }
                    let body = try await request.bytes(upTo: Self.bodyLimit)
                    let webhook = try Self.verify(body, headers: request.headers, verifier)
                    let tags = try await system.take(webhook, announcing: ContentAnnouncement(body))
                    var json = JSONWriter()
                    json.object { json in
                        json.key("tags")
                        json.array(tags) { $0.value($1) }
                    }
                    return .unstored(json.buffer, .accepted)
                }
            ])
    }

    private static func verify(
        _ body: ByteBuffer, headers: HTTPFields, _ verifier: WebhookVerifier
    ) throws(Problem) -> WebhookVerifier.Webhook {
        func value(_ name: String) -> String? { HTTPField.Name(name).flatMap { headers[$0] } }
        do {
            return try verifier.verify(
                id: value("webhook-id"), timestamp: value("webhook-timestamp"), signature: value("webhook-signature"),
                body: Array(body.readableBytesView))
        } catch {
            throw Problem(
                status: .unauthorized, kind: "bad-signature", detail: error.message,
                headers: [.wwwAuthenticate: #"Webhook-Signature realm="quran-backend""#])
        }
    }
}

extension ContentAnnouncement {
    /// Reads the body of a webhook, whose sender is known.
    ///
    /// - Throws: ``Problem``: 422 for a type that is not known, 400 for what is malformed.
    fileprivate init(_ body: ByteBuffer) throws(Problem) {
        guard let value = JSONReader.read(Array(body.readableBytesView)) else {
            throw .unreadableBody
        }
        let object = try RequestObject(value, allowed: ["type", "timestamp", "data"])
        let type = try object.required("type", object.string)
        guard let subject = Subject(type: type) else {
            let known = Subject.types.joined(separator: ", ")
            throw Problem(
                status: .unprocessableContent, kind: "unknown-event",
                detail: "“\(type.prefix(100))” is no event that is known here.",
                errors: [.init(place: .body(object.place("type")), detail: "is not known", allowed: known)])
        }
        _ = try object.string("timestamp")
        guard let data = object["data"] else { throw .invalidBody(object.place("data"), "is missing") }
        try self.init(subject, data, at: object.place("data"))
    }

    private init(_ subject: Subject, _ data: JSONValue, at pointer: String) throws(Problem) {
        func object(_ allowed: String...) throws(Problem) -> RequestObject {
            try RequestObject(data, at: pointer, allowed: allowed)
        }
        func id<ID>(_ object: RequestObject, _ make: (String) -> ID?) throws(Problem) -> ID {
            let allowed = "1 to 64 of a–z 0–9 . - _"
            guard let id = try object.value("id", allowed: allowed, as: make) else {
                throw .invalidBody(object.place("id"), "is missing", allowed: allowed)
            }
            return id
        }
        switch subject {
        case .surah:
            let data = try object("number")
            let allowed = "1…\(SurahNumber.count)"
            let number = try data.required("number", data.int, allowed: allowed)
            guard let surah = SurahNumber(number) else {
                throw .invalidBody(data.place("number"), "there is no surah \(number)", allowed: allowed)
            }
            self = .surah(surah)
        case .translation: self = .translation(try id(object("id")) { EditionID($0) })
        case .reciter: self = .reciter(try id(object("id")) { ReciterID($0) })
        case .edition:
            let data = try object("id", "kind")
            let kinds = Edition.Kind.allCases.map(\.rawValue).joined(separator: ", ")
            self = .edition(
                try id(data) { EditionID($0) }, try data.value("kind", allowed: kinds, as: Edition.Kind.init))
        }
    }
}
