import Synchronization

/// A clock on which no wait takes time; it remembers how long they would have been.
final class CountingClock: Clock {
    private let recorded = Mutex<[Int]>([])

    /// In milliseconds, rounded up, as a wait until an instant has lost what time passed before it.
    var waits: [Int] { recorded.withLock { $0 } }
    var now: ContinuousClock.Instant { .now }
    var minimumResolution: Duration { .zero }

    func sleep(until deadline: ContinuousClock.Instant, tolerance: Duration?) async throws {
        let wait = ((deadline - now) / .milliseconds(1)).rounded(.up)
        recorded.withLock { $0.append(Int(wait)) }
        try Task.checkCancellation()
        await Task.yield()
    }
}
