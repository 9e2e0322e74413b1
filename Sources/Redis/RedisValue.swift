public import NIOCore

/// A reply of RESP 2.
public enum RedisValue: Sendable, Equatable {
    /// `+OK`: a status.
    case simple(String)
    /// `$5`: bytes.
    case bulk(ByteBuffer)
    /// `:42`.
    case integer(Int64)
    /// `*2`.
    indirect case array([RedisValue])
    /// `$-1` or `*-1`: nothing there.
    case null
    /// `-ERR …` inside an array, as a script or a transaction may return it. As the whole reply it is thrown instead.
    case error(RedisServerError)
}

extension RedisValue {
    /// The bytes; nil for null.
    /// - Throws: ``RedisError`` with `.protocolViolation` for any other kind of reply.
    public func bytes() throws(RedisError) -> ByteBuffer? {
        switch self {
        case .bulk(let buffer): return buffer
        case .null: return nil
        default: throw unexpected("bytes")
        }
    }

    /// The text of a status or of bytes, invalid UTF-8 repaired.
    /// - Throws: ``RedisError`` with `.protocolViolation` for any other kind of reply.
    public func text() throws(RedisError) -> String {
        switch self {
        case .bulk(let buffer): return String(buffer: buffer)
        case .simple(let text): return text
        default: throw unexpected("a text")
        }
    }

    /// - Throws: ``RedisError`` with `.protocolViolation` for any other kind of reply.
    public func integer() throws(RedisError) -> Int64 {
        guard case .integer(let number) = self else { throw unexpected("an integer") }
        return number
    }

    /// - Throws: ``RedisError`` with `.protocolViolation` for any other kind of reply.
    public func array() throws(RedisError) -> [RedisValue] {
        guard case .array(let values) = self else { throw unexpected("an array") }
        return values
    }

    private func unexpected(_ wanted: String) -> RedisError {
        let kind =
            switch self {
            case .simple: "a status"
            case .bulk: "bytes"
            case .integer: "an integer"
            case .array: "an array"
            case .null: "null"
            case .error(let error): "the error \(error.prefix)"
            }
        return RedisError(.protocolViolation, "the reply should be \(wanted) and is \(kind)")
    }
}
