public import Caching
public import Logging
import Metrics
public import Observability
public import Redis
public import ServiceLifecycle
public import Storage

/// What operators watch of a content system: the metrics of all its parts, and the alerts on them.
///
/// A scrape waits for nothing: what has to be asked for is asked for in the background, while this runs as a service.
public final class ContentMonitor: Service {
    /// What may be there besides the system.
    public struct Options: Sendable {
        /// The Redis that instances share.
        public var redis: RedisClient?
        public var shared: SharedStatistics?
        public var warmUp: WarmUp?
        /// The memory in use by Redis above which there is an alert, in bytes; by default 90 % of its limit, or of 500 MB.
        public var redisAlertBytes: Int?
        public var alertObservers: [any AlertObserver] = []

        public init() {}
    }

    /// To be given to the registry when it is made.
    public static let descriptions =
        RequestMetrics.descriptions + [
            MetricDescription(
                "quran_cache_load_duration_seconds", "Time that loads from the database took, by type."),
            MetricDescription(
                "quran_cache_shared_lookup_duration_seconds", "Time that look-ups in the shared tier took.",
                buckets: [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25]),
            MetricDescription(
                "quran_database_duration_seconds", "Time that reads and writes took, with waiting for a connection."),
            MetricDescription("quran_database_failures_total", "Reads and writes that failed, by kind."),
            MetricDescription(
                "quran_content_changes_total", "Changes of content that this instance heard of, by kind."),
            MetricDescription("quran_http_connections", "Connections of clients."),
            MetricDescription(
                "quran_http_lane_answers_total", "Requests for what is cached that were answered before the router."),
            MetricDescription("quran_http_connections_refused_total", "Connections there was no room for, by reason."),
            MetricDescription("quran_http_heads_refused_total", "Heads of requests that were not passed on, by kind."),
            MetricDescription("quran_rate_limited_total", "Requests beyond a limit of their client, by limit."),
        ]

    public let registry: MetricsRegistry
    public let requests: RequestMetrics
    public let alerts: AlertWatch
    let system: ContentSystem
    let redis: RedisClient?
    let warmUp: WarmUp?
    let samples: DependencySamples
    let startedAt: CacheInstant
    private let clock: CacheClock

    public init(
        _ system: ContentSystem, dispatcher: WebhookDispatcher,
        registry: MetricsRegistry = MetricsRegistry(descriptions), options: Options = Options(), logger: Logger
    ) {
        self.system = system
        self.registry = registry
        redis = options.redis
        warmUp = options.warmUp
        let clock = system.clock
        self.clock = clock
        startedAt = clock.now()
        requests = RequestMetrics(registry)
        let samples = DependencySamples(
            client: options.redis, shared: options.shared, dispatcher: dispatcher, clock: clock, logger: logger)
        self.samples = samples
        var rules = AlertRule.ofCache(system.cache, since: startedAt)
        if options.redis != nil { rules += AlertRule.ofRedis(limit: options.redisAlertBytes) { samples.latest.redis } }
        alerts = AlertWatch(
            rules, observers: options.alertObservers,
            clock: AlertWatch.Clock(
                elapsed: { clock.now().sinceStart }, wallTime: clock.wallTime, sleep: clock.sleep),
            logger: logger)
        let changes = Dictionary(
            uniqueKeysWithValues: ContentChange.Kind.allCases.map { kind in
                (
                    kind,
                    Counter(
                        label: "quran_content_changes_total", dimensions: [("kind", "\(kind)")], factory: registry)
                )
            })
        system.hooks.subscribe { for change in $0 { changes[change.kind]?.increment() } }
        registry.collect { [weak self] in self?.collect(into: &$0) }
    }

    /// Asks and looks until the task is cancelled or the group shuts down.
    public func run() async throws {
        try await withThrowingDiscardingTaskGroup { group in
            group.addTask { [samples] in try await samples.run() }
            group.addTask { [alerts] in try await alerts.run() }
        }
    }

    // MARK: For people

    /// How things stand.
    public struct Summary: Sendable {
        public let uptime: Duration
        public let cache: CacheStatistics
        /// What all instances' caches did today; `nil` if nobody can say.
        public let cluster: CacheStatistics.Counters?
        public let engine: DatabaseEngine
        public let database: DatabaseStatistics
        /// `nil` without Redis.
        public let redis: RedisStatistics?
        /// `nil` if it can't be asked.
        public let redisMemory: RedisMemory?
        public let process: ProcessStatistics?
    }

    public var summary: Summary {
        let latest = samples.latest
        return Summary(
            uptime: clock.now() - startedAt, cache: system.cache.statistics,
            cluster: latest.cluster?.values.reduce(CacheStatistics.Counters(), +),
            engine: system.database.engine, database: system.database.statistics, redis: redis?.statistics,
            redisMemory: latest.redis, process: ProcessStatistics.current())
    }
}
