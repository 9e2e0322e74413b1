public import Caching
public import Storage

/// The store's count of changes, as a cache hears of it.
public struct ContentFeed: VersionFeed {
    private let database: any Database

    /// How long a poll may take.
    private static let deadline = Duration.seconds(1)

    public init(_ database: any Database) { self.database = database }

    public func changes(since position: FeedPosition?) async throws -> FeedBatch {
        let changes = try await database.contentChanges(since: position?.value, deadline: Self.deadline)
        return FeedBatch(
            versions: changes.versions.map { (CacheTag($0.tag), CacheVersion($0.version)) },
            position: FeedPosition(changes.position), ceiling: FeedPosition(changes.ceiling),
            history: changes.history, isFull: position == nil)
    }

    public func bump(_ tags: [CacheTag], toAtLeast least: CacheVersion) async throws {
        try await database.bumpContentVersions(tags.map(\.description), toAtLeast: least.value)
    }

    /// Whether a full load names a tag. Users are too many to be listed: a map learns of them as they change.
    public static func isListed(_ tag: CacheTag) -> Bool { !tag.description.utf8.starts(with: "user:".utf8) }
}
