import ArgumentParser
import ContentService
import JSON
import Quran
import Storage

struct Verify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check the store: structure, completeness, and the bytes of every text.",
        discussion: """
            Exits with 65 if anything is not as it should be.

            EXAMPLES
              quran verify
              quran verify --json | jq .sound
            """)

    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
        try await reportingFailure {
            let settings = try Settings()
            let store = Store(settings: settings, logger: settings.makeLogger())
            let database = try store.open(create: false)
            try await store.migrator(database).requireCurrent()
            let verification = try await StoreVerification.verify(database)
            if json { showJSON(verification) } else { show(verification) }
            if !verification.isSound { throw ExitCode(ExitStatus.badData.rawValue) }
        }
    }

    private func show(_ verification: StoreVerification) {
        print(verification.violations.isEmpty ? "structure: sound" : "structure: broken")
        for violation in verification.violations { print("  \(violation)") }
        for result in verification.editions {
            let pin = result.isPinned ? "pinned" : "not pinned"
            let state =
                switch result.state {
                case .intact: "intact (\(pin))"
                case .notLoaded: "not loaded"
                case .incomplete(let missing): "incomplete: \(missing) ayahs are missing"
                case .altered(let found): "altered: its hash is \(found), not \(result.sha256 ?? "")"
                }
            print("\(result.kind.rawValue) \(result.edition): \(state)")
        }
        if let digest = verification.digest { print("digest \(digest)") }
    }

    private func showJSON(_ verification: StoreVerification) {
        printJSON { json in
            json.member("sound", verification.isSound)
            json.key("violations")
            json.array(verification.violations) { json, violation in json.value(violation) }
            json.key("editions")
            json.array(verification.editions) { json, result in
                json.object { json in
                    json.member("edition", result.edition.name)
                    json.member("kind", result.kind.rawValue)
                    switch result.state {
                    case .intact: json.member("state", "intact")
                    case .notLoaded: json.member("state", "not_loaded")
                    case .incomplete(let missing):
                        json.member("state", "incomplete")
                        json.member("missing", missing)
                    case .altered(let found):
                        json.member("state", "altered")
                        json.member("found", found)
                    }
                    json.member("sha256", result.sha256)
                    json.member("pinned", result.isPinned)
                }
            }
            json.member("digest", verification.digest)
        }
    }
}
