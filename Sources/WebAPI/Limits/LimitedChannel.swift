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
    private let lane: HitLane?

    /// - Parameter lane: answers what is in memory, if it is to.
    public init(
        _ limits: ConnectionLimits, table: ConnectionTable, lane: HitLane? = nil,
        responder: @escaping HTTPChannelHandler.Responder
    ) {
        self.limits = limits
        self.table = table
        self.lane = lane
        // The target counts as a field, too.
        http = HTTP1Channel(
            responder: responder,
            configuration: .init(
                httpDecoderConfiguration: .init(
                    maxHeaderFieldSize: max(limits.headerField, limits.target),
                    maxHeaderListSize: limits.headerList + limits.target, maxHeaderFieldCount: limits.headerCount)))
    }

    public func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        http.setup(channel: channel, logger: logger).flatMapThrowing { [limits, table, lane] value in
            let pipeline = channel.pipeline.syncOperations
            let guardian = ConnectionGuard(limits, logger: logger)
            let lane = lane.map { lane in
                LaneConnection(
                    lane, desk: lane.desk(on: channel.eventLoop), limits: limits,
                    peer: channel.remoteAddress.flatMap { IPAddress($0) },
                    logger: logger)
            }
            try pipeline.addHandler(ConnectionMeter(table: table, guardian: guardian, lane: lane), position: .first)
            let parser = try pipeline.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self)
            try pipeline.addHandler(guardian, position: .after(parser))
            return value
        }
    }

    public func handle(value: Value, logger: Logger) async { await http.handle(value: value, logger: logger) }
}
