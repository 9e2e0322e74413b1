public import Caching
public import Logging
public import Storage

/// The content service with all that keeps its cache coherent, wired: the version map, the poller that keeps it true, the
/// hooks on its changes, and the cache as the first of their subscribers.
public struct ContentSystem: Sendable {
    public let service: ContentService
    public let cache: CacheManager
    public let hooks: ContentHooks
    /// To be run as a service; until it runs nothing is confirmed, and so nothing is called fresh for long.
    public let poller: VersionPoller
    let database: any Database
    private let map: VersionMap
    let clock: CacheClock
    private let announce: @Sendable (CacheHint) -> Void

    /// Reads the structure, and the versions once.
    ///
    /// - Parameters:
    ///   - cacheCapacity: the bytes that the memory tier may hold.
    ///   - shared: the tier that instances share, if there is one.
    ///   - pollInterval: between looks at the store's versions.
    ///   - announce: tells the other instances; it may fail to, and must not wait.
    /// - Throws: as ``ContentService/init(database:cache:)``.
    public init(
        database: any Database, cacheCapacity: Int, shared: (any SharedStore)? = nil,
        policy: CachePolicy = CachePolicy(), lifetimes: CacheLifetimes = CacheLifetimes(),
        pollInterval: Duration = .milliseconds(250),
        clock: CacheClock = .system(), logger: Logger, announce: @escaping @Sendable (CacheHint) -> Void = { _ in }
    ) async throws {
        self.database = database
        self.announce = announce
        self.clock = clock
        var policy = policy
        policy.negativeTimeToLive = lifetimes.negative
        policy.isOnlyWriter = database.engine == .sqlite
        map = VersionMap(isListed: ContentFeed.isListed)
        let hooks = ContentHooks()
        let feed = ContentFeed(database)
        poller = VersionPoller(feed: feed, map: map, interval: pollInterval, clock: clock, logger: logger) {
            hooks.dispatch($0)
        }
        cache = CacheManager(
            capacity: cacheCapacity, shared: shared,
            coherence: CacheManager.Coherence(map: map, feed: feed, poller: poller), policy: policy, clock: clock)
        // The first poll brings every version there is, which is no change.
        await poller.poll()
        service = try await ContentService(database: database, cache: cache, lifetimes: lifetimes)
        hooks.subscribe(cache)
        service.follow(hooks, logger: logger)
        hooks.subscribe { changes in
            logger.info(
                "content changed",
                metadata: [
                    "changes": "\(changes.prefix(8).map { "\($0)" }.joined(separator: ", "))",
                    "count": "\(changes.count)",
                ])
        }
        self.hooks = hooks
    }

    /// How long a writer waits for this instance to see its change.
    private static let patience = Duration.seconds(1)
    /// How long a write may take. A store that does not even answer that it gives up is left half a second later, so that a
    /// writer is told within 2 s (ARCHITECTURE, "tiers, degradation, memory").
    public static let writeDeadline = Duration.milliseconds(1400)

    /// Changes the store in one transaction. When this returns, this instance has seen the change: whoever made it reads
    /// it, or is told that what they read may be stale. The other instances are told to look at once; were that lost, they
    /// would see it at their next poll.
    ///
    /// - Throws: what ``Database/write(deadline:_:)`` throws; nothing was changed then, unless the connection was lost
    ///   while it committed.
    public func write<Value: Sendable>(
        deadline: Duration = writeDeadline, _ body: @escaping @Sendable (any SQLWriter) throws -> Value
    ) async throws -> Value {
        let value = try await database.write(deadline: deadline, body)
        await followCommit()
        return value
    }

    /// Changes what some tags name, and nothing else, in one transaction. When this returns, what was cached of it before is
    /// gone from this instance, and no instance serves it stale, even if the store fails the moment after.
    ///
    /// - Throws: as ``write(deadline:_:)``.
    public func write<Value: Sendable>(
        only tags: [ContentTag], deadline: Duration = writeDeadline,
        _ body: @escaping @Sendable (any SQLWriter) throws -> Value
    ) async throws -> Value {
        let (value, versions) = try await database.write(deadline: deadline) { sql in
            (try body(sql), try contentVersions(of: tags, sql))
        }
        await cache.wrote(
            Dictionary(uniqueKeysWithValues: versions.map { (CacheTag($0.description), CacheVersion($1)) }))
        announce(.changes)
        return value
    }

    /// The same, while no other instance writes so: for changes that are decided by what is read.
    public func writeExclusively<Value: Sendable>(
        deadline: Duration, _ body: @escaping @Sendable (any SQLWriter) throws -> Value
    ) async throws -> Value {
        let value = try await database.writeExclusively(deadline: deadline, body)
        await followCommit()
        return value
    }

    /// Outdates everything that was made of what a tag names, in every instance.
    ///
    /// - Throws: as `CacheManager.invalidate(_:)`.
    public func invalidate(_ tag: CacheTag) async throws {
        try await cache.invalidate([tag])
        announce(.changes)
    }

    /// Outdates everything in every instance, and frees what is in this one and in the shared tier.
    ///
    /// - Returns: as `CacheManager.clear()`, which also says what is thrown.
    public func clearCache() async throws -> (memory: Int, shared: Int?) {
        let removed = try await cache.clear()
        announce(.changes)
        return removed
    }

    /// Removes the entries whose whole key matches a glob from the shared tier and from the memory of this instance, and of
    /// the others, as far as they are reached.
    ///
    /// - Returns: how many there were, as `CacheManager.delete(matching:)` counts them.
    @discardableResult
    public func removeEntries(matching pattern: String) async -> (memory: Int, shared: Int?) {
        let removed = await cache.delete(matching: pattern)
        announce(.removal(pattern: pattern))
        return removed
    }

    /// What follows a commit: the others are told, and this instance looks at the store, or doubts what it knows.
    package func followCommit() async {
        let committed = clock.now()
        announce(.changes)
        if !(await poller.confirm(within: Self.patience)) { map.doubt(since: committed) }
    }
}
