import ArgumentParser
import Authentication
import Caching
import ContentService
import Logging
import Metrics
import NIOCore
import NIOPosix
import Observability
import Storage
import WebAPI

struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Serve the API over HTTP.",
        discussion: """
            Stops on SIGTERM or SIGINT after the requests in flight.

            EXAMPLES
              quran serve
              HOST=0.0.0.0 PORT=80 quran serve --migrate --seed
            """)

    @Flag(help: "Apply pending migrations first.")
    var migrate = false

    @Flag(help: "Seed first; where no texts can be reached, with structure and catalogue alone.")
    var seed = false

    func run() async throws {
        NIOSingletons.useOneLoopAProcessor()
        try await reportingFailure {
            let settings = try Settings()
            let sentry = settings.sentry.configuration.map { SentryClient($0, logger: settings.makeLogger()) }
            let logger = settings.makeLogger(telling: sentry)
            let registry = MetricsRegistry(ContentMonitor.descriptions)
            MetricsSystem.bootstrap(registry)
            let store = Store(settings: settings, logger: logger)
            let database = try store.open(create: migrate)
            let migrator = try store.migrator(database)
            if migrate { try await migrator.migrate() }
            try await migrator.requireCurrent()
            if seed {
                let report = try await store.seed(database, Store.ContentChoice(isOptional: true))
                logger.info("seeded", metadata: ["facts": "\(report.facts)", "digest": "\(report.digest)"])
            }
            let hints = HintReceiver()
            let shared = try settings.redisURL.map { url in
                try RedisTier(url: url, logger: logger) { hints.take($0) }
            }
            let system = try await ContentSystem(
                database: database, cacheCapacity: settings.cacheCapacity, shared: shared?.store, logger: logger
            ) { shared?.announce($0) }
            hints.aim(at: system.poller, system.cache)
            let health = await system.service.health()
            if health.content.status != .ok, let detail = health.content.detail { logger.warning("\(detail)") }
            // Not before there is a store: beside it this may make a secret.
            let verifier = try await TokenVerifier(
                keys: settings.tokens.keySource(for: settings.databaseURL), policy: settings.tokens.policy,
                logger: logger)
            let dispatcher = try await WebhookDispatcher(
                database: database, targets: settings.webhooks.targets, secrets: settings.webhooks.targetSecrets,
                logger: logger)
            dispatcher.follow(system.hooks)
            var services = shared?.services ?? []
            let statistics = shared.map { _ in SharedStatistics(of: system.cache, logger: logger) }
            if let statistics { services.append(statistics) }
            let warmUp = WarmUp(system, policy: settings.warmUp.policy, logger: logger)
            services.append(warmUp)
            services.append(SearchIndexing(system, logger: logger))
            services.append(UserRecordCleaning(UserRecords(system), logger: logger))
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
            try await runServer(
                api, services: services, last: sentry.map { [$0] } ?? [], database: database, settings: settings,
                logger: logger)
        }
    }
}
