/// What can happen in a cache, as it is counted.
public enum CacheEvent: String, Sendable, Hashable, CaseIterable {
    /// A fresh answer from memory, or from the shared tier.
    case memoryHit = "memory_hit"
    case sharedHit = "shared_hit"
    /// A stale answer, by reason.
    case staleExpired = "stale_expired"
    case staleUnconfirmed = "stale_unconfirmed"
    case staleSourceDown = "stale_source_down"
    /// An answer that had to be loaded.
    case miss
    /// An answer that waited for another asker's load.
    case coalesced
    /// A load that failed, with nothing stale to serve instead.
    case failure
    /// An entry was stored.
    case fill
    /// An entry left memory: pushed out by others, too old, outdated by a change, removed on request.
    case evictedForSpace = "evicted_for_space"
    case evictedExpired = "evicted_expired"
    case evictedOutdated = "evicted_outdated"
    case evictedOnRequest = "evicted_on_request"

    /// The place among all cases.
    var index: Int {
        switch self {
        case .memoryHit: 0
        case .sharedHit: 1
        case .staleExpired: 2
        case .staleUnconfirmed: 3
        case .staleSourceDown: 4
        case .miss: 5
        case .coalesced: 6
        case .failure: 7
        case .fill: 8
        case .evictedForSpace: 9
        case .evictedExpired: 10
        case .evictedOutdated: 11
        case .evictedOnRequest: 12
        }
    }
}
