/// One message to one target about one change, as it is stored.
public struct WebhookDelivery: Sendable, Hashable {
    public enum State: String, Sendable, Hashable, CaseIterable {
        /// To be sent, for the first time or again.
        case pending
        case delivered
        /// Given up.
        case dead
    }

    /// Also the `webhook-id` of the message, so that a receiver knows what it had before.
    public let id: String
    /// The target's address, without what may be secret.
    public let target: String
    public let tag: String
    /// `nil` where the store's history went back, then or since.
    public let version: Int64?
    public let state: State
    public let attempts: Int
    /// RFC 3339, UTC, milliseconds, as are all its times.
    public let createdAt: String
    public let nextAttemptAt: String
    /// When it was delivered or given up.
    public let finishedAt: String?
    public let lastError: String?
}

/// What became of an attempt to send.
public enum WebhookOutcome: Sendable, Hashable {
    case delivered
    /// To be sent again, not before a time; both RFC 3339.
    case failed(String, nextAttemptAt: String)
    case dead(String)
}
