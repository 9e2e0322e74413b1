/// What one reply may cost.
struct ReplyLimits: Sendable, Hashable {
    /// Bytes of a reply, headers included.
    var size = 64 << 20
    /// Values in a reply, nested ones included.
    var elements = 1 << 20
    /// Arrays within arrays. hiredis 0.14 refuses more than 8.
    static let depth = 7
    /// Bytes of a status or an error.
    static let line = 64 << 10
}
