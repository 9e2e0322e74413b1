internal import NIOCore

/// Subscribes, gives out messages, and sends `PING` to learn whether the server still lives.
final class SubscriberRole: ConnectionRole {
    private let channels: [String]
    private let patterns: [RedisGlob]
    private let interval: TimeAmount
    private let connectTimeout: TimeAmount
    private let onEvent: (RedisSubscriber.Event) -> Void
    private var context: ChannelHandlerContext?
    private var unconfirmed: Int
    private var began = NIODeadline.distantPast
    private var lastHeard = NIODeadline.distantPast
    private var timer: Scheduled<Void>?

    init(
        channels: [String], patterns: [RedisGlob], configuration: RedisConfiguration,
        onEvent: @escaping (RedisSubscriber.Event) -> Void
    ) {
        self.channels = channels
        self.patterns = patterns
        self.onEvent = onEvent
        interval = TimeAmount(configuration.pingInterval)
        connectTimeout = TimeAmount(configuration.connectTimeout)
        unconfirmed = channels.count + patterns.count
    }

    func begin(_ context: ChannelHandlerContext) {
        self.context = context
        began = context.eventLoop.now
        lastHeard = began
        if !channels.isEmpty { write(RedisCommand("SUBSCRIBE", keys: channels), context) }
        if !patterns.isEmpty { write(RedisCommand("PSUBSCRIBE", keys: patterns.map(\.pattern)), context) }
        context.flush()
        scheduleNext(context)
    }

    func heard() {
        guard let context else { return }
        lastHeard = context.eventLoop.now
    }

    func receive(_ reply: RedisValue) throws(RedisError) {
        if case .error(let error) = reply { throw RedisError(error) }
        // A PONG that was asked for before the first subscription was in force.
        if case .simple = reply { return }
        let parts = try reply.array()
        guard let kind = try parts.first?.text() else { throw Self.violation }
        switch (kind, parts.count) {
        case ("message", 3):
            onEvent(.message(channel: try parts[1].text(), payload: try parts[2].bytes() ?? ByteBuffer()))
        case ("pmessage", 4):
            onEvent(.message(channel: try parts[2].text(), payload: try parts[3].bytes() ?? ByteBuffer()))
        case ("subscribe", 3), ("psubscribe", 3):
            guard unconfirmed > 0 else { throw Self.violation }
            unconfirmed -= 1
            if unconfirmed == 0 { onEvent(.connected(again: false)) }
        case ("pong", 2):
            break
        default:
            throw Self.violation
        }
    }

    func receivedAll() {}

    func end(_ error: RedisError) {
        timer?.cancel()
        context = nil
        if unconfirmed == 0 { onEvent(.disconnected) }
    }

    private func write(_ command: RedisCommand, _ context: ChannelHandlerContext) {
        context.write(NIOAny(command.encoded), promise: nil)
    }

    private func scheduleNext(_ context: ChannelHandlerContext) {
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: interval) { self.ping() }
    }

    private func ping() {
        guard let context else { return }
        let now = context.eventLoop.now
        let isDead = now - lastHeard >= interval * 3
        guard !isDead, unconfirmed == 0 || now - began < connectTimeout else {
            context.pipeline.fireErrorCaught(
                RedisError(.timedOut, isDead ? "Redis has gone silent" : "Redis didn't confirm the subscriptions"))
            return
        }
        write(RedisCommand("PING"), context)
        context.flush()
        scheduleNext(context)
    }

    private static var violation: RedisError {
        RedisError(.protocolViolation, "the server sent what a subscriber doesn't expect")
    }
}
