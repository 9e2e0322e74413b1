import NIOCore

/// Stands where bytes come and go: refuses connections there is no room for, counts bytes, and tells ``ConnectionGuard``.
final class ConnectionMeter: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = IOData
    typealias OutboundOut = IOData

    private let table: ConnectionTable
    private let guardian: ConnectionGuard
    private var context: ChannelHandlerContext?
    private var address: IPAddress?
    private var isAdmitted = false
    private var isRefused = false

    init(table: ConnectionTable, guardian: ConnectionGuard) {
        self.table = table
        self.guardian = guardian
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        guardian.meter = self
    }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    /// Does something when all that was written until now has left, or can't.
    func afterWrites(_ body: @escaping () -> Void) {
        guard let context else { return body() }
        let promise = context.eventLoop.makePromise(of: Void.self)
        promise.futureResult.assumeIsolated().whenComplete { _ in body() }
        context.writeAndFlush(wrapOutboundOut(.byteBuffer(ByteBuffer())), promise: promise)
    }

    func channelActive(context: ChannelHandlerContext) {
        address = context.remoteAddress.flatMap { IPAddress($0) }
        isAdmitted = table.enter(address)
        if !isAdmitted {
            isRefused = true
            context.writeAndFlush(wrapOutboundOut(.byteBuffer(Self.refusal)), promise: nil)
            context.close(promise: nil)
        }
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        if isAdmitted {
            isAdmitted = false
            table.leave(address)
        }
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isRefused else { return }
        guardian.willDecode(unwrapInboundIn(data))
        context.fireChannelRead(data)
        guardian.didDecode()
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guardian.countWritten(unwrapOutboundIn(data).readableBytes)
        context.write(data, promise: promise)
    }

    /// Written without a look at the request, so that nothing is spent on it.
    private static let refusal: ByteBuffer = {
        let body = Problem.overloaded.body
        var answer = ByteBuffer(
            string: """
                HTTP/1.1 503 Service Unavailable\r
                Content-Type: application/problem+json\r
                Content-Length: \(body.readableBytes)\r
                Cache-Control: no-store\r
                Retry-After: 1\r
                Connection: close\r
                \r

                """)
        answer.writeImmutableBuffer(body)
        return answer
    }()
}
