/// A client's numbers at one moment.
public struct RedisStatistics: Sendable, Hashable {
    /// Connections that the client keeps when all is well.
    public let connections: Int
    /// Connections that are usable.
    public let connected: Int
    /// Commands that wait for a reply on them, with those that were given up.
    public let pending: Int
    /// How often a connection was made again after it had been usable, since the start.
    public let reconnects: Int
    /// Calls that had no reply in time, since the start.
    public let timeouts: Int
    /// Calls that were refused as too many waited, since the start.
    public let overloads: Int
}
