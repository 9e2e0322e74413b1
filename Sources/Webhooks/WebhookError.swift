/// Why a webhook, or the configuration of webhooks, is refused.
public struct WebhookError: Error, Sendable, CustomStringConvertible {
    public enum Code: String, Sendable {
        /// A secret or an address is malformed.
        case invalidConfiguration
        /// The webhook was not signed with a secret that is known here, or is no webhook at all.
        case badSignature
        /// It was signed well, but too long ago, or in the future.
        case staleTimestamp
    }

    public let code: Code
    /// One sentence. Never holds a secret, a signature or a body.
    public let message: String

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    public var description: String { message }
}
