public import Logging
public import NIOCore
public import Redis
public import ServiceLifecycle

/// A Redis that instances share: the tier of the cache, and the channel on which they hint at changes.
///
/// A hint is only an accelerator: nothing depends on its arrival, nor on its truth.
public struct RedisTier: Sendable {
    public let store: RedisStore
    /// To be run as long as the tier is used.
    public let services: [any Service]
    /// Runs as one of the services.
    public let client: RedisClient
    private let logger: Logger

    private static let channel = "\(CacheKey.prefix)changes"

    /// - Parameter onHint: called for every hint, and with `.changes` after every reconnect, since some may have been missed.
    /// - Throws: `RedisError` if the configuration can't be used.
    public init(
        _ configuration: RedisConfiguration, eventLoopGroup: any EventLoopGroup, logger: Logger,
        onHint: @escaping @Sendable (CacheHint) -> Void
    ) throws {
        client = try RedisClient(configuration: configuration, eventLoopGroup: eventLoopGroup, logger: logger)
        let subscriber = try RedisSubscriber(
            configuration: configuration, channels: [Self.channel], eventLoopGroup: eventLoopGroup, logger: logger
        ) { event in
            switch event {
            case .connected: onHint(.changes)
            case .message(channel: _, let payload): onHint(CacheHint(payload))
            case .disconnected: break
            }
        }
        services = [client, subscriber]
        store = RedisStore(client)
        self.logger = logger
    }

    /// Tells every instance. Does not wait for it to arrive, nor mind if it doesn't.
    ///
    /// - Returns: ends when it was tried.
    @discardableResult
    public func announce(_ hint: CacheHint) -> Task<Void, Never> {
        Task {
            do {
                try await client.publish(hint.message, to: Self.channel)
            } catch {
                logger.debug("no hint sent", metadata: ["error": "\(error)"])
            }
        }
    }
}
