import Crypto

/// A key of HS256. Prints as nothing of itself, and compares in constant time.
public struct Secret: Sendable, Equatable {
    /// The fewest bytes: those of the hash (RFC 7518, section 3.2).
    public static let minimumBytes = 32
    /// The most bytes; more would be a file that was named by mistake.
    public static let maximumBytes = 4096

    let key: SymmetricKey

    /// - Parameter text: its UTF-8 bytes are the key, as they are, whatever they look like.
    /// - Throws: ``AuthenticationError`` (`invalidConfiguration`) if it is not 32 to 4096 bytes.
    public init(_ text: String) throws(AuthenticationError) { try self.init(bytes: Array(text.utf8)) }

    init(bytes: [UInt8]) throws(AuthenticationError) {
        guard Self.minimumBytes...Self.maximumBytes ~= bytes.count else {
            throw AuthenticationError(
                .invalidConfiguration,
                "the secret of tokens must have \(Self.minimumBytes) to \(Self.maximumBytes) bytes")
        }
        key = SymmetricKey(data: bytes)
    }

    /// A new one: 32 random bytes, as 43 characters of base64url.
    static func randomText() -> String {
        var generator = SystemRandomNumberGenerator()
        return Base64URL.encode((0..<32).map { _ in UInt8.random(in: 0...255, using: &generator) })
    }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "<secret>" }

    public var debugDescription: String { description }

    public var customMirror: Mirror { Mirror(self, children: []) }
}
