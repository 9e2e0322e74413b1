public import Compression
public import NIOCore

/// A representation ready to be served, and what it was made of. A class, so that a hit hands on one reference.
public final class CacheEntry: Sendable {
    /// The bytes, shared by everyone who serves them.
    public let body: ByteBuffer
    /// The same bytes in the codings that were asked for so far.
    public let codings: [ContentCoding: ByteBuffer]
    /// The media type of the body.
    public let contentType: String
    /// The validator of the body, without quotes; `nil` if it has none.
    public let entityTag: String?
    /// Whether the entry says that the thing does not exist.
    public let isNegative: Bool
    /// What the body was made of, at which versions, read in one snapshot.
    public let versions: [CacheTag: CacheVersion]
    /// The names of all that, with a space between them.
    public let tagNames: String
    /// Where in the store's history that snapshot was taken.
    public let readAt: FeedPosition
    /// When what it was made of changed last, in seconds since 1970, by the store's clock; 0 if the store does not say.
    public let changedAt: Int64
    /// When the entry was filled, on this process's clock.
    public let filledAt: CacheInstant
    /// How long after its fill it is fresh, if nothing changes.
    public let timeToLive: Duration
    /// How long after that it may be served stale.
    public let staleTime: Duration
    public let expiresAt: CacheInstant
    public let servableUntil: CacheInstant

    package init(
        _ fill: CacheFill, codings: [ContentCoding: ByteBuffer] = [:], filledAt: CacheInstant, timeToLive: Duration,
        staleTime: Duration
    ) {
        body = fill.body
        self.codings = codings
        contentType = fill.contentType
        entityTag = fill.entityTag
        isNegative = fill.isNegative
        versions = fill.versions
        tagNames = fill.versions.keys.map(\.description).sorted().joined(separator: " ")
        readAt = fill.readAt
        changedAt = fill.changedAt
        self.filledAt = filledAt
        self.timeToLive = timeToLive
        self.staleTime = staleTime
        expiresAt = filledAt + timeToLive
        servableUntil = expiresAt + staleTime
    }

    /// The same entry, with its body in one coding more.
    func adding(_ encoded: ByteBuffer, _ coding: ContentCoding) -> CacheEntry {
        let fill = CacheFill(
            body: body, contentType: contentType, entityTag: entityTag, isNegative: isNegative, versions: versions,
            readAt: readAt, changedAt: changedAt)
        return CacheEntry(
            fill, codings: codings.merging([coding: encoded]) { $1 }, filledAt: filledAt, timeToLive: timeToLive,
            staleTime: staleTime)
    }

    /// How many bytes of memory the entry holds, its key and the bookkeeping of a tier included.
    package func cost(key: CacheKey) -> Int { cost(keyLength: key.description.utf8.count) }

    func cost(keyLength: Int) -> Int {
        // Measured with mallinfo2, with full queues and ghosts: the objects themselves, a node, and places in tables that
        // are at worst a third full. A tag is a string of its own, and a place in the table and in an index.
        let bookkeeping = 752 + tagNames.utf8.count
        let tags = versions.keys.reduce(versions.capacity * 32) { $0 + 72 + $1.description.utf8.count }
        let encoded = codings.values.reduce(codings.capacity * 48) { $0 + 64 + $1.storageCapacity }
        return body.storageCapacity + encoded + keyLength + tags + bookkeeping
    }
}

/// What a loader returns: the bytes to cache and serve, and what they were made of.
public struct CacheFill: Sendable {
    public let body: ByteBuffer
    public let contentType: String
    public let entityTag: String?
    /// Whether this says that the thing does not exist; such an entry lives only shortly.
    public let isNegative: Bool
    public let versions: [CacheTag: CacheVersion]
    public let readAt: FeedPosition
    public let changedAt: Int64

    /// - Parameters:
    ///   - versions: the versions of all that the body was made of, from the snapshot that it was read in.
    ///   - readAt: where in the store's history that was.
    ///   - changedAt: when any of that changed last, in seconds since 1970, by the store's clock; 0 if it does not say.
    public init(
        body: ByteBuffer, contentType: String, entityTag: String? = nil, isNegative: Bool = false,
        versions: [CacheTag: CacheVersion] = [:], readAt: FeedPosition = FeedPosition(0), changedAt: Int64 = 0
    ) {
        self.body = body
        self.contentType = contentType
        self.entityTag = entityTag
        self.isNegative = isNegative
        self.versions = versions
        self.readAt = readAt
        self.changedAt = max(0, changedAt)
    }
}
