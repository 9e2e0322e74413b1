import Crypto
public import Foundation

/// Tells webhooks that are signed with a known secret, and lately, from all others: the receiving side of the Standard
/// Webhooks specification, version 1.
public struct WebhookVerifier: Sendable {
    /// How far the time of a webhook may be from the time here, in either direction.
    public static let tolerance = 300

    private static let refusal = WebhookError(.badSignature, "the webhook is not signed as it should be")

    private let secrets: [WebhookSecret]
    private let now: @Sendable () -> Date

    /// - Parameter secrets: any of them may have signed, so that one can be replaced while both are in use.
    public init(secrets: [WebhookSecret], now: @escaping @Sendable () -> Date = { .now }) {
        self.secrets = secrets
        self.now = now
    }

    /// A webhook whose sender is known.
    public struct Webhook: Sendable, Hashable {
        /// The same whenever it is sent again.
        public let id: String
        /// When a copy of it is refused as too old, by every clock that is not further off than the tolerance.
        public let expires: Date
    }

    /// - Parameters:
    ///   - id: the header `webhook-id`; `timestamp` and `signature` likewise.
    ///   - body: as it was received.
    /// - Throws: ``WebhookError``: `badSignature`, which does not tell what is wrong, or `staleTimestamp`.
    public func verify(
        id: String?, timestamp: String?, signature: String?, body: some DataProtocol
    ) throws(WebhookError) -> Webhook {
        guard let id, Self.isWord(id), let timestamp, let seconds = Self.seconds(timestamp), let signature else {
            throw Self.refusal
        }
        let offered = signature.split(separator: " ").compactMap { part in
            part.hasPrefix("v1,") ? Data(base64Encoded: String(part.dropFirst("v1,".count))) : nil
        }
        var isSigned = false
        for secret in secrets {
            let code = secret.code(id: id, timestamp: timestamp, body: body)
            // Compares in constant time, and all of them, so that the time taken says nothing.
            for candidate in offered where code == candidate { isSigned = true }
        }
        guard isSigned else { throw Self.refusal }
        let distance = Int(now().timeIntervalSince1970) - seconds
        guard abs(distance) <= Self.tolerance else {
            throw WebhookError(
                .staleTimestamp, "the webhook's time is more than \(Self.tolerance) s from the time here")
        }
        return Webhook(id: id, expires: Date(timeIntervalSince1970: Double(seconds + 2 * Self.tolerance)))
    }

    /// 1…255 visible ASCII characters, none of them the full stop that separates what is signed.
    private static func isWord(_ id: String) -> Bool {
        (1...255).contains(id.utf8.count)
            && id.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != UInt8(ascii: ".") }
    }

    /// Up to twelve digits and nothing else.
    private static func seconds(_ text: String) -> Int? {
        guard (1...12).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        return Int(text)
    }
}
