/// When a webhook that was not taken is sent again: soon at first, then ever more seldom, and at last no more.
public enum DeliverySchedule {
    /// The least time to wait after the first attempt, the second, and so on. There is one attempt more than these.
    public static let waits: [Duration] = [
        .seconds(5), .seconds(30), .seconds(120), .seconds(600), .seconds(1800), .seconds(2 * 3600), .seconds(5 * 3600),
        .seconds(10 * 3600),
    ]

    /// The most that a receiver may ask to be left alone for.
    public static let longestWait = Duration.seconds(10 * 3600)

    /// How long to wait after some failed attempts.
    ///
    /// - Parameters:
    ///   - attempts: how many there were, from 1.
    ///   - retryAfter: what the receiver asked for, if it did.
    ///   - random: 0…1. Spreads what failed together over a fifth of the time.
    /// - Returns: `nil` if that was the last.
    public static func wait(after attempts: Int, retryAfter: Duration? = nil, random: Double) -> Duration? {
        guard waits.indices.contains(attempts - 1) else { return nil }
        let wait = waits[attempts - 1]
        return max(wait + wait * (random / 5), min(retryAfter ?? .zero, longestWait))
    }
}
