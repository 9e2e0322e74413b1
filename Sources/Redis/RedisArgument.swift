public import NIOCore

/// A command's argument. Redis knows only bytes: a string is sent as UTF-8, an integer in decimal digits.
public enum RedisArgument: Sendable, Hashable {
    case string(String)
    case integer(Int64)
    case bytes([UInt8])
    case buffer(ByteBuffer)

    /// A duration in whole milliseconds, rounded up, at least 1: what `PX` and `PEXPIRE` take.
    public static func milliseconds(_ duration: Duration) -> RedisArgument {
        let (seconds, attoseconds) = duration.components
        // 2^52 ms are 142,000 years; Redis refuses what overflows with the present time added.
        guard seconds < 1 << 42 else { return .integer(1 << 52) }
        return .integer(max(1, seconds * 1000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000))
    }
}

extension RedisArgument: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral {
    public init(stringLiteral value: String) { self = .string(value) }
    public init(integerLiteral value: Int64) { self = .integer(value) }
}
