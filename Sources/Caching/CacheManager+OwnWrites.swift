extension CacheManager {
    /// How long it is remembered that something was written: longer than what was cached before it may be served.
    private static let memoryOfWrites = Duration.seconds(2 * 3600)

    /// Takes in what a writer made of some tags, after the commit and before the writer is told of it: what was cached
    /// before is outdated here at once, and is not served stale elsewhere, whatever fails next.
    ///
    /// - Parameter versions: those that the tags have as of the writer's transaction, read in it.
    public func wrote(_ versions: [CacheTag: CacheVersion]) async {
        guard let map else { return drop(tagged: Set(versions.keys)) }
        drop(tagged: map.raise(to: versions, areWritten: true))
        await shared?.note(written: versions, for: Self.memoryOfWrites)
    }

    /// Whether an entry that can't be confirmed holds all that writers made known, where the namespace wants that. What
    /// this instance wrote is in its map, so such an entry is not even looked at.
    func holdsOwnWrites(_ entry: CacheEntry, of namespace: CacheNamespace) async -> Bool {
        guard namespace.wantsOwnWrites, let coherence else { return true }
        guard let shared else { return policy.isOnlyWriter }
        for (tag, version) in entry.versions where !coherence.map.isListed(tag) {
            guard let written = await shared.newestWritten(tag), written <= version else { return false }
        }
        return true
    }
}
