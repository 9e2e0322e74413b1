import Foundation
import Logging

/// Something that waits to be sent to Sentry. It is kept as it was noted, and written when its turn comes.
enum SentryReport: Sendable {
    /// A request that failed by the server's fault.
    ///
    /// - Parameter unreported: how many like it there were since the last that was reported.
    case failure(RequestRecord, unreported: Int)
    case transaction(RequestRecord)
    case message(SentryMessage)

    /// By which Sentry counts and limits.
    enum Category: String, Sendable, CaseIterable {
        case error, transaction
    }

    var category: Category {
        if case .transaction = self { .transaction } else { .error }
    }
}

/// Something that went wrong outside of requests.
struct SentryMessage: Sendable {
    let text: String
    let level: Logger.Level
    var date = Date.now
    /// The trace that it belongs to, if any.
    var traceID: String?
    /// What it can be searched by.
    var tags: [String: String] = [:]
    /// What else is known of it.
    var details: [String: String] = [:]
    var error: (any Error)?
}
