extension CacheManager {
    // MARK: Single entries

    /// The entry under a key, from memory or the shared tier, if it is fresh.
    public func get(_ key: CacheKey) async -> CacheEntry? { await get([key])[key] }

    /// Those of some entries that are fresh; the shared tier is asked once.
    public func get(_ keys: some Sequence<CacheKey>) async -> [CacheKey: CacheEntry] {
        var found: [CacheKey: CacheEntry] = [:]
        var rest: [CacheKey] = []
        for key in keys {
            if let finding = standing(of: key), finding.standing == .fresh {
                finding.resident.counts.add(.memoryHit)
                found[key] = finding.entry
            } else {
                rest.append(key)
            }
        }
        guard let shared, !rest.isEmpty else {
            recorder.add(.miss, for: rest)
            return found
        }
        let entries = await shared.entries(for: rest)
        for key in rest {
            guard let entry = entries[key], standing(of: entry) == .fresh else {
                recorder.add(.miss, key.namespace)
                continue
            }
            recorder.add(.sharedHit, key.namespace)
            keepInMemory(entry, for: key)
            found[key] = entry
        }
        return found
    }

    /// Stores an entry in both tiers.
    public func set(_ key: CacheKey, to fill: CacheFill) async { await set([key: fill]) }

    /// Stores entries in both tiers; the shared one is written to once.
    public func set(_ fills: [CacheKey: CacheFill]) async {
        var entries: [CacheKey: CacheEntry] = [:]
        for (key, fill) in fills { entries[key] = admit(fill, for: key) }
        await shared?.store(entries)
    }

    /// Removes an entry from memory and from the shared tier.
    ///
    /// - Returns: whether there was one.
    @discardableResult
    public func delete(_ key: CacheKey) async -> Bool {
        let wasInMemory = memory.remove(key)
        if wasInMemory { recorder.add(.evictedOnRequest, key.namespace) }
        let wasShared = await shared?.delete(key) ?? false
        return wasInMemory || wasShared
    }

    /// Whether there is an entry that ``get(_:)`` would find.
    public func exists(_ key: CacheKey) async -> Bool {
        if let entry = memory.peek(key), standing(of: entry) == .fresh { return true }
        guard let shared, let entry = await shared.entry(for: key) else { return false }
        return standing(of: entry) == .fresh
    }

    // MARK: Many entries

    /// Removes the entries whose whole key (`quran_backend:…`) matches a glob, from this instance's memory and the shared
    /// tier. Other instances keep theirs, which are as true as before, until they are told (``CacheHint``); to make every
    /// instance load again, use ``invalidate(_:)``.
    ///
    /// - Returns: how many there were in memory and in the shared tier; `nil` for a tier that is not there or can't be asked.
    @discardableResult
    public func delete(matching pattern: String) async -> (memory: Int, shared: Int?) {
        let count = removeFromMemory(matching: pattern)
        return (count, await shared?.delete(matching: pattern))
    }

    /// Removes the entries whose whole key matches a glob from this instance's memory.
    ///
    /// - Returns: how many there were.
    @discardableResult
    public func removeFromMemory(matching pattern: String) -> Int {
        let glob = GlobPattern(pattern)
        let keys = memory.removeAll { glob.matches($0.key.description) }
        recorder.add(.evictedOnRequest, for: keys)
        return keys.count
    }

    /// Outdates everything that was made of what some tags name, in every instance: their versions are raised in the store.
    ///
    /// - Throws: what the feed throws if the store can't be written.
    public func invalidate(_ tags: [CacheTag]) async throws {
        guard let coherence else {
            recorder.add(.evictedOnRequest, for: memory.removeAll(tagged: Set(tags)))
            return
        }
        try await coherence.feed.bump(tags.sorted { $0.description < $1.description }, toAtLeast: .zero)
        _ = await coherence.confirm(.seconds(1))
    }

    /// Outdates every entry of a namespace, in every instance.
    public func invalidate(_ namespace: CacheNamespace) async throws { try await invalidate([.namespace(namespace)]) }

    /// Outdates every entry in every instance, and removes all from this one and from the shared tier.
    ///
    /// - Returns: how many there were in memory and in the shared tier, as ``delete(matching:)`` counts them.
    /// - Throws: what the feed throws if the store can't be written. Everything is as it was then: what is cached may be all
    ///   there is.
    @discardableResult
    public func clear() async throws -> (memory: Int, shared: Int?) {
        let held = memory.count
        if coherence != nil { try await invalidate([.all]) }
        let removed = await delete(matching: "\(CacheKey.prefix)*")
        return (max(held, removed.memory), removed.shared)
    }
}
