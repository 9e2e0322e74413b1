import Caching
import ContentService
import Logging
import NIOPosix
import Redis
import ServiceLifecycle
import Storage
import Synchronization

/// The cache tier that servers share, as a command works with it: on the same database and Redis as they do.
struct SharedCache: Sendable {
    let system: ContentSystem
    let statistics: SharedStatistics

    /// How long Redis may take to be reached.
    private static let patience = Duration.seconds(5)

    /// Connects, and disconnects when the body is done.
    ///
    /// - Throws: ``Failure`` (`unavailable`) if Redis can't be reached, or what `body` throws.
    static func with<Value: Sendable>(
        _ url: String, settings: Settings, logger: Logger, _ body: @Sendable (SharedCache) async throws -> Value
    ) async throws -> Value {
        let store = Store(settings: settings, logger: logger)
        let database = try store.open(create: false)
        try await store.migrator(database).requireCurrent()
        let tier = try RedisTier(url: url, logger: logger) { _ in }
        let announced = Mutex<[Task<Void, Never>]>([])
        let system = try await ContentSystem(
            database: database, cacheCapacity: settings.cache.capacity, shared: tier.store,
            policy: settings.cachePolicy,
            lifetimes: settings.cache.lifetimes, logger: logger
        ) { hint in
            let task = tier.announce(hint)
            announced.withLock { $0.append(task) }
        }
        let services = ServiceGroup(services: [system.poller] + tier.services, logger: logger)
        let running = Task { try await services.run() }
        defer { running.cancel() }
        try await reach(tier.store)
        let cache = SharedCache(system: system, statistics: SharedStatistics(of: system.cache, logger: logger))
        let value = try await body(cache)
        for task in announced.withLock({ $0 }) { await task.value }
        return value
    }

    private static func reach(_ store: RedisStore) async throws {
        let end = ContinuousClock.now + patience
        while true {
            do {
                _ = try await store.exists("anything")
                return
            } catch let error as RedisError {
                guard ContinuousClock.now < end else { throw Failure(.unavailable, "Redis can't be reached: \(error)") }
                try await Task.sleep(for: .milliseconds(50))
            }
        }
    }
}

extension RedisTier {
    /// - Throws: ``Failure`` (`badConfiguration`) if the URL is malformed.
    init(url: String, logger: Logger, onHint: @escaping @Sendable (CacheHint) -> Void) throws {
        do {
            var configuration = try RedisConfiguration(url: url)
            configuration.clientName = "quran-backend"
            try self.init(
                configuration, eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: logger, onHint: onHint)
        } catch {
            throw Failure(.badConfiguration, "REDIS_URL: \(error)")
        }
    }
}
