public import NIOCore

/// A representation ready to be served, and what it was made of.
public struct CacheEntry: Sendable {
    /// The bytes, shared by everyone who serves them.
    public let body: ByteBuffer
    /// The media type of the body.
    public let contentType: String
    /// What the body was made of, at which versions, read in one snapshot.
    public let versions: [CacheTag: CacheVersion]
    /// When the entry was filled, on the manager's clock.
    public let filledAt: CacheInstant
    /// When it may no longer be served.
    public let expiresAt: CacheInstant

    public init(
        body: ByteBuffer, contentType: String, versions: [CacheTag: CacheVersion], filledAt: CacheInstant,
        expiresAt: CacheInstant
    ) {
        self.body = body
        self.contentType = contentType
        self.versions = versions
        self.filledAt = filledAt
        self.expiresAt = expiresAt
    }

    /// How many bytes of memory the entry holds, its key and the bookkeeping of a tier included.
    func cost(key: CacheKey) -> Int {
        // A node of the tier, two dictionary slots and the entry's own fields: an estimate, on the large side.
        let bookkeeping = 512
        let tags = versions.keys.reduce(0) { $0 + 64 + $1.description.utf8.count }
        return body.storageCapacity + key.description.utf8.count + tags + bookkeeping
    }
}

/// What a loader returns: the bytes to cache and serve.
public struct CacheFill: Sendable {
    public let body: ByteBuffer
    public let contentType: String
    public let versions: [CacheTag: CacheVersion]

    public init(body: ByteBuffer, contentType: String, versions: [CacheTag: CacheVersion]) {
        self.body = body
        self.contentType = contentType
        self.versions = versions
    }
}

/// A point on a cache's monotonic clock. Clocks of different machines are never compared.
public struct CacheInstant: Hashable, Comparable, Sendable {
    public let sinceStart: Duration

    public init(sinceStart: Duration) { self.sinceStart = sinceStart }

    public static func < (a: Self, b: Self) -> Bool { a.sinceStart < b.sinceStart }

    public static func + (a: Self, b: Duration) -> Self { Self(sinceStart: a.sinceStart + b) }

    public static func - (a: Self, b: Self) -> Duration { a.sinceStart - b.sinceStart }
}

/// Where a cache reads the time; tests bring their own.
public struct CacheClock: Sendable {
    public let now: @Sendable () -> CacheInstant

    public init(now: @escaping @Sendable () -> CacheInstant) { self.now = now }

    /// Time since the clock was made, which never jumps.
    public static func monotonic() -> CacheClock {
        let start = ContinuousClock.now
        return CacheClock { CacheInstant(sinceStart: ContinuousClock.now - start) }
    }
}
