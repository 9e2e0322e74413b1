public import Caching
public import Quran
import Synchronization

/// Something in the store changed, whoever changed it: the API, an import, another instance, or a hand in `psql`.
public enum ContentChange: Hashable, Sendable {
    /// What subscribers choose by.
    public enum Kind: Hashable, Sendable, CaseIterable {
        case surah, structure, edition, reciter, user, cache
    }

    /// The names or facts of one surah.
    case surah(SurahNumber)
    /// The list of surahs: follows the change of any.
    case surahs
    /// Divisions or sajdas.
    case structure
    /// The text of an edition, or what the catalogue says of it.
    case edition(Edition.Kind, EditionID)
    /// The catalogue of editions: follows the change of any.
    case editions
    case reciter(ReciterID)
    /// The list of reciters: follows the change of any.
    case reciters
    /// What belongs to one user, by the user's hash.
    case user(String)
    /// A namespace of the cache was invalidated by an operator.
    case namespace(String)
    /// Everything: by an operator, or because the store's history went back.
    case everything

    public var kind: Kind {
        switch self {
        case .surah, .surahs: .surah
        case .structure: .structure
        case .edition, .editions: .edition
        case .reciter, .reciters: .reciter
        case .user: .user
        case .namespace, .everything: .cache
        }
    }

    /// What a tag of the store names; `nil` for one that this program does not know.
    public init?(_ tag: CacheTag) {
        let parts = tag.description.split(separator: ":", maxSplits: 1).map(String.init)
        switch (parts.first, parts.count == 2 ? parts[1] : nil) {
        case ("surahs", nil): self = .surahs
        case ("structure", nil): self = .structure
        case ("editions", nil): self = .editions
        case ("reciters", nil): self = .reciters
        case ("all", nil): self = .everything
        case ("surah", let number?):
            guard let surah = Int(number).flatMap(SurahNumber.init) else { return nil }
            self = .surah(surah)
        case ("reciter", let name?):
            guard let id = ReciterID(name) else { return nil }
            self = .reciter(id)
        case ("user", let name?): self = .user(name)
        case ("namespace", let name?): self = .namespace(name)
        case (let kind?, let name?):
            guard let kind = Edition.Kind(rawValue: kind), let id = EditionID(name) else { return nil }
            self = .edition(kind, id)
        default: return nil
        }
    }
}

/// The hooks on changes of content. There is one source of changes, the store's version feed; nothing else invalidates.
public final class ContentHooks: Sendable {
    private struct Subscriber {
        let kinds: Set<ContentChange.Kind>
        let handle: @Sendable ([ContentChange]) -> Void
    }

    private struct State {
        /// Come first, and get all that the feed said: caches.
        var feedSubscribers: [@Sendable (VersionChange) -> Void] = []
        var subscribers: [Subscriber] = []
    }

    private let state = Mutex(State())

    public init() {}

    /// Calls `handle` for each poll that found changes of some kinds, with those changes. A change of everything goes to
    /// all.
    ///
    /// - Parameter handle: called on the feed's task: it must not block.
    public func subscribe(
        to kinds: Set<ContentChange.Kind> = Set(ContentChange.Kind.allCases),
        _ handle: @escaping @Sendable ([ContentChange]) -> Void
    ) {
        state.withLock { $0.subscribers.append(Subscriber(kinds: kinds, handle: handle)) }
    }

    /// Makes a cache drop what changes.
    public func subscribe(_ cache: CacheManager) {
        state.withLock { $0.feedSubscribers.append { cache.apply($0) } }
    }

    /// Tells the subscribers what a poll of the feed found.
    public func dispatch(_ change: VersionChange) {
        let (caches, subscribers) = state.withLock { ($0.feedSubscribers, $0.subscribers) }
        for apply in caches { apply(change) }
        let changes: [ContentChange] =
            switch change {
            case .everything: [.everything]
            case .tags(let tags, let overtaken): tags.union(overtaken).compactMap { ContentChange($0) }
            }
        for subscriber in subscribers {
            let wanted = changes.filter { $0 == .everything || subscriber.kinds.contains($0.kind) }
            if !wanted.isEmpty { subscriber.handle(wanted) }
        }
    }
}
