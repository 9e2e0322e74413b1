public import Logging
public import NIOCore
public import ServiceLifecycle
private import Synchronization

/// A connection of its own that listens to channels.
///
/// Redis keeps no messages for those who are away: what is published between ``Event/disconnected`` and
/// ``Event/connected(again:)`` is lost, so at the latter whatever was derived from messages is to be looked up anew.
public final class RedisSubscriber: Service, Sendable {
    /// What a subscriber tells, in this order, one at a time.
    public enum Event: Sendable, Equatable {
        /// All subscriptions are in force. `again`: not for the first time.
        case connected(again: Bool)
        /// A message to a channel that was named or that matches a pattern; twice if both or if several patterns match.
        case message(channel: String, payload: ByteBuffer)
        /// The connection, of which ``connected(again:)`` was told, is gone or was given up.
        case disconnected
    }

    private let channels: [String]
    private let patterns: [RedisGlob]
    private let configuration: RedisConfiguration
    private let dialer: Dialer
    private let keeper: ConnectionKeeper
    private let eventLoop: any EventLoop
    private let onEvent: @Sendable (Event) -> Void
    private let wasConnected = Atomic(false)

    /// Makes no connection yet.
    /// - Parameters:
    ///   - clock: Waits between attempts to connect.
    ///   - random: Numbers from 0 to 1, for the waits between attempts.
    ///   - onEvent: Is called on an event loop and must not block it.
    /// - Throws: ``RedisError`` with `.invalidConfiguration`, also without a channel or pattern.
    public init(
        configuration: RedisConfiguration,
        channels: [String],
        patterns: [RedisGlob] = [],
        eventLoopGroup: any EventLoopGroup,
        logger: Logger,
        clock: any Clock<Duration> = ContinuousClock(),
        random: @escaping @Sendable () -> Double = { .random(in: 0...1) },
        onEvent: @escaping @Sendable (Event) -> Void
    ) throws(RedisError) {
        guard !channels.isEmpty || !patterns.isEmpty else {
            throw RedisError(.invalidConfiguration, "a Redis subscriber needs a channel or a pattern")
        }
        self.configuration = configuration
        self.channels = channels
        self.patterns = patterns
        self.onEvent = onEvent
        dialer = try Dialer(configuration)
        keeper = ConnectionKeeper(configuration: configuration, logger: logger, clock: clock, random: random)
        eventLoop = eventLoopGroup.next()
    }

    /// Listens until graceful shutdown or cancellation. Throws nothing.
    public func run() async throws {
        await keeper.run {
            () async throws(RedisError) in
            try await self.dial()
        } connected: { _ in
        } failed: { _ in
        }
    }

    private func dial() async throws(RedisError) -> SubscriberConnection {
        let (channel, _) = try await dialer.dial(on: eventLoop) { [self] in
            SubscriberRole(channels: channels, patterns: patterns, configuration: configuration) { event in
                switch event {
                case .connected:
                    let again = self.wasConnected.exchange(true, ordering: .relaxed)
                    self.onEvent(.connected(again: again))
                default:
                    self.onEvent(event)
                }
            }
        }
        return SubscriberConnection(channel: channel)
    }
}

/// A subscriber owes nobody anything: it just closes.
private struct SubscriberConnection: KeptConnection {
    let channel: any Channel

    func closed() async {
        await withCheckedContinuation { continuation in
            channel.closeFuture.whenComplete { _ in continuation.resume() }
        }
    }

    func drain() { close() }
    func close() { channel.close(promise: nil) }
}
