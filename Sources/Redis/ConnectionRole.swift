internal import NIOCore

/// What a connection does once it may be used. All calls come on its event loop.
protocol ConnectionRole: AnyObject, SendableMetatype {
    /// The handshake is done.
    func begin(_ context: ChannelHandlerContext)
    /// Bytes have come.
    func heard()
    /// A reply has come. What is thrown closes the connection.
    func receive(_ reply: RedisValue) throws(RedisError)
    /// No further replies for now.
    func receivedAll()
    /// The connection is gone, after ``begin(_:)``.
    func end(_ error: RedisError)
}
