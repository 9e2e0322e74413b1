import Caching

/// How long what is cached lives: until when an answer is fresh, if nothing that it was made of changes, and how much longer it may
/// be served, labelled stale. Changes outdate an answer at once, whatever these are.
public struct CacheLifetimes: Sendable, Hashable {
    /// Surahs, ayahs, divisions and their lists.
    public var quran = Duration.seconds(7 * 86400)
    /// Reciters, their list and their audio.
    public var reciters = Duration.seconds(7 * 86400)
    /// Editions, translations and tafsirs as the catalogue has them, and their lists.
    public var editions = Duration.seconds(7 * 86400)
    /// Searches, of which there are many that nobody asks for again.
    public var search = Duration.seconds(600)
    /// What belongs to one user.
    public var user = Duration.seconds(3600)
    /// That something does not exist.
    public var negative = Duration.seconds(60)
    /// How much longer ``quran``, ``reciters`` and ``editions`` are served while they are refreshed, or while the store is down.
    /// Searches, what belongs to a user and what does not exist are not.
    public var stale = Duration.seconds(7 * 86400)

    public init() {}
}

/// The types of what is cached: the first part of each key, after the program's.
struct ContentNamespaces: Sendable {
    let lifetimes: CacheLifetimes
    let quran, reciter, reciters, search, user: CacheNamespace

    init(_ lifetimes: CacheLifetimes) {
        self.lifetimes = lifetimes
        quran = CacheNamespace("quran", timeToLive: lifetimes.quran, staleTime: lifetimes.stale)
        reciter = CacheNamespace("reciter", timeToLive: lifetimes.reciters, staleTime: lifetimes.stale)
        reciters = CacheNamespace("reciters", timeToLive: lifetimes.reciters, staleTime: lifetimes.stale)
        search = CacheNamespace("search", timeToLive: lifetimes.search, isCostly: true)
        user = CacheNamespace("user", timeToLive: lifetimes.user)
    }

    /// - Parameter name: `editions`, `translation` and so on: an edition, or a list of them.
    func editions(_ name: StaticString) -> CacheNamespace {
        CacheNamespace("\(name)", timeToLive: lifetimes.editions, staleTime: lifetimes.stale)
    }
}
