import Caching
import Logging
import Redis
import ServiceLifecycle
import Storage
import Synchronization

/// What the servers behind this one say of themselves, asked for in the background every 10 s (at
/// first every second, until Redis is connected), so that whoever wants to know waits for
/// nothing. What can't be asked is `nil`.
final class DependencySamples: Service {
    struct Samples: Sendable {
        var redis: RedisMemory?
        /// What all instances' caches did today, by the names of the namespaces.
        var cluster: [String: CacheStatistics.Counters]?
        var deliveries: [WebhookDelivery.State: Int]?
    }

    static let interval = Duration.seconds(10)

    private let client: RedisClient?
    private let shared: SharedStatistics?
    private let dispatcher: WebhookDispatcher
    private let clock: CacheClock
    private let logger: Logger
    private let state = Mutex(Samples())

    init(
        client: RedisClient?, shared: SharedStatistics?, dispatcher: WebhookDispatcher, clock: CacheClock,
        logger: Logger
    ) {
        self.client = client
        self.shared = shared
        self.dispatcher = dispatcher
        self.clock = clock
        self.logger = logger
    }

    var latest: Samples { state.withLock { $0 } }

    /// Asks until the task is cancelled or the group shuts down.
    func run() async throws {
        await cancelWhenGracefulShutdown { [self] in
            var hasBegun = false
            while !Task.isCancelled {
                await sample()
                hasBegun = hasBegun || client == nil || latest.redis != nil
                do { try await clock.sleep(hasBegun ? Self.interval : .seconds(1)) } catch { return }
            }
        }
    }

    private func sample() async {
        async let redis = redisMemory()
        async let cluster = shared?.counters()
        async let deliveries = deliveryCounts()
        let samples = await Samples(redis: redis, cluster: cluster ?? nil, deliveries: deliveries)
        state.withLock { $0 = samples }
    }

    private func redisMemory() async -> RedisMemory? {
        do {
            guard let client else { return nil }
            let fields = try await client.info("memory").merging(try await client.info("stats")) { $1 }
            return RedisMemory(fields)
        } catch {
            logger.debug("Redis does not say how it is", metadata: ["error": "\(error)"])
            return nil
        }
    }

    private func deliveryCounts() async -> [WebhookDelivery.State: Int]? {
        do {
            return try await dispatcher.deliveryCounts()
        } catch {
            logger.debug("the deliveries are not counted", metadata: ["error": "\(error)"])
            return nil
        }
    }
}

/// What a Redis says of its memory and of what it did since its start.
public struct RedisMemory: Sendable, Hashable {
    public let usedBytes: Int
    /// `nil` if it has no limit.
    public let limitBytes: Int?
    public let evictedKeys: Int
    let keyspaceHits: Int
    let keyspaceMisses: Int

    /// - Parameter fields: of `INFO`.
    init?(_ fields: [String: String]) {
        func number(_ name: String) -> Int? { fields[name].flatMap { Int($0) } }
        guard let used = number("used_memory"), let limit = number("maxmemory"), let evicted = number("evicted_keys"),
            let hits = number("keyspace_hits"), let misses = number("keyspace_misses")
        else { return nil }
        usedBytes = used
        limitBytes = limit == 0 ? nil : limit
        evictedKeys = evicted
        keyspaceHits = hits
        keyspaceMisses = misses
    }
}
