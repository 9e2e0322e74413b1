import ArgumentParser
import ContentService
import Foundation
import JSON
import Quran
import Storage

struct Seed: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Load structure, catalogue and texts into the store.",
        discussion: """
            Texts come from --from or QURAN_CONTENT_DIR, else ./content, else ../shared/content, else from tanzil.net into \
            ./content. Each must be complete and have its pinned hash; if one is refused, nothing is stored. What is \
            already there is not loaded again.

            EXAMPLES
              quran seed
              quran seed --from ~/tanzil --json
            """)

    @Option(help: ArgumentHelp("The folder with the texts.", valueName: "dir"))
    var from: String?

    @Flag(help: "Admit complete texts whose hash is not the pinned one.")
    var allowUnpinned = false

    @Flag(help: "Succeed with structure and catalogue alone where no texts can be reached.")
    var ifAvailable = false

    @Flag(inversion: .prefixedNo, help: "Download texts when no folder has any.")
    var download = true

    @Option(help: ArgumentHelp("Download from this address instead of the publisher's.", valueName: "url"))
    var downloadBase: String?

    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
        try await reportingFailure {
            let settings = try Settings()
            let store = Store(settings: settings, logger: settings.makeLogger())
            let database = try store.open(create: false)
            try await store.migrator(database).requireCurrent()
            let report = try await store.seed(
                database,
                Store.ContentChoice(
                    folder: from.map { URL(filePath: $0) }, allowUnpinned: allowUnpinned, isOptional: ifAvailable,
                    downloadBase: downloadBase, mayDownload: download))
            show(report)
        }
    }

    private func show(_ report: SeedReport) {
        guard json else { return print(report.summary) }
        printJSON { json in
            json.member("facts", report.facts.rawValue)
            json.member("reciters", report.reciterCount)
            json.key("editions")
            json.array(report.editions) { json, item in
                json.object { json in
                    json.member("edition", item.edition.name)
                    json.member("file", item.file)
                    json.member("sha256", item.sha256)
                    json.member("pinned", item.isPinned)
                    json.member("state", item.state.rawValue)
                }
            }
            json.key("kept")
            json.array(report.kept) { json, subject in json.value("\(subject)") }
            json.key("missing")
            json.array(report.missing) { json, id in json.value(id.name) }
            json.member("digest", report.digest)
        }
    }
}

extension SeedReport {
    /// What was loaded, for people.
    var summary: String {
        var lines = ["structure, catalogue and \(reciterCount) reciters: \(facts.rawValue)"]
        for item in editions {
            if item.state == .kept {
                lines.append("\(item.edition): kept as an editor left it; \(item.file) has another text")
                continue
            }
            let pin = item.isPinned ? "pinned" : "not pinned"
            lines.append("\(item.edition): \(item.state.rawValue) from \(item.file), \(item.sha256) (\(pin))")
        }
        if !kept.isEmpty { lines.append("kept as editors left it: " + kept.map { "\($0)" }.joined(separator: ", ")) }
        if !missing.isEmpty { lines.append("not found: " + missing.map(\.name).joined(separator: ", ")) }
        lines.append("digest \(digest)")
        if editions.isEmpty { lines.append(ContentService.howToLoadContent) }
        return lines.joined(separator: "\n")
    }
}
