import ArgumentParser
import ContentService
import JSON
import NIOCore
import Storage

struct Migrate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Bring the store's schema up to date.",
        discussion: """
            Applies the SQL files of migrations/ that the store lacks, each in a transaction. Safe to run at any time and \
            from several instances at once.

            EXAMPLES
              quran migrate
              quran migrate --status --json
            """)

    @Flag(help: "Show what is applied and what is pending; change nothing.")
    var status = false

    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
        try await reportingFailure {
            let settings = try Settings()
            let store = Store(settings: settings, logger: settings.makeLogger())
            let database = try store.open(create: !status)
            let migrator = try store.migrator(database)
            if !status {
                let applied = try await migrator.migrate()
                if !json {
                    for migration in applied { print("applied \(migration.version) \(migration.name)") }
                    if applied.isEmpty { print("the schema of \(settings.databaseURL) is up to date") }
                    return
                }
            }
            show(try await migrator.status())
        }
    }

    private func show(_ migrations: [MigrationStatus]) {
        guard json else {
            for migration in migrations {
                print("\(migration.version) \(migration.name): \(migration.appliedAt ?? "pending")")
            }
            return
        }
        printJSON { json in
            json.key("migrations")
            json.array(migrations) { json, migration in
                json.object { json in
                    json.member("version", migration.version)
                    json.member("name", migration.name)
                    json.member("applied_at", migration.appliedAt)
                }
            }
        }
    }
}

/// Prints one JSON object on a line.
func printJSON(_ members: (inout JSONWriter) -> Void) {
    var json = JSONWriter()
    json.object(members)
    print(String(buffer: json.buffer))
}
