import Crypto

/// The `sub` of a token: what the issuer calls the user. Two are the same if their bytes are.
///
/// It may be personal, such as an address. It prints as its ``hash``; what must have the text asks for ``value``.
public struct UserID: Sendable {
    /// The longest, in bytes of UTF-8.
    public static let maximumBytes = 255

    /// As the issuer wrote it. Not for keys, tags, logs or metrics.
    public let value: String

    /// The first 128 bits of the SHA-256 of the UTF-8 bytes, as 32 hexadecimal digits: what stands for the user in keys and
    /// tags, so that no personal data is in them. It is not secret: who knows the `sub` can compute it.
    public let hash: String

    /// - Throws: ``AuthenticationError`` (`badClaims`) unless it is 1 to 255 bytes of UTF-8 without control characters.
    public init(_ value: String) throws(AuthenticationError) {
        guard 1...Self.maximumBytes ~= value.utf8.count,
            !value.unicodeScalars.contains(where: { $0.properties.generalCategory == .control })
        else {
            throw AuthenticationError(
                .badClaims, "a user is 1 to \(Self.maximumBytes) bytes of UTF-8 without control characters")
        }
        self.value = value
        let digits = Array("0123456789abcdef".utf8)
        let hex = SHA256.hash(data: Array(value.utf8)).prefix(16).flatMap {
            [digits[Int($0 >> 4)], digits[Int($0 & 15)]]
        }
        hash = String(decoding: hex, as: UTF8.self)
    }
}

extension UserID: Hashable {
    public static func == (a: Self, b: Self) -> Bool { a.value.utf8.elementsEqual(b.value.utf8) }

    public func hash(into hasher: inout Hasher) { hasher.combine(hash) }
}

extension UserID: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { hash }

    public var debugDescription: String { hash }

    public var customMirror: Mirror { Mirror(self, children: ["hash": hash]) }
}
