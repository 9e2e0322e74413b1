extension CacheManager {
    /// Offers what is fresh in memory, and needs neither a wait nor a refresh, to someone who may take it.
    ///
    /// - Parameter take: returns whether it did; only then it counts as a hit.
    /// - Returns: whether it was taken.
    public func offerHit(for key: CacheKey, to take: (CacheAnswer) -> Bool) -> Bool {
        guard let found = standing(of: key), found.standing == .fresh, found.now <= found.resident.refreshFrom,
            !found.entry.isNegative, take(answer(found.entry, for: key, from: .memory, at: found.now))
        else { return false }
        found.resident.counts.add(.memoryHit)
        return true
    }
}
