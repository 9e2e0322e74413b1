public import NIOCore

/// A key with its value and life, to be set.
public struct RedisEntry: Sendable, Hashable {
    public let key: String
    public let value: ByteBuffer
    /// In milliseconds, rounded up; nil: never.
    public let expiresIn: Duration?

    public init(key: String, value: ByteBuffer, expiresIn: Duration? = nil) {
        self.key = key
        self.value = value
        self.expiresIn = expiresIn
    }
}
