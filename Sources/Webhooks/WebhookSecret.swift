import Crypto
public import Foundation

/// What webhooks are signed with: `whsec_` and the base64 of 24 to 64 bytes. Prints as nothing of itself.
public struct WebhookSecret: Sendable {
    public static let allowedBytes = 24...64

    private let key: SymmetricKey

    /// - Throws: ``WebhookError`` (`invalidConfiguration`) that does not repeat the text.
    public init(_ text: some StringProtocol) throws(WebhookError) {
        guard text.hasPrefix("whsec_"), let bytes = Data(base64Encoded: String(text.dropFirst("whsec_".count))),
            Self.allowedBytes.contains(bytes.count)
        else {
            throw WebhookError(
                .invalidConfiguration,
                "a secret of webhooks must be whsec_ and the base64 of \(Self.allowedBytes.lowerBound) to \(Self.allowedBytes.upperBound) bytes"
            )
        }
        key = SymmetricKey(data: bytes)
    }

    /// The HMAC of what is signed: id, time and body, with a full stop between each two.
    ///
    /// - Parameter timestamp: seconds since 1970, as they stand in the header.
    func code(id: String, timestamp: String, body: some DataProtocol) -> HMAC<SHA256>.MAC {
        var hmac = HMAC<SHA256>(key: key)
        hmac.update(data: Data("\(id).\(timestamp).".utf8))
        hmac.update(data: body)
        return hmac.finalize()
    }
}

extension [WebhookSecret] {
    /// The headers of a webhook, signed with each of the secrets.
    public func headers(id: String, at date: Date, body: some DataProtocol) -> [(name: String, value: String)] {
        let timestamp = String(Int(date.timeIntervalSince1970))
        let signatures = map { secret in
            "v1,\(Data(secret.code(id: id, timestamp: timestamp, body: body)).base64EncodedString())"
        }
        return [
            ("webhook-id", id), ("webhook-timestamp", timestamp),
            ("webhook-signature", signatures.joined(separator: " ")),
        ]
    }
}

extension WebhookSecret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "<secret>" }

    public var debugDescription: String { description }

    public var customMirror: Mirror { Mirror(self, children: []) }
}
