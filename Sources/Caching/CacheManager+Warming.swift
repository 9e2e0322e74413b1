extension CacheManager {
    /// Makes sure that a fresh entry is in memory and in the shared tier. It is not counted as a read: hits and misses stay
    /// those of who asks for answers.
    ///
    /// - Parameter asksShared: whether the shared tier is asked about what memory has. Where it lacks that, it gets it.
    /// - Returns: an answer from `.memory` if the entry was there, from `.shared` if the shared tier had it, `.loaded` otherwise.
    /// - Throws: as ``answer(for:holdingWritesOf:load:)``; also if there is nothing but what is stale.
    public func warm(_ key: CacheKey, asksShared: Bool = true, load: @escaping Loader) async throws -> CacheAnswer {
        let found = standing(of: key)
        if let found, found.standing == .fresh, found.now <= found.resident.refreshFrom {
            if asksShared, let shared {
                let held = await shared.entry(for: key)
                if held.flatMap({ standing(of: $0) }) != .fresh { await shared.store([key: found.entry]) }
            }
            return answer(found.entry, for: key, from: .memory, at: found.now)
        }
        let (landed, _, _) = try await flights.value(for: key) { [self] in
            try await fill(key, newerThan: found?.resident.refreshFrom, load: load)
        }
        guard landed.staleness == nil else {
            throw CacheError.sourceUnavailable(reason: "there is only what is stale")
        }
        return landed
    }

    /// Whether there is a tier that instances share.
    public var isShared: Bool { shared != nil }

    /// Whether the shared tier failed when it was last asked.
    public var isSharedTierFailing: Bool { shared?.breaker.isFailing ?? false }

    /// The bytes that the memory tier may hold, and how many of them an answer takes.
    public var memoryCapacity: Int { capacity }

    public func memoryCost(of answer: CacheAnswer) -> Int { answer.entry.cost(keyLength: Self.usualKeyLength) }

    private static let usualKeyLength = 48

    /// Loads that wait for their turn at the source.
    public var waitingLoads: Int { gate.waiting + costlyGate.waiting }
}
