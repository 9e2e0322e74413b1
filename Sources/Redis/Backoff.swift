/// How long to wait before the next attempt to connect: doubling from base to maximum, drawn from the upper half.
struct Backoff {
    private let base: Duration
    private let maximum: Duration
    private var next: Duration

    init(base: Duration, maximum: Duration) {
        self.base = base
        self.maximum = maximum
        next = base
    }

    /// - Parameter random: From 0 to 1.
    mutating func wait(random: Double) -> Duration {
        defer { next = min(maximum, next * 2) }
        return next / 2 + (next / 2) * random
    }

    mutating func reset() { next = base }
}
