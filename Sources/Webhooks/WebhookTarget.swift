import Crypto
import Foundation

/// An address that is told of changes. Its query may hold a key to it: it is never shown or stored.
public struct WebhookTarget: Sendable, Hashable, CustomStringConvertible {
    /// The whole address: for requests alone.
    public let address: String
    /// Names the target in the store: 32 hexadecimal digits of the address's SHA-256.
    public let id: String
    public let host: String
    /// The address without its query.
    public let description: String

    /// - Throws: ``WebhookError`` (`invalidConfiguration`) unless it is an http or https address without a user, a password
    ///   or a fragment; the text is not repeated.
    public init(_ text: some StringProtocol) throws(WebhookError) {
        guard let url = URL(string: String(text)), let scheme = url.scheme?.lowercased(),
            ["http", "https"].contains(scheme), let host = url.host(), !host.isEmpty, url.user() == nil,
            url.password() == nil, url.fragment() == nil
        else {
            throw WebhookError(
                .invalidConfiguration, "a target of webhooks must be an http or https address without user or fragment")
        }
        address = url.absoluteString
        id = SHA256.hash(data: Data(address.utf8)).prefix(16).map { byte in
            String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
        }.joined()
        self.host = host
        description = "\(scheme)://\(host)\(url.port.map { ":\($0)" } ?? "")\(url.path(percentEncoded: true))"
    }
}
