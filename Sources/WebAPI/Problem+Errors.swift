import Authentication
import Caching
import ContentService
import HTTPTypes
import Hummingbird
import Logging
import Quran
import Storage

extension Problem {
    private static let unavailable = Problem(
        status: .serviceUnavailable, kind: "unavailable", detail: "The store can't be asked just now.",
        headers: [.retryAfter: "1"])

    /// What a client is told of an error. What it can't mend is logged, not told.
    init(_ error: any Error, logger: Logger) {
        switch error {
        case let problem as Problem: self = problem
        case let error as ContentServiceError: self.init(error)
        case let error as EditError: self.init(error)
        case let error as ContentError: self.init(error)
        case let error as StorageError: self.init(error, logger: logger)
        case let error as StoreUnavailable: self.init(error.cause, logger: logger)
        case let error as SearchIndexError:
            let reason =
                switch error {
                case .outdated: "The search index is being made"
                case .newer: "A newer version of the server makes the search index"
                }
            self.init(
                status: .serviceUnavailable, kind: "unavailable",
                detail: "\(reason); nothing can be searched just now.",
                headers: [.retryAfter: "1"])
        case let error as InvalidRecord: self.init(error, at: "#")
        case let error as AuthenticationError: self.init(error, logger: logger)
        case let error as CacheError:
            logger.warning("source unavailable", metadata: ["error": "\(error)"])
            self = .unavailable
        case let error as HTTPError where error.status == .notFound:
            self.init(status: .notFound, kind: "not-found", detail: "There is no such address; see /api/v1/meta.")
        case let error as any HTTPResponseError:
            self.init(status: error.status, kind: "http", detail: error.status.reasonPhrase)
        default:
            logger.error("request failed", metadata: ["error": "\(String(reflecting: error))"])
            self.init(status: .internalServerError, kind: "internal", detail: "The server failed; it has been logged.")
        }
    }

    /// - Parameter pointer: where in the body the record stands.
    init(_ error: InvalidRecord, at pointer: String) {
        let place = error.member.map { "\(pointer)/\($0)" } ?? pointer
        self = .invalidBody(place, error.detail, allowed: error.allowed)
    }

    private init(_ error: AuthenticationError, logger: Logger) {
        if let challenge = error.challenge {
            self.init(
                status: .unauthorized, kind: "unauthorized", detail: error.message,
                headers: [.wwwAuthenticate: challenge])
        } else {
            logger.warning("tokens can't be checked", metadata: ["code": "\(error.code)"])
            self.init(
                status: .serviceUnavailable, kind: "unavailable", detail: "Tokens can't be checked just now.",
                headers: [.retryAfter: "10"])
        }
    }

    private init(_ error: ContentServiceError) {
        switch error {
        case .unknownEdition(let id, let kind):
            let (noun, parameter, list) =
                switch kind {
                case .quran: ("script", "script", "/api/v1/editions")
                case .translation: ("translation", "translations", "/api/v1/translations")
                case .tafsir: ("tafsir", "tafsirs", "/api/v1/tafsirs")
                }
            self = .invalid(parameter, "there is no \(noun) “\(id)”", allowed: "an id from \(list)")
        case .unknownSearchEdition(let id):
            self = .invalid("editions", "there is no edition “\(id)”", allowed: "ids from /api/v1/editions")
        case .unknownReciter(let id):
            self = .invalid("reciter", "there is no reciter “\(id)”", allowed: "an id from /api/v1/reciters")
        case .unknownScheme(let name, let kind, let known):
            self = .invalid(
                "scheme", "there is no \(kind.rawValue) scheme “\(name)”", allowed: known.joined(separator: ", "))
        case .noSuchPage(let page, let total):
            self = .notFound("page", "there is no page \(page)", allowed: "1…\(total)")
        case .notRecited(let surah, let id):
            self = .notFound("number", "the recitation “\(id)” lacks surah \(surah)")
        case .unknownRecord(let kind, let id):
            self = .notFound("id", "there is no \(kind.rawValue) “\(id)”")
        case .unreadable: self = .unavailable
        }
    }

    private init(_ error: StorageError, logger: Logger) {
        switch error.code {
        case .unavailable, .overloaded, .timedOut, .aborted, .missing:
            logger.warning("store unavailable", metadata: ["code": "\(error.code)", "error": "\(error)"])
            self = .unavailable
        default:
            logger.error("store failed", metadata: ["code": "\(error.code)", "error": "\(error)"])
            self.init(status: .internalServerError, kind: "internal", detail: "The server failed; it has been logged.")
        }
    }

    private init(_ error: EditError) {
        switch error {
        case .notFound(let what): self.init(status: .notFound, kind: "not-found", detail: "\(what).")
        case .exists(let what): self.init(status: .conflict, kind: "exists", detail: "\(what) is there already.")
        case .protected(let id):
            self.init(
                status: .forbidden, kind: "protected",
                detail: "“\(id)” is the text of the Quran: it comes by imports alone, and is not edited.")
        case .preconditionFailed:
            self.init(
                status: .preconditionFailed, kind: "precondition-failed",
                detail: "It has changed: what is there has another entity tag than those in If-Match.")
        case .incomplete(let id, let lacks):
            self.init(
                status: .conflict, kind: "incomplete", detail: "“\(id)” can't be published like this.",
                errors: lacks.map { Detail(place: .body("#/\($0)"), detail: "is missing", allowed: nil) })
        case .outdatedDraft(let number):
            self.init(
                status: .conflict, kind: "outdated-draft",
                detail: "Draft \(number) was compared with a text that has changed since; "
                    + "upload it again, or publish it with {\"replace\": true}.")
        case .changedSince(let number, let later):
            self.init(
                status: .conflict, kind: "changed-since",
                detail: "What is there is not what entry \(number) left; "
                    + (later.map { "entry \($0) changed it." } ?? "it was changed by no editor."))
        case .conflict(let why): self.init(status: .conflict, kind: "conflict", detail: "\(why).")
        }
    }

    private init(_ error: ContentError) {
        self.init(
            status: .unprocessableContent, kind: "content-refused", detail: "\(error)",
            errors: ([error] + error.further).map { Detail(place: .line($0.line), detail: $0.reason, allowed: nil) })
    }
}
