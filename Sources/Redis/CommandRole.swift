internal import NIOCore

/// Sends the requests of an inbox and gives out their replies.
final class CommandRole: ConnectionRole {
    /// Commands up to this size are gathered into one buffer; larger ones are written as they are.
    private static let gathered = 16 << 10

    private let inbox: Inbox
    private let counters: ClientCounters
    private var queue = CommandQueue<Request>()
    private var batch: [Request] = []
    private var context: ChannelHandlerContext?
    private var isDraining = false
    private var timer: Scheduled<Void>?
    private var timerDeadline = NIODeadline.distantFuture

    init(inbox: Inbox, counters: ClientCounters) {
        self.inbox = inbox
        self.counters = counters
    }

    func begin(_ context: ChannelHandlerContext) {
        self.context = context
    }

    func heard() {}

    /// Sends what is in the inbox, in one flush.
    func send() {
        inbox.take(&batch)
        defer { batch.removeAll(keepingCapacity: batch.count < 1024) }
        guard let context else {
            for request in batch { request.fail(RedisError(.connectionClosed, "the connection to Redis is closed")) }
            return
        }
        var buffer = context.channel.allocator.buffer(capacity: min(64 << 10, batch.reduce(0) { $0 + $1.bytes }))
        for request in batch {
            queue.append(
                request, expecting: request.count, bytes: request.bytes, deadline: request.deadline,
                lostAt: request.lostAt)
            setTimer(request.deadline)
            switch request.payload {
            case .one(let command): write(command, context, &buffer)
            case .many(let commands): for command in commands { write(command, context, &buffer) }
            }
        }
        if buffer.readableBytes > 0 { context.write(NIOAny(buffer), promise: nil) }
        context.flush()
    }

    func receive(_ reply: RedisValue) throws(RedisError) {
        switch queue.receive(reply) {
        case .answer(let request, let reply): request.succeed(reply)
        case .answers(let request, let replies): request.succeed(replies)
        case .nothing: break
        case .unexpected:
            throw RedisError(.protocolViolation, "the server sent a reply without a command")
        }
    }

    func receivedAll() {
        let released = queue.takeReleased()
        if released.commands > 0 { inbox.release(released) }
        closeIfDrained()
    }

    /// Closes the connection once nobody waits any more. The inbox must be closed before.
    func drain() {
        isDraining = true
        send()
        closeIfDrained()
    }

    func end(_ error: RedisError) {
        timer?.cancel()
        context = nil
        inbox.close()
        var unsent: [Request] = []
        inbox.take(&unsent)
        for (request, replies) in queue.removeAll() { request.fail(error, after: replies) }
        for request in unsent { request.fail(error) }
    }

    private func write(_ command: RedisCommand, _ context: ChannelHandlerContext, _ buffer: inout ByteBuffer) {
        guard command.encoded.readableBytes > Self.gathered else {
            buffer.writeImmutableBuffer(command.encoded)
            return
        }
        if buffer.readableBytes > 0 {
            context.write(NIOAny(buffer), promise: nil)
            buffer = context.channel.allocator.buffer(capacity: 1024)
        }
        context.write(NIOAny(command.encoded), promise: nil)
    }

    private func closeIfDrained() {
        if isDraining, queue.isIdle { context?.close(promise: nil) }
    }

    private func setTimer(_ deadline: NIODeadline) {
        guard let context, deadline < timerDeadline else { return }
        timer?.cancel()
        timerDeadline = deadline
        timer = context.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { self.expire() }
    }

    private func expire() {
        guard let context else { return }
        timerDeadline = .distantFuture
        let expiry = queue.expire(at: context.eventLoop.now)
        for (request, replies) in expiry.expired {
            let error = RedisError(.timedOut, "Redis didn't answer in time")
            if request.fail(error, after: replies) { counters.countTimeout() }
        }
        if expiry.connectionIsLost {
            context.pipeline.fireErrorCaught(RedisError(.timedOut, "Redis owes a reply for too long"))
            return
        }
        if let next = expiry.next { setTimer(next) }
        closeIfDrained()
    }
}
