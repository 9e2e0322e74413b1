/// A type of cached thing: the first part of its keys, and how long an entry of it lives.
public struct CacheNamespace: Hashable, Sendable, CustomStringConvertible {
    public let name: String
    /// How long after its fill an entry is fresh, if nothing that it was made of changes.
    public let timeToLive: Duration
    /// How long after that it may still be served, labelled stale: while it is refreshed, or while the source is down.
    public let staleTime: Duration
    /// Whether its loads ask much of the source, so that fewer run at a time: see ``CachePolicy/concurrentCostlyLoads``.
    public let isCostly: Bool

    /// - Parameter name: `a–z 0–9 _ -`; the separator of keys must not be in it.
    public init(_ name: String, timeToLive: Duration, staleTime: Duration = .zero, isCostly: Bool = false) {
        precondition(!name.isEmpty && !name.contains(":"), "a namespace is one part of a key")
        self.name = name
        self.timeToLive = timeToLive
        self.staleTime = staleTime
        self.isCostly = isCostly
    }

    /// For what changes only when an editor changes it: 7 days, and 7 more while the source is down.
    public static func shared(_ name: String) -> Self {
        Self(name, timeToLive: .seconds(7 * 24 * 3600), staleTime: .seconds(7 * 24 * 3600))
    }

    /// For what belongs to one user: 1 hour, and no more.
    public static func perUser(_ name: String) -> Self {
        Self(name, timeToLive: .seconds(3600))
    }

    public static func == (a: Self, b: Self) -> Bool { a.name == b.name }

    public func hash(into hasher: inout Hasher) { hasher.combine(name) }

    public var description: String { name }
}
