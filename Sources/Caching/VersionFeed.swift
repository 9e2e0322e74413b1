/// Where a cache hears of changes: the store's own count of them.
public protocol VersionFeed: Sendable {
    /// What changed from a position on.
    ///
    /// - Parameter position: where the last poll ended; `nil` asks for every listed tag.
    /// - Throws: if the store can't be asked; nothing is known then.
    func changes(since position: FeedPosition?) async throws -> FeedBatch

    /// Raises the versions of some tags, in the store, so that every instance hears of it.
    ///
    /// - Parameter least: the least value that each version is raised to.
    func bump(_ tags: [CacheTag], toAtLeast least: CacheVersion) async throws
}

/// What one poll of a feed brought.
public struct FeedBatch: Sendable {
    public let versions: [(tag: CacheTag, version: CacheVersion)]
    /// Where the next poll has to go on, so that nothing is missed: not even a transaction that was open at this one.
    public let position: FeedPosition
    /// What was read from here on holds every change that this batch tells of.
    public let ceiling: FeedPosition
    /// Names the server's life; another name means that positions may have been handed out again.
    public let history: String
    /// Whether every listed tag is named.
    public let isFull: Bool

    /// - Parameter ceiling: `position`, if `nil`: for a store whose changes are ordered by commit.
    public init(
        versions: [(tag: CacheTag, version: CacheVersion)], position: FeedPosition, ceiling: FeedPosition? = nil,
        history: String, isFull: Bool
    ) {
        self.versions = versions
        self.position = position
        self.ceiling = ceiling ?? position
        self.history = history
        self.isFull = isFull
    }
}

extension CacheTag {
    /// On every entry: raising it outdates everything.
    public static let all = CacheTag("all")

    /// On every entry of a namespace.
    public static func namespace(_ namespace: CacheNamespace) -> CacheTag { CacheTag("namespace:\(namespace.name)") }
}
