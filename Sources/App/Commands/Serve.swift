import ArgumentParser
import ContentService
import Logging
import Metrics
import NIOCore
import NIOPosix
import Observability
import Storage

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
            let assembly = try await ServerAssembly(
                settings: settings, database: database, sentry: sentry, registry: registry, logger: logger)
            try await assembly.serve()
        }
    }
}
