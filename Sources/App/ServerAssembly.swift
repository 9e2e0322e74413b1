import Authentication
import Caching
import ContentService
import Hummingbird
import HummingbirdCore
import Logging
import Observability
import ServiceLifecycle
import Storage
import WebAPI

/// All parts of a server, made from its settings and wired. Nothing runs yet.
///
/// The program serves this way, and so do tests that ask a server within their own process.
struct ServerAssembly {
    let api: APIServices
    let settings: Settings
    let logger: Logger
    /// What has to run for as long as requests are answered, in the order in which it starts.
    let services: [any Service]

    /// - Parameters:
    ///   - database: has the current schema.
    ///   - sentry: hears of requests and errors.
    ///   - registry: what `/metrics` shows; what is counted through swift-metrics arrives in the one of the process.
    /// - Throws: ``Failure`` and the errors of the parts, where settings can't be met.
    init(
        settings: Settings, database: any Database, sentry: SentryClient? = nil, registry: MetricsRegistry,
        logger: Logger
    ) async throws {
        let hints = HintReceiver()
        let shared = try settings.redisURL.map { url in
            try RedisTier(url: url, logger: logger) { hints.take($0) }
        }
        let system = try await ContentSystem(
            database: database, cacheCapacity: settings.cache.capacity, shared: shared?.store,
            policy: settings.cachePolicy,
            lifetimes: settings.cache.lifetimes, logger: logger
        ) { shared?.announce($0) }
        hints.aim(at: system.poller, system.cache)
        let health = await system.service.health()
        if health.content.status != .ok, let detail = health.content.detail { logger.warning("\(detail)") }
        // Not before there is a store: beside it this may make a secret.
        let verifier = try await TokenVerifier(
            keys: settings.tokens.keySource(for: settings.databaseURL), policy: settings.tokens.policy, logger: logger)
        let dispatcher = try await WebhookDispatcher(
            database: database, targets: settings.webhooks.targets, secrets: settings.webhooks.targetSecrets,
            logger: logger)
        dispatcher.follow(system.hooks)
        let statistics = shared.map { _ in SharedStatistics(of: system.cache, logger: logger) }
        let warmUp = WarmUp(system, policy: settings.warmUp.policy, logger: logger)
        var options = ContentMonitor.Options()
        options.redis = shared?.client
        options.shared = statistics
        options.warmUp = warmUp
        if let sentry { options.alertObservers.append(sentry) }
        options.redisAlertBytes = settings.metrics.redisAlertBytes
        let monitor = ContentMonitor(
            system, dispatcher: dispatcher, registry: registry, options: options, logger: logger)
        var api = APIServices(
            system: system, verifier: verifier, dispatcher: dispatcher,
            cacheOperations: CacheOperations(system, statistics: statistics, warmUp: warmUp), monitor: monitor)
        api.webhooks = settings.webhooks.verifier
        if let sentry { api.observers.append(sentry) }
        settings.limits.apply(to: &api, redis: shared?.client, logger: logger)
        api.caching = settings.httpCaching.caching
        self.api = api
        self.settings = settings
        self.logger = logger
        // Sentry ends after everything else.
        var services: [any Service] = sentry.map { [$0] } ?? []
        services += [database, system.poller, verifier, dispatcher, monitor]
        services += api.admission.services
        services += shared?.services ?? []
        if let statistics { services.append(statistics) }
        services += [
            ExpirySweep(system.cache), warmUp, SearchIndexing(system, logger: logger),
            UserRecordCleaning(UserRecords(system), logger: logger),
        ]
        self.services = services
    }

    /// The server of the API, with its limits on connections and the lane.
    ///
    /// - Parameter onServerRunning: is given the port that is listened on.
    func application(
        onServerRunning: @escaping @Sendable (_ port: Int) async -> Void = { _ in }
    ) -> some ApplicationProtocol {
        let lane = settings.httpCaching.usesLane ? api.makeLane() : nil
        let server = settings.limits.server(clients: api.admission.clients, lane: lane, logger: logger)
        let port = settings.port
        return Application(
            responder: api.makeResponder(teaching: lane), server: server,
            configuration: ApplicationConfiguration(address: .hostname(settings.host, port: port), backlog: 1024),
            services: services,
            onServerRunning: { channel in await onServerRunning(channel.localAddress?.port ?? port) },
            logger: logger)
    }
}
