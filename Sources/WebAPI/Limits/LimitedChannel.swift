public import HummingbirdCore
public import Logging
public import NIOCore
import NIOHTTP1

/// Connections of HTTP/1, held to their limits.
public struct LimitedChannel: ServerChildChannel {
    public typealias Value = HTTP1Channel.Value

    private let http: HTTP1Channel
    private let limits: ConnectionLimits
    private let table: ConnectionTable

    public init(_ limits: ConnectionLimits, table: ConnectionTable, responder: @escaping HTTPChannelHandler.Responder) {
        self.limits = limits
        self.table = table
        // The target counts as a field, too.
        http = HTTP1Channel(
            responder: responder,
            configuration: .init(
                httpDecoderConfiguration: .init(
                    maxHeaderFieldSize: max(limits.headerField, limits.target),
                    maxHeaderListSize: limits.headerList + limits.target, maxHeaderFieldCount: limits.headerCount)))
    }

    public func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        http.setup(channel: channel, logger: logger).flatMapThrowing { [limits, table] value in
            let pipeline = channel.pipeline.syncOperations
            let guardian = ConnectionGuard(limits, logger: logger)
            try pipeline.addHandler(ConnectionMeter(table: table, guardian: guardian), position: .first)
            let parser = try pipeline.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self)
            try pipeline.addHandler(guardian, position: .after(parser))
            return value
        }
    }

    public func handle(value: Value, logger: Logger) async { await http.handle(value: value, logger: logger) }
}
