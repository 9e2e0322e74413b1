import Caching
import Logging
import NIOCore
import NIOPosix
import Redis
import ServiceLifecycle

/// The Redis of `REDIS_URL`: the shared tier of the cache, and the channel on which instances hint at changes.
///
/// A hint is only an accelerator: its content is never believed, it only makes an instance look at the store at once.
struct SharedCache: Sendable {
    let store: RedisStore
    let services: [any Service]
    private let client: RedisClient

    private static let channel = "quran_backend:changes"

    /// - Parameter onHint: called for every hint, and after every reconnect, since some may have been missed.
    /// - Throws: ``Failure`` (`badConfiguration`) if the URL is malformed.
    init(url: String, logger: Logger, onHint: @escaping @Sendable () -> Void) throws {
        do {
            var configuration = try RedisConfiguration(url: url)
            configuration.clientName = "quran-backend"
            let group = MultiThreadedEventLoopGroup.singleton
            client = try RedisClient(configuration: configuration, eventLoopGroup: group, logger: logger)
            let subscriber = try RedisSubscriber(
                configuration: configuration, channels: [Self.channel], eventLoopGroup: group, logger: logger
            ) { event in
                switch event {
                case .connected, .message: onHint()
                case .disconnected: break
                }
            }
            services = [client, subscriber]
        } catch {
            throw Failure(.badConfiguration, "REDIS_URL: \(error)")
        }
        store = RedisStore(client)
    }
}
