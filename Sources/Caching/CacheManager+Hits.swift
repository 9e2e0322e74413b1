/// What became of an offer.
public enum CacheOffer: Sendable {
    case taken
    /// There was something, which was not taken, or is not as good as new.
    case declined
    /// Nothing is there, but there may be in the shared tier.
    case absent
}

extension CacheManager {
    /// Offers what is fresh in memory, and needs neither a wait nor a refresh, to someone who may take it.
    ///
    /// - Parameter take: returns whether it did; only then it counts as a hit.
    public func offerHit(for key: CacheKey, to take: (CacheAnswer) -> Bool) -> CacheOffer {
        guard let found = standing(of: key) else { return shared?.breaker.isFailing == false ? .absent : .declined }
        guard found.standing == .fresh, found.now <= found.resident.refreshFrom, !found.entry.isNegative,
            take(answer(found.entry, for: key, from: .memory, at: found.now))
        else { return .declined }
        found.resident.counts.add(.memoryHit)
        return .taken
    }

    /// Fetches what is fresh in the shared tier, and keeps it in memory if it has room there. It counts as a hit once it is taken:
    /// see ``countSharedHit(_:)``.
    ///
    /// - Returns: `nil` if there is nothing, and for whatever the source has something to say about: an answer that there is none, or
    ///   one that can't be confirmed just now.
    public func fetchShared(_ key: CacheKey) async -> CacheAnswer? {
        guard let shared, let entry = await shared.entry(for: key), standing(of: entry) == .fresh, !entry.isNegative
        else { return nil }
        keepInMemory(entry, for: key)
        return answer(entry, for: key, from: .shared)
    }

    public func countSharedHit(_ answer: CacheAnswer) { recorder.add(.sharedHit, answer.key.namespace) }
}
