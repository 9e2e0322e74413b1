internal import NIOCore

/// The last handler of a connection's pipeline: parses, shakes hands, then leaves replies to the role.
final class ConnectionHandler<Role: ConnectionRole>: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private enum Phase {
        case shakingHands
        case inUse
        case ended
    }

    private let role: Role
    private let deadline: NIODeadline
    private let ready: EventLoopPromise<NIOLoopBound<Role>>
    private var parser: ReplyParser
    private var handshake: Handshake
    private var phase = Phase.shakingHands
    private var timer: Scheduled<Void>?
    /// The first error, which is the one that tells most.
    private var failure: RedisError?

    /// - Parameters:
    ///   - deadline: When the handshake must be done.
    ///   - ready: Learns how the handshake ended.
    /// - Throws: ``RedisError`` if there is no memory.
    init(
        role: Role, configuration: RedisConfiguration, deadline: NIODeadline,
        ready: EventLoopPromise<NIOLoopBound<Role>>
    ) throws(RedisError) {
        self.role = role
        self.deadline = deadline
        self.ready = ready
        parser = try ReplyParser(limits: configuration.replyLimits)
        handshake = Handshake(configuration)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { greet(context) }
    }

    func channelActive(context: ChannelHandlerContext) {
        greet(context)
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard failure == nil else { return }
        var buffer = unwrapInboundIn(data)
        if phase == .inUse { role.heard() }
        do throws(RedisError) {
            while failure == nil, let reply = try parser.next(from: &buffer) { try receive(reply, context) }
        } catch {
            fail(error, context)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if phase == .inUse { role.receivedAll() }
        context.fireChannelReadComplete()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        fail(RedisError(.connectionClosed, "the connection to Redis failed", cause: error), context)
    }

    func channelInactive(context: ChannelHandlerContext) {
        end()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        end()
    }

    private func greet(_ context: ChannelHandlerContext) {
        guard timer == nil, phase == .shakingHands else { return }
        let context = NIOLoopBound(context, eventLoop: context.eventLoop)
        timer = context.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) {
            self.fail(RedisError(.timedOut, "Redis didn't answer while connecting"), context.value)
        }
        var buffer = ByteBuffer()
        for command in handshake.commands { buffer.writeImmutableBuffer(command.encoded) }
        context.value.writeAndFlush(wrapOutboundOut(buffer), promise: nil)
    }

    private func receive(_ reply: RedisValue, _ context: ChannelHandlerContext) throws(RedisError) {
        guard phase == .shakingHands else {
            try role.receive(reply)
            return
        }
        switch handshake.receive(reply) {
        case .wait: break
        case .fail(let error): throw error
        case .done:
            timer?.cancel()
            phase = .inUse
            role.begin(context)
            ready.succeed(NIOLoopBound(role, eventLoop: context.eventLoop))
        }
    }

    private func fail(_ error: RedisError, _ context: ChannelHandlerContext) {
        guard failure == nil, phase != .ended else { return }
        failure = error
        context.close(promise: nil)
        // Whoever waits is told at once, as TLS takes its time to close.
        end()
    }

    private func end() {
        guard phase != .ended else { return }
        let wasInUse = phase == .inUse
        phase = .ended
        timer?.cancel()
        let error = failure ?? RedisError(.connectionClosed, "Redis closed the connection")
        if wasInUse { role.end(error) } else { ready.fail(error) }
    }
}
