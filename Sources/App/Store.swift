import Foundation
import Logging
import Storage

/// The store of the settings, and the work that several commands do with it.
struct Store {
    let settings: Settings
    let logger: Logger

    func open(create: Bool) throws -> any Database { try settings.databaseURL.open(create: create, logger: logger) }

    func migrator(_ database: any Database) throws -> Migrator {
        let folder = try settings.resourcesFolder().appending(path: "migrations")
        return Migrator(database: database, migrations: try Migration.load(from: folder, engine: database.engine))
    }

    func seedData() throws -> SeedData {
        try SeedData(folder: settings.resourcesFolder().appending(path: "seed-data"))
    }

    /// Where the texts are to be taken from.
    struct ContentChoice {
        /// A folder that must be used; `QURAN_CONTENT_DIR` if none is given.
        var folder: URL?
        var allowUnpinned = false
        /// Go on without texts where none can be reached.
        var isOptional = false
        var downloadBase: String?
        /// Fetch what the folder lacks.
        var mayDownload = true
    }

    /// Seeds the store: from the folder that was named, else `./content`, else `../shared/content`, else by download into
    /// `./content`.
    func seed(_ database: any Database, _ choice: ContentChoice) async throws -> SeedReport {
        let seedData = try seedData()
        let progress = ProgressReporter()
        defer { progress.finish() }
        let folder = try await contentFolder(choice, seedData: seedData, progress: progress)
        return try await Seeder(database: database, seedData: seedData)
            .seed(from: folder, allowUnpinned: choice.allowUnpinned) { progress.report($0) }
    }

    private func contentFolder(
        _ choice: ContentChoice, seedData: SeedData, progress: ProgressReporter
    ) async throws -> ContentFolder? {
        if let named = choice.folder ?? settings.contentFolder {
            let folder = try ContentFolder(named)
            guard folder.hasContent(of: seedData) else {
                if choice.isOptional { return nil }
                throw Failure(.noInput, "\(named.path) has none of the files that the catalogue names")
            }
            return folder
        }
        let working = URL(filePath: FileManager.default.currentDirectoryPath)
        let own = working.appending(path: "content")
        let candidates = [own, working.appending(path: "../shared/content")]
        if let folder = ContentFolder.first(of: candidates, with: seedData) { return folder }
        guard choice.mayDownload else {
            if choice.isOptional { return nil }
            throw Failure(.noInput, "found no texts in ./content or ../shared/content")
        }
        let outcomes = try await ContentDownload(
            seedData: seedData, base: choice.downloadBase ?? settings.downloadBase
        ).fill(own, allowUnpinned: choice.allowUnpinned) { progress.report($0) }
        for outcome in outcomes {
            guard let error = outcome.error else { continue }
            logger.warning("not downloaded", metadata: ["edition": "\(outcome.edition)", "error": "\(error)"])
            // A publisher that sends other bytes than the pinned ones is not the same as one that can't be reached.
            if error.code != .unreadable { throw error }
        }
        if let folder = ContentFolder.first(of: [own], with: seedData) { return folder }
        if choice.isOptional { return nil }
        throw Failure(.noInput, "no content: none in ./content or ../shared/content, and the download failed")
    }
}
