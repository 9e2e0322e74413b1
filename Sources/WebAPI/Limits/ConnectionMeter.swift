import NIOCore

/// Stands where bytes come and go: refuses connections there is no room for, counts bytes, and tells ``ConnectionGuard``.
final class ConnectionMeter: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = IOData
    typealias OutboundOut = IOData

    private let table: ConnectionTable
    private let guardian: ConnectionGuard
    private let lane: LaneConnection?
    private var context: ChannelHandlerContext?
    private var address: IPAddress?
    private var isAdmitted = false
    private var isRefused = false
    /// Whether something of what is being read was given to the parser.
    private var hasHandedOn = false
    /// What happened while a request waited for the shared tier: that the client sends nothing more, or the server wants to end. It
    /// comes after that request.
    private var laterEvents: [Any] = []

    init(table: ConnectionTable, guardian: ConnectionGuard, lane: LaneConnection?) {
        self.table = table
        self.guardian = guardian
        self.lane = lane
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        guardian.meter = self
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        guardian.meter = nil
    }

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
        laterEvents = []
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isRefused else { return }
        let bytes = unwrapInboundIn(data)
        if let lane { lane.read(bytes, self) } else { handOn(bytes) }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        // Nothing was read but what the lane answered.
        if lane == nil { context.fireChannelReadComplete() } else { finishHandingOn() }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if lane?.isWaiting == true { laterEvents.append(event) } else { context.fireUserInboundEventTriggered(event) }
    }

    // MARK: What the lane may do

    /// Whether nothing is owed, and the client may ask for something.
    var isAtRest: Bool { guardian.isAtRest }

    /// Whether the client takes what it asked for.
    var isWritable: Bool { context?.channel.isWritable ?? false }

    /// Gives bytes to the parser.
    func handOn(_ bytes: ByteBuffer) {
        hasHandedOn = true
        guardian.willDecode(bytes)
        context?.fireChannelRead(wrapInboundOut(bytes))
        guardian.didDecode()
    }

    /// Says that for now the parser has all that was given to it.
    func finishHandingOn() {
        guard hasHandedOn else { return }
        hasHandedOn = false
        context?.fireChannelReadComplete()
    }

    /// The same for what had waited, which no read of the channel follows, and for what happened meanwhile.
    func finishWaiting() {
        let wasHandedOn = hasHandedOn
        finishHandingOn()
        guard lane?.isWaiting != true else { return }
        let events = laterEvents
        laterEvents = []
        for event in events { context?.fireUserInboundEventTriggered(event) }
        if wasHandedOn { context?.channel.read() }
    }

    /// A request is owed an answer and not passed on yet; ``release()`` must follow.
    func hold() { guardian.hold() }

    /// - Returns: whether the connection is still there.
    func release() -> Bool { guardian.release() }

    /// Writes answers to requests that were not handed on.
    func writeAnswers(_ bytes: ByteBuffer, flushing: Bool = true) {
        guardian.wroteAnswers(bytes.readableBytes)
        context?.write(wrapOutboundOut(.byteBuffer(bytes)), promise: nil)
        if flushing { context?.flush() }
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
