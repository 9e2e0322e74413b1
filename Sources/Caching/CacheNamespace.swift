/// A type of cached thing: the first part of its keys, and how long an entry of it lives.
public struct CacheNamespace: Hashable, Sendable, CustomStringConvertible {
    public let name: String
    /// How long after its fill an entry may be served at all.
    public let timeToLive: Duration

    /// - Parameter name: `a–z 0–9 _ -`; the separator of keys must not be in it.
    public init(_ name: String, timeToLive: Duration) {
        precondition(!name.isEmpty && !name.contains(":"), "a namespace is one part of a key")
        self.name = name
        self.timeToLive = timeToLive
    }

    /// For what changes only when an editor changes it: 7 days.
    public static func shared(_ name: String) -> Self { Self(name, timeToLive: .seconds(7 * 24 * 3600)) }

    /// For what belongs to one user: 1 hour.
    public static func perUser(_ name: String) -> Self { Self(name, timeToLive: .seconds(3600)) }

    public static func == (a: Self, b: Self) -> Bool { a.name == b.name }

    public func hash(into hasher: inout Hasher) { hasher.combine(name) }

    public var description: String { name }
}
