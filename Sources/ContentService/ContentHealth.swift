public import Caching
import Quran
public import Storage

/// Whether the service can answer, and the state of each thing that it needs.
public struct ContentHealth: Sendable {
    public enum Status: String, Sendable {
        /// Everything that was asked for can be answered.
        case ok
        /// It answers, but not in full: no text is loaded.
        case degraded
        /// It can't answer.
        case unavailable
    }

    public struct Component: Sendable {
        public let status: Status
        /// One line for an operator, where there is something to say.
        public let detail: String?
        public let latency: Duration?
    }

    public let database: Component
    public let engine: DatabaseEngine
    public let cache: Component
    public let cacheStatistics: CacheStatistics
    public let content: Component
    /// The digest of the data set; `nil` if the database can't be asked.
    public let digest: String?

    public var status: Status {
        if database.status == .unavailable { return .unavailable }
        return content.status == .ok ? .ok : .degraded
    }
}

extension ContentService {
    /// How long the database may take to show that it is alive.
    private static var healthDeadline: Duration { .seconds(1) }

    public func health() async -> ContentHealth {
        let clock = ContinuousClock()
        let start = clock.now
        var database: ContentHealth.Component
        var content: ContentHealth.Component
        var digest: String?
        do {
            let editions = try await self.database.snapshot(deadline: Self.healthDeadline) { reader in
                try EditionRepository(reader).editions()
            }.value
            database = .init(status: .ok, detail: nil, latency: clock.now - start)
            let loaded = editions.filter { $0.content != nil }
            digest = datasetDigest(structure: structure, editions: editions)
            content =
                loaded.contains { $0.edition.kind == .quran }
                ? .init(status: .ok, detail: "\(loaded.count) editions loaded", latency: nil)
                : .init(status: .degraded, detail: Self.howToLoadContent, latency: nil)
        } catch {
            database = .init(status: .unavailable, detail: "\(error)", latency: clock.now - start)
            content = .init(status: .unavailable, detail: nil, latency: nil)
        }
        let statistics = cache.statistics
        return ContentHealth(
            database: database, engine: self.database.engine,
            cache: .init(status: .ok, detail: nil, latency: nil),
            cacheStatistics: statistics, content: content, digest: digest)
    }

    /// What an operator does about a store without text.
    public static var howToLoadContent: String {
        "no text is loaded: put the files of tanzil.net into ./content (or name a folder) and run: quran seed --from DIR"
    }
}
