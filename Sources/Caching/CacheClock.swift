import Foundation

/// A point on a cache's monotonic clock. Clocks of different machines are never compared.
public struct CacheInstant: Hashable, Comparable, Sendable {
    /// Since the clock's start: a word, as every hit compares some, where a `Duration` takes arithmetic of 128 bits.
    let nanoseconds: Int64

    init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    /// - Parameter sinceStart: what is beyond 292 years is taken for 292 years.
    public init(sinceStart: Duration) { nanoseconds = sinceStart.nanoseconds }

    public var sinceStart: Duration { .nanoseconds(nanoseconds) }

    public static func < (a: Self, b: Self) -> Bool { a.nanoseconds < b.nanoseconds }

    public static func + (a: Self, b: Duration) -> Self {
        Self(nanoseconds: a.nanoseconds.clampedAdding(b.nanoseconds))
    }

    public static func - (a: Self, b: Self) -> Duration {
        .nanoseconds(a.nanoseconds.clampedAdding(-max(b.nanoseconds, -.max)))
    }

    public static func - (a: Self, b: Duration) -> Self {
        Self(nanoseconds: a.nanoseconds.clampedAdding(-max(b.nanoseconds, -.max)))
    }
}

extension Duration {
    /// To the nearest nanosecond, clamped to what fits. What was multiplied by a `Double` is some attoseconds off.
    var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (product, isOver) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        guard !isOver else { return seconds < 0 ? .min : .max }
        let half: Int64 = attoseconds < 0 ? -500_000_000 : 500_000_000
        return product.clampedAdding((attoseconds + half) / 1_000_000_000)
    }
}

extension Int64 {
    fileprivate func clampedAdding(_ other: Int64) -> Int64 {
        let (sum, isOver) = addingReportingOverflow(other)
        return isOver ? (other < 0 ? .min : .max) : sum
    }
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
        let start = nanosecondsSinceBoot()
        return CacheClock(
            now: { CacheInstant(nanoseconds: nanosecondsSinceBoot() - start) },
            wallTime: { Int64(Date.now.timeIntervalSince1970 * 1000) },
            sleep: { try await Task.sleep(for: $0) })
    }

    /// What `ContinuousClock` reads, without a division of 128 bits: it goes on while the machine sleeps.
    private static func nanosecondsSinceBoot() -> Int64 {
        var time = timespec()
        #if os(Linux)
            clock_gettime(CLOCK_BOOTTIME, &time)
        #else
            clock_gettime(CLOCK_MONOTONIC, &time)
        #endif
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
