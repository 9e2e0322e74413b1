import NIOCore
import Synchronization

/// The cache that services read through: a memory tier and a shared one in front of loaders, kept coherent with the store
/// by the versions of what each entry was made of.
///
/// An entry is *fresh* if nothing that it was made of is known to have changed, the version map was confirmed within
/// ``CachePolicy/coherenceBound``, and its time to live has not passed. Anything else is outdated (and loaded again),
/// unconfirmed, or expired; what then happens is policy, and is said in the answer.
public final class CacheManager: Sendable {
    /// How the cache hears of changes.
    public struct Coherence: Sendable {
        let map: VersionMap
        let feed: any VersionFeed
        let confirm: @Sendable (Duration) async -> Bool

        public init(map: VersionMap, feed: any VersionFeed, poller: VersionPoller) {
            self.map = map
            self.feed = feed
            confirm = { await poller.confirm(within: $0) }
        }
    }

    let memory: MemoryTier
    let shared: SharedTier?
    let coherence: Coherence?
    /// That of the coherence, beside it: a hit that had to copy all of it would count references that all threads share.
    let map: VersionMap?
    let clock: CacheClock
    let recorder = CacheRecorder()
    let policy: CachePolicy
    /// Nanoseconds: what every hit needs of the policy.
    private let coherenceBound: Int64
    let capacity: Int
    let gate: LoadGate
    /// In front of that, for costly namespaces.
    let costlyGate: LoadGate
    let flights = SingleFlight<CacheAnswer>()
    let encodings = SingleFlight<CacheEntry>()
    let encodingCount = Atomic(0)
    private let random: @Sendable () -> Double

    /// - Parameters:
    ///   - capacity: the bytes that the memory tier may hold.
    ///   - shared: the tier that instances share, if there is one.
    ///   - coherence: `nil` for a cache whose entries only expire.
    ///   - random: 0..<1, for the jitter of times to live.
    public init(
        capacity: Int = 128 << 20, shared: (any SharedStore)? = nil, coherence: Coherence? = nil,
        policy: CachePolicy = CachePolicy(), clock: CacheClock = .system(),
        random: @escaping @Sendable () -> Double = { Double.random(in: 0..<1) }
    ) {
        self.capacity = capacity
        self.coherence = coherence
        map = coherence?.map
        coherenceBound = policy.coherenceBound.nanoseconds
        self.policy = policy
        self.clock = clock
        self.random = random
        memory = MemoryTier(capacity: capacity)
        self.shared = shared.map { SharedTier(store: $0, clock: clock) }
        gate = LoadGate(limit: policy.concurrentLoads, queueLimit: policy.waitingLoads)
        costlyGate = LoadGate(limit: policy.concurrentCostlyLoads, queueLimit: policy.waitingCostlyLoads)
    }

    // MARK: Reading through

    public typealias Loader = @Sendable () async throws -> CacheFill

    /// The entry under a key, loaded if there is none that is fresh.
    ///
    /// - Parameters:
    ///   - tags: what the asker may have written, on any instance: the answer is not older than that. Where nobody can say
    ///     what was written, nothing is served that can't be confirmed.
    ///   - load: reads the value and its versions in one snapshot. Runs at most once at a time for a key; what it throws is
    ///     thrown to all who wait, and nothing is stored. An error that is ``SourceUnavailable`` yields what is stale, if
    ///     there is any.
    /// - Throws: what `load` throws, ``CacheError``, or `CancellationError`.
    public func answer(
        for key: CacheKey, holdingWritesOf tags: [CacheTag] = [], load: @escaping Loader
    ) async throws -> CacheAnswer {
        let holdsWrites = await catchUp(with: tags)
        let found = standing(of: key)
        if let found, let answer = answer(with: found, load: load) { return answer }
        // Something may be there that only lacks confirmation: one poll tells.
        if let found, found.standing == .unconfirmed {
            if await confirm(within: policy.patience) {
                if let found = standing(of: key), let answer = answer(with: found, load: load) { return answer }
            } else if holdsWrites, clock.now() < found.entry.expiresAt || key.namespace.staleTime > .zero {
                recorder.add(.staleUnconfirmed, key.namespace)
                return answer(found.entry, for: key, from: .memory, staleness: .unconfirmed)
            }
        }
        let arrival = flights.now
        do {
            while true {
                let (landed, joined, started) = try await flights.value(for: key) { [self] in
                    // Another flight may have landed between the look above and this one's start.
                    if let found = standing(of: key), found.standing == .fresh {
                        return answer(found.entry, for: key, from: .memory, at: found.now)
                    }
                    return try await fill(key, load: load)
                }
                guard landed.staleness == nil || tags.isEmpty || holdsWrites && isCurrent(landed.entry) else {
                    throw CacheError.sourceUnavailable(reason: "what there is may lack what was written")
                }
                guard joined else {
                    recorder.add(landed.event, key.namespace)
                    return landed
                }
                // A load that began before this call may have read before a commit that was known when the call was made.
                // The confirmation is looked at first, as in ``standing(of:)``.
                guard
                    started > arrival || landed.staleness != nil
                        || isConfirmed(at: clock.now()) && isCurrent(landed.entry)
                else { continue }
                recorder.add(landed.staleness == nil ? .coalesced : landed.event, key.namespace)
                return answer(
                    landed.entry, for: key, from: landed.source, staleness: landed.staleness, isCollapsed: true,
                    loading: landed.loading)
            }
        } catch {
            if !(error is CancellationError) { recorder.add(.failure, key.namespace) }
            throw error
        }
    }

    /// An answer that needs neither the shared tier nor the source, if there is one. Expired entries count: they are
    /// served once more while they are refreshed.
    private func answer(with found: Finding, load: @escaping Loader) -> CacheAnswer? {
        let (entry, now) = (found.entry, found.now)
        switch found.standing {
        case .fresh:
            found.resident.counts.add(.memoryHit)
            if now > found.resident.refreshFrom { refresh(found.resident, load: load) }
            return answer(entry, for: found.resident.key, from: .memory, at: now)
        case .expired where found.resident.key.namespace.staleTime > .zero && !entry.isNegative:
            found.resident.counts.add(.staleExpired)
            refresh(found.resident, load: load)
            return answer(entry, for: found.resident.key, from: .memory, staleness: .expired, at: now)
        case .expired, .unconfirmed: return nil
        }
    }

    func answer(
        _ entry: CacheEntry, for key: CacheKey, from source: CacheAnswer.Source,
        staleness: CacheAnswer.Staleness? = nil, isCollapsed: Bool = false, loading: Duration? = nil,
        at now: CacheInstant? = nil
    ) -> CacheAnswer {
        CacheAnswer(
            entry, for: key, from: source, staleness: staleness, isCollapsed: isCollapsed, loading: loading,
            at: now ?? clock.now(), confirmedAt: map?.confirmedAt)
    }

    private func refresh(_ resident: Resident, load: @escaping Loader) {
        guard resident.claimRefresh() else { return }
        Task { [self] in
            defer { resident.endRefresh() }
            do {
                _ = try await flights.value(for: resident.key) { [self] in
                    try await fill(resident.key, newerThan: resident.refreshFrom, load: load)
                }
            } catch {
                // The entry stays as it is; who asks after it has expired is told.
                resident.counts.add(.failure)
            }
        }
    }

    /// The body of a flight: the shared tier, then the source, one instance at a time.
    ///
    /// - Parameter least: what the shared tier has must be filled later than this, if given: a refresh must not find the
    ///   entry that it is to refresh.
    func fill(
        _ key: CacheKey, newerThan least: CacheInstant? = nil, load: @escaping Loader
    ) async throws -> CacheAnswer {
        var fallback: CacheEntry?
        if let answer = await freshInShared(key, newerThan: least, fallback: &fallback) { return answer }
        let lease = await shared?.claim(key, for: policy.leaseTime)
        if lease == false, let answer = await awaitOther(key, newerThan: least, fallback: &fallback) {
            return answer
        }
        defer {
            if lease == true, let shared { Task { await shared.release(key) } }
        }
        do {
            let start = clock.now()
            let fill = try await bounded(load, isCostly: key.namespace.isCostly)
            let loading = clock.now() - start
            recorder.loaded(key.namespace, in: loading)
            return answer(await keep(fill, for: key), for: key, from: .loaded, loading: loading)
        } catch let error where error is any SourceUnavailable || error is CacheError {
            guard let entry = fallback ?? servable(key) else { throw error }
            let source = fallback == nil ? CacheAnswer.Source.memory : .shared
            return answer(entry, for: key, from: source, staleness: .sourceDown)
        }
    }

    /// Loads when it is its turn, for as long as polls or other loads show that the source lives.
    ///
    /// A load that is given up is cancelled and not waited for: a source that does not answer does not end a query either.
    private func bounded(_ load: @escaping Loader, isCostly: Bool) async throws -> CacheFill {
        let (outcome, report) = AsyncThrowingStream.makeStream(of: CacheFill.self)
        let loading = Task { [gate, costlyGate = isCostly ? costlyGate : nil] in
            do {
                let fill =
                    if let costlyGate {
                        try await costlyGate.run { try await gate.run { try await load() } }
                    } else {
                        try await gate.run { try await load() }
                    }
                report.yield(fill)
                report.finish()
            } catch {
                report.finish(throwing: error)
            }
        }
        // A source that can't be polled shows nothing by being silent.
        let watching =
            coherence == nil
            ? nil
            : Task { [self] in
                var (seen, lives): (LifeSign, Bool)
                repeat {
                    (seen, lives) = (lifeSign, false)
                    do { try await clock.sleep(policy.impatience) } catch { return }
                    if lifeSign == seen { lives = await confirm(within: policy.impatience) }
                } while lives || lifeSign != seen
                report.finish(throwing: CacheError.sourceUnavailable(reason: "neither a load nor a poll was answered"))
            }
        defer {
            loading.cancel()
            watching?.cancel()
        }
        for try await fill in outcome { return fill }
        throw CancellationError()
    }

    private func freshInShared(
        _ key: CacheKey, newerThan least: CacheInstant?, fallback: inout CacheEntry?
    ) async -> CacheAnswer? {
        guard let shared, let entry = await shared.entry(for: key) else { return nil }
        var standing = self.standing(of: entry)
        if standing == .unconfirmed, await confirm(within: policy.patience) { standing = self.standing(of: entry) }
        switch standing {
        case .fresh where least.map { entry.filledAt > $0 } ?? true:
            keepInMemory(entry, for: key)
            return answer(entry, for: key, from: .shared)
        case .fresh, .expired, .unconfirmed: fallback = entry
        case nil: break
        }
        return nil
    }

    /// Waits a little for what another instance is loading; not while the source is in trouble, for them too.
    private func awaitOther(
        _ key: CacheKey, newerThan least: CacheInstant?, fallback: inout CacheEntry?
    ) async -> CacheAnswer? {
        let end = clock.now() + policy.leaseWait
        while clock.now() < end, isConfirmed(at: clock.now()) {
            do { try await clock.sleep(policy.leasePause) } catch { return nil }
            if let answer = await freshInShared(key, newerThan: least, fallback: &fallback) { return answer }
        }
        return nil
    }

    // MARK: Standing

    enum Standing {
        case fresh, expired, unconfirmed
    }

    /// How an entry in memory stands.
    struct Finding {
        let resident: Resident
        let standing: Standing
        let now: CacheInstant

        var entry: CacheEntry { resident.entry }
    }

    /// The entry in memory, unless it is too old or outdated; those are dropped. The path of every hit: it reads the clock
    /// once, and takes no lock but the shard's for one look-up.
    func standing(of key: CacheKey) -> Finding? {
        guard let resident = memory.resident(for: key) else { return nil }
        let now = clock.now()
        guard now < resident.entry.servableUntil else {
            memory.remove(key)
            resident.counts.add(.evictedExpired)
            return nil
        }
        // The confirmation is read first: what it vouches for is in the map that is looked at afterwards.
        let isConfirmed = self.isConfirmed(at: now)
        if let map {
            let generation = map.generation
            if resident.validatedAt != generation {
                guard map.isCurrent(resident.entry.versions, readAt: resident.entry.readAt) else {
                    memory.remove(key)
                    resident.counts.add(.evictedOutdated)
                    return nil
                }
                resident.validatedAt = generation
            }
        }
        guard isConfirmed else { return Finding(resident: resident, standing: .unconfirmed, now: now) }
        return Finding(resident: resident, standing: now < resident.entry.expiresAt ? .fresh : .expired, now: now)
    }

    /// - Returns: `nil` for an entry that is outdated or too old.
    func standing(of entry: CacheEntry) -> Standing? {
        let now = clock.now()
        let isConfirmed = self.isConfirmed(at: now)
        guard now < entry.servableUntil, isCurrent(entry) else { return nil }
        guard isConfirmed else { return .unconfirmed }
        return now < entry.expiresAt ? .fresh : .expired
    }

    private func isConfirmed(at now: CacheInstant) -> Bool {
        guard let map else { return true }
        return map.isConfirmed(since: CacheInstant(nanoseconds: now.nanoseconds - coherenceBound))
    }

    private func isCurrent(_ entry: CacheEntry) -> Bool {
        map?.isCurrent(entry.versions, readAt: entry.readAt) ?? true
    }

    private func confirm(within limit: Duration) async -> Bool { await coherence?.confirm(limit) ?? true }

    /// Changes whenever the source has answered.
    private var lifeSign: LifeSign { LifeSign(polled: map?.confirmedAt, loads: gate.answered) }

    private struct LifeSign: Equatable {
        let polled: CacheInstant?
        let loads: Int
    }

    /// What may be served while the source is down.
    private func servable(_ key: CacheKey) -> CacheEntry? { standing(of: key)?.entry }

    // MARK: Keeping

    /// Makes an entry of what was loaded, and keeps it in both tiers.
    private func keep(_ fill: CacheFill, for key: CacheKey) async -> CacheEntry {
        let entry = admit(fill, for: key)
        await shared?.store([key: entry])
        return entry
    }

    /// Makes an entry of what was loaded, and keeps it in memory.
    func admit(_ fill: CacheFill, for key: CacheKey) -> CacheEntry {
        let timeToLive = fill.isNegative ? policy.negativeTimeToLive : key.namespace.timeToLive
        let entry = CacheEntry(
            fill, filledAt: clock.now(), timeToLive: timeToLive * (1 + policy.jitter * (2 * random() - 1)),
            staleTime: fill.isNegative ? .zero : key.namespace.staleTime)
        if let map { drop(tagged: map.raise(to: fill.versions)) }
        keepInMemory(entry, for: key)
        recorder.add(.fill, key.namespace)
        return entry
    }

    func keepInMemory(_ entry: CacheEntry, for key: CacheKey) {
        recorder.add(.evictedForSpace, for: memory.store(resident(entry, for: key)))
    }

    func resident(_ entry: CacheEntry, for key: CacheKey) -> Resident {
        Resident(entry, for: key, counts: recorder.counts(of: key.namespace), earlyRefresh: policy.earlyRefresh)
    }

    /// Drops from memory what a change outdates: the cache's own hook on the feed.
    public func apply(_ change: VersionChange) {
        switch change {
        case .tags(let tags, overtaken: _): drop(tagged: tags)
        case .everything: recorder.add(.evictedOutdated, for: memory.removeAll { _ in true })
        }
    }

    func drop(tagged tags: Set<CacheTag>) {
        guard !tags.isEmpty else { return }
        recorder.add(.evictedOutdated, for: memory.removeAll(tagged: tags))
    }

    public var statistics: CacheStatistics {
        CacheStatistics(
            byNamespace: recorder.byNamespace, memoryByNamespace: recorder.holdings, entries: memory.count,
            bytes: memory.bytes, capacity: capacity,
            sharedTierState: shared?.breaker.state.rawValue,
            feedLag: map?.confirmedAt.map { clock.now() - $0 }, waitingLoads: waitingLoads)
    }
}
