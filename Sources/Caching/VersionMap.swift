import Synchronization

/// A place in the store's history of changes. Positions of one history compare; their unit is the store's own affair.
public struct FeedPosition: Hashable, Comparable, Sendable {
    public let value: Int64

    public init(_ value: Int64) { self.value = value }

    public static func < (a: Self, b: Self) -> Bool { a.value < b.value }
}

/// What this instance knows of the versions in the store: for each tag the newest one that it has heard of, and when it
/// was last sure to have heard of all.
///
/// The map only ever moves forward, except when the store's history itself went back (``reset(to:at:startedAt:)``).
public final class VersionMap: Sendable {
    private struct State {
        init(doubtedAt: CacheInstant? = nil) { self.doubtedAt = doubtedAt }

        var versions: [CacheTag: CacheVersion] = [:]
        /// From where on the map holds every change; `nil` before the first full load.
        var floor: FeedPosition?
        var position: FeedPosition?
        var unlistedCount = 0
        /// What loaders and writers raised before a poll told of it.
        var overtaken: [CacheTag: CacheVersion] = [:]
        /// Only polls that began since then confirm.
        var doubtedAt: CacheInstant?
    }

    private let state = Mutex(State())
    private let generationCounter = Atomic<UInt64>(1)
    /// Nanoseconds on the cache's clock.
    private let confirmation = Atomic<Int64>(Int64.min)
    let isListed: @Sendable (CacheTag) -> Bool
    private let unlistedLimit: Int

    /// - Parameters:
    ///   - isListed: whether a full load of the feed names a tag. The others (one for each user) are learnt as they
    ///     change.
    ///   - unlistedLimit: how many of those others are remembered.
    public init(isListed: @escaping @Sendable (CacheTag) -> Bool, unlistedLimit: Int = 100_000) {
        self.isListed = isListed
        self.unlistedLimit = unlistedLimit
    }

    /// Grows whenever a version in the map changes: what was current at a generation is current as long as that stands.
    var generation: UInt64 { generationCounter.load(ordering: .acquiring) }

    /// Since when there may have been changes that the map does not know of; `nil` if it was never confirmed.
    public var confirmedAt: CacheInstant? {
        let nanoseconds = confirmation.load(ordering: .acquiring)
        return nanoseconds == .min ? nil : CacheInstant(nanoseconds: nanoseconds)
    }

    /// Whether the map was confirmed at an instant or later.
    func isConfirmed(since instant: CacheInstant) -> Bool {
        let nanoseconds = confirmation.load(ordering: .acquiring)
        return nanoseconds != .min && nanoseconds >= instant.nanoseconds
    }

    /// The newest versions that it has heard of.
    var known: [CacheTag: CacheVersion] { state.withLock(\.versions) }

    /// Where the next poll has to go on.
    var position: FeedPosition? { state.withLock(\.position) }

    public func version(of tag: CacheTag) -> CacheVersion? { state.withLock { $0.versions[tag] } }

    /// Whether nothing that a value was made of is known to have changed since.
    ///
    /// - Parameter position: where the value's snapshot was taken.
    func isCurrent(_ versions: [CacheTag: CacheVersion], readAt position: FeedPosition) -> Bool {
        state.withLock { state in
            versions.allSatisfy { tag, version in
                if let newest = state.versions[tag] { return version >= newest }
                // A listed tag that a full load did not name was never changed in this history.
                if isListed(tag) { return version == .zero || state.floor == nil }
                // Of the others the map knows what changed from its floor on.
                return state.floor.map { position >= $0 } ?? true
            }
        }
    }

    /// Takes in what a poll brought.
    ///
    /// - Parameters:
    ///   - known: what the map held when the poll began, which its answer can't be behind; a loader may have raised the
    ///     map further since.
    ///   - start: when the poll began; the map is confirmed as of then.
    /// - Returns: what changed, or `nil` if a version went back: that is another history.
    func apply(
        _ batch: FeedBatch, notBehind known: [CacheTag: CacheVersion], startedAt start: CacheInstant
    ) -> Changes? {
        let changes = state.withLock { state -> Changes? in
            if let position = state.position, batch.position < position { return nil }
            guard batch.versions.allSatisfy({ $0.version >= known[$0.tag] ?? .zero }) else { return nil }
            if batch.isFull {
                let listed = Set(batch.versions.map(\.tag))
                guard known.keys.allSatisfy({ !isListed($0) || listed.contains($0) }) else { return nil }
                // What changed of the unlisted while nobody looked is not known.
                state.versions = state.versions.filter { isListed($0.key) }
                state.unlistedCount = 0
                state.floor = batch.ceiling
            }
            state.position = batch.position
            var overtaken: Set<CacheTag> = []
            for (tag, version) in batch.versions {
                guard let raised = state.overtaken[tag], version >= raised else { continue }
                overtaken.insert(tag)
                state.overtaken[tag] = nil
            }
            let news = raise(&state, batch.versions)
            forget(&state, before: batch.ceiling)
            return Changes(news: news, overtaken: overtaken.subtracting(news))
        }
        guard let changes else { return nil }
        if !changes.news.isEmpty || batch.isFull { generationCounter.wrappingAdd(1, ordering: .acquiringAndReleasing) }
        confirm(start)
        return changes
    }

    /// What a poll found to have changed.
    struct Changes {
        /// What the map did not know.
        let news: Set<CacheTag>
        /// What the map had from a loader or writer already, and tells of only now.
        let overtaken: Set<CacheTag>
    }

    enum Origin {
        case loader
        /// On this instance: the next poll will tell of it.
        case ownWriter
        case otherWriter
    }

    /// Takes in versions that may be newer than the last poll.
    ///
    /// - Parameter origin: who says so. Of what a loader read, an unlisted tag that is not in the map stays out: it is at
    ///   most as new as that.
    /// - Returns: the tags that changed.
    func raise(to versions: [CacheTag: CacheVersion], by origin: Origin = .loader) -> Set<CacheTag> {
        let changed = state.withLock { state in
            let known = versions.filter { origin != .loader || isListed($0.key) || state.versions[$0.key] != nil }
            let changed = raise(&state, known.map { ($0, $1) })
            // Before the first poll nobody has anything to be told of; and of what others wrote, polls may have told before.
            if state.position != nil, origin != .otherWriter {
                for tag in changed { state.overtaken[tag] = versions[tag] }
            }
            return changed
        }
        if !changed.isEmpty { generationCounter.wrappingAdd(1, ordering: .acquiringAndReleasing) }
        return changed
    }

    /// Starts over with another history.
    func reset(to batch: FeedBatch, startedAt start: CacheInstant) {
        state.withLock { state in
            state = State(doubtedAt: state.doubtedAt)
            state.floor = batch.ceiling
            state.position = batch.position
            _ = raise(&state, batch.versions)
        }
        generationCounter.wrappingAdd(1, ordering: .acquiringAndReleasing)
        confirm(start)
    }

    private func raise(
        _ state: inout State, _ versions: [(tag: CacheTag, version: CacheVersion)]
    ) -> Set<CacheTag> {
        var changed: Set<CacheTag> = []
        for (tag, version) in versions where version > state.versions[tag] ?? .zero {
            if state.versions.updateValue(version, forKey: tag) == nil, !isListed(tag) { state.unlistedCount += 1 }
            changed.insert(tag)
        }
        return changed
    }

    /// Forgets the unlisted ones if they are too many: what was read before their changes counts as outdated from now on.
    ///
    /// - Parameter ceiling: that of a poll which told of them all, but for the overtaken ones, which stay.
    private func forget(_ state: inout State, before ceiling: FeedPosition) {
        guard state.unlistedCount > unlistedLimit else { return }
        state.versions = state.versions.filter { isListed($0.key) || state.overtaken[$0.key] != nil }
        state.unlistedCount = state.versions.count { !isListed($0.key) }
        state.floor = ceiling
    }

    private func confirm(_ start: CacheInstant) {
        state.withLock { state in
            guard start >= state.doubtedAt ?? start, start.nanoseconds > confirmation.load(ordering: .relaxed) else {
                return
            }
            confirmation.store(start.nanoseconds, ordering: .releasing)
        }
    }

    /// Says that something had changed by an instant which the map may not have heard of: nothing is fresh until a poll
    /// that begins later.
    public func doubt(since instant: CacheInstant) {
        state.withLock { state in
            state.doubtedAt = max(state.doubtedAt ?? instant, instant)
            if confirmation.load(ordering: .relaxed) < instant.nanoseconds {
                confirmation.store(.min, ordering: .releasing)
            }
        }
    }
}
