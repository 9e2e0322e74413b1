import Foundation

/// A point on a cache's monotonic clock. Clocks of different machines are never compared.
public struct CacheInstant: Hashable, Comparable, Sendable {
    public let sinceStart: Duration

    public init(sinceStart: Duration) { self.sinceStart = sinceStart }

    public static func < (a: Self, b: Self) -> Bool { a.sinceStart < b.sinceStart }

    public static func + (a: Self, b: Duration) -> Self { Self(sinceStart: a.sinceStart + b) }

    public static func - (a: Self, b: Self) -> Duration { a.sinceStart - b.sinceStart }

    public static func - (a: Self, b: Duration) -> Self { Self(sinceStart: a.sinceStart - b) }
}

/// Where a cache reads the time; tests bring their own.
public struct CacheClock: Sendable {
    /// Time that never jumps: what confirmation and expiry in this process are counted on.
    public let now: @Sendable () -> CacheInstant
    /// Milliseconds since 1970: how instances tell each other the age of an entry, and nothing else.
    public let wallTime: @Sendable () -> Int64
    public let sleep: @Sendable (Duration) async throws -> Void

    public init(
        now: @escaping @Sendable () -> CacheInstant, wallTime: @escaping @Sendable () -> Int64,
        sleep: @escaping @Sendable (Duration) async throws -> Void
    ) {
        self.now = now
        self.wallTime = wallTime
        self.sleep = sleep
    }

    /// The machine's clocks.
    public static func system() -> CacheClock {
        let start = ContinuousClock.now
        return CacheClock(
            now: { CacheInstant(sinceStart: ContinuousClock.now - start) },
            wallTime: { Int64(Date.now.timeIntervalSince1970 * 1000) },
            sleep: { try await Task.sleep(for: $0) })
    }
}
