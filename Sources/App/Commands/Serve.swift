import ArgumentParser
import ContentService
import Logging
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
        try await reportingFailure {
            let settings = try Settings()
            let logger = settings.makeLogger()
            let store = Store(settings: settings, logger: logger)
            let database = try store.open(create: migrate)
            let migrator = try store.migrator(database)
            if migrate { try await migrator.migrate() }
            try await migrator.requireCurrent()
            if seed {
                let report = try await store.seed(database, Store.ContentChoice(isOptional: true))
                logger.info("seeded", metadata: ["facts": "\(report.facts)", "digest": "\(report.digest)"])
            }
            let kick = Kick()
            let shared = try settings.redisURL.map { url in
                try SharedCache(url: url, logger: logger) { kick.fire() }
            }
            let system = try await ContentSystem(
                database: database, cacheCapacity: settings.cacheCapacity, shared: shared?.store, logger: logger)
            kick.aim(at: system.poller)
            let health = await system.service.health()
            if health.content.status != .ok, let detail = health.content.detail { logger.warning("\(detail)") }
            try await runServer(
                system, services: shared?.services ?? [], database: database, settings: settings, logger: logger)
        }
    }
}
