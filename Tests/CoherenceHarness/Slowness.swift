import Synchronization

/// Makes some loads slow. It is what makes caches wrong that delete on write: a reader that stores late what it read early.
final class Slowness: Sendable {
    private let part: Double
    private let most: Duration
    private let isPaused = Atomic(false)

    init(part: Double, most: Duration) {
        self.part = part
        self.most = most
    }

    /// Ends what is slow now, and slows nothing more: for a while in which speed is measured.
    func pause() { isPaused.store(true, ordering: .relaxed) }
    func proceed() { isPaused.store(false, ordering: .relaxed) }

    func wait() async throws {
        let isSlow = Double.random(in: 0..<1) < part
        let end = ContinuousClock.now + (isSlow ? most : .milliseconds(4)) * Double.random(in: 0..<1)
        while case let rest = ContinuousClock.now.duration(to: end), rest > .zero {
            if isPaused.load(ordering: .relaxed) { return }
            try await Task.sleep(for: min(rest, .milliseconds(20)))
        }
    }
}
