/// What a cache gives: an entry, where it came from, and whether it is as good as new.
public struct CacheAnswer: Sendable {
    public enum Source: String, Sendable, Hashable {
        case memory
        case shared
        /// Loaded now, by this call or by another one that it waited for.
        case loaded
    }

    /// Why an answer is stale.
    public enum Staleness: String, Sendable, Hashable {
        /// Its time to live has passed; it is being refreshed.
        case expired
        /// The version map could not be confirmed in time: there may be changes that it misses.
        case unconfirmed
        /// The source can't be asked.
        case sourceDown = "source-down"
    }

    public let key: CacheKey
    public let entry: CacheEntry
    public let source: Source
    /// `nil` for a fresh answer, which misses no commit older than ``CachePolicy/coherenceBound``.
    public let staleness: Staleness?
    /// Whether it shared another asker's load.
    public let isCollapsed: Bool
    /// How long the load took; `nil` if none was needed.
    public let loading: Duration?
    /// When the answer was given.
    private let now: CacheInstant
    /// When it was last known that nothing had changed; `nil` for a cache that does not follow a store.
    private let confirmedAt: CacheInstant?

    /// How long ago the entry was filled, or was last known to be current: less than ``CachePolicy/coherenceBound`` for an
    /// answer that is fresh.
    public var age: Duration { now - max(entry.filledAt, confirmedAt ?? entry.filledAt) }
    /// How long it will be fresh, if nothing changes; negative if that has passed.
    public var timeToLive: Duration { entry.expiresAt - now }

    /// As what the answer is counted.
    var event: CacheEvent {
        switch (staleness, source) {
        case (.expired, _): .staleExpired
        case (.unconfirmed, _): .staleUnconfirmed
        case (.sourceDown, _): .staleSourceDown
        case (nil, .memory): .memoryHit
        case (nil, .shared): .sharedHit
        case (nil, .loaded): .miss
        }
    }

    init(
        _ entry: CacheEntry, for key: CacheKey, from source: Source, staleness: Staleness? = nil,
        isCollapsed: Bool = false, loading: Duration? = nil, at now: CacheInstant, confirmedAt: CacheInstant?
    ) {
        self.key = key
        self.entry = entry
        self.source = source
        self.staleness = staleness
        self.isCollapsed = isCollapsed
        self.loading = loading
        self.now = now
        self.confirmedAt = confirmedAt
    }

    /// The same answer with another form of its entry.
    func with(_ entry: CacheEntry) -> CacheAnswer {
        CacheAnswer(
            entry, for: key, from: source, staleness: staleness, isCollapsed: isCollapsed, loading: loading, at: now,
            confirmedAt: confirmedAt)
    }
}

/// An error of a loader that says that the source can't be asked just now: something stale is better than it.
public protocol SourceUnavailable: Error {}
