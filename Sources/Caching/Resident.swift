import Synchronization

/// An entry in memory, and what is noted of it there. The notes are atomic: a hit makes them without a lock.
package final class Resident: Sendable {
    let key: CacheKey
    package let entry: CacheEntry
    let cost: Int
    /// What happens to entries of its namespace is counted here.
    let counts: EventCounts
    /// From when on a hit refreshes the entry, shortly before it expires.
    let refreshFrom: CacheInstant
    private let validation = Atomic<UInt64>(0)
    private let refresh = Atomic<Bool>(false)

    /// - Parameter earlyRefresh: the part of the time to live, at its end, in which a hit refreshes the entry: 0…1.
    package init(
        _ entry: CacheEntry, for key: CacheKey, counts: EventCounts = EventCounts(), earlyRefresh: Double = 0
    ) {
        self.key = key
        self.entry = entry
        self.counts = counts
        refreshFrom = entry.expiresAt - entry.timeToLive * earlyRefresh
        cost = entry.cost(key: key)
    }

    /// The generation of the version map at which the entry was last found current; 0 if it was never looked at.
    var validatedAt: UInt64 {
        get { validation.load(ordering: .relaxed) }
        set { validation.store(newValue, ordering: .relaxed) }
    }

    /// - Returns: whether the caller is the first to refresh the entry.
    func claimRefresh() -> Bool { !refresh.exchange(true, ordering: .relaxed) }

    /// Lets someone refresh the entry again.
    func endRefresh() { refresh.store(false, ordering: .relaxed) }
}
