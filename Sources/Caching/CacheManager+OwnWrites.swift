extension CacheManager {
    /// How long it is remembered that something was written: longer than what was cached before it may be served.
    private static let memoryOfWrites = Duration.seconds(2 * 3600)

    /// Takes in what a writer made of some tags, after the commit and before the writer is told of it: what was cached
    /// before is outdated here at once, and for whoever catches up with the tags elsewhere, whatever fails next.
    ///
    /// - Parameter versions: those that the tags have as of the writer's transaction, read in it.
    public func wrote(_ versions: [CacheTag: CacheVersion]) async {
        take(versions, by: .ownWriter)
        await shared?.note(written: versions, for: Self.memoryOfWrites)
    }

    /// Asks the shared tier what writers made of some tags, so that a read that begins now holds it, on whatever instance
    /// they wrote.
    ///
    /// - Returns: whether it is known that such a read misses no write that its writer was told of. Without a shared tier, or
    ///   while it fails, others' writes are heard of as everything is: by polls.
    func catchUp(with tags: [CacheTag]) async -> Bool {
        guard !tags.isEmpty else { return true }
        guard let shared else { return policy.isOnlyWriter }
        guard let versions = await shared.newestWritten(tags) else { return false }
        take(versions, by: .otherWriter)
        return true
    }

    private func take(_ versions: [CacheTag: CacheVersion], by origin: VersionMap.Origin) {
        drop(tagged: map?.raise(to: versions, by: origin) ?? Set(versions.keys))
    }
}
