/// The name of something that cached values are made of: `surah:2`, `translation:en.pickthall`, `reciters`.
public struct CacheTag: Hashable, Sendable, CustomStringConvertible {
    public let description: String

    public init(_ name: String) { description = name }
}

/// How often the thing that a tag names had changed. Only ever grows, within one history of the store.
public struct CacheVersion: Hashable, Comparable, Sendable, CustomStringConvertible {
    public let value: Int64

    public init(_ value: Int64) { self.value = value }

    /// The version of what has never changed, or never existed.
    public static let zero = Self(0)

    public static func < (a: Self, b: Self) -> Bool { a.value < b.value }

    public var description: String { String(value) }
}
