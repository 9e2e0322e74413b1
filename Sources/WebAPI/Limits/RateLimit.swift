/// How much a client may ask for: a bucket of tokens that fills steadily, and of which every request takes some.
public struct RateLimit: Sendable, Hashable {
    /// Tokens that come back in a second.
    public let perSecond: Double
    /// Tokens of a full bucket.
    public let burst: Int

    /// Each is above 0 and at most 1,000,000.
    public init?(perSecond: Double, burst: Int) {
        guard perSecond > 0, perSecond <= 1_000_000, (1...1_000_000).contains(burst) else { return nil }
        self.perSecond = perSecond
        self.burst = burst
    }

    /// - Parameter text: `200/s,1000`: tokens for each second (`s`), minute (`m`) or hour (`h`), and those of a full bucket.
    public init?(_ text: String) {
        let parts = text.split(separator: ",", omittingEmptySubsequences: false)
        guard parts.count == 2, let burst = Self.number(parts[1]) else { return nil }
        let rate = parts[0].split(separator: "/", omittingEmptySubsequences: false)
        guard rate.count == 2, let count = Self.number(rate[0]), let seconds = Self.units[String(rate[1])] else {
            return nil
        }
        self.init(perSecond: Double(count) / seconds, burst: burst)
    }

    private static let units: [String: Double] = ["s": 1, "m": 60, "h": 3600]

    private static func number(_ text: Substring) -> Int? {
        guard (1...7).contains(text.utf8.count), text.utf8.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 })
        else { return nil }
        return Int(text)
    }

    /// Nanoseconds in which one token comes back.
    var interval: Int64 { max(1, Int64(1_000_000_000 / perSecond)) }
    /// Nanoseconds in which an empty bucket is full again.
    var window: Int64 { interval * Int64(burst) }
}

/// Whom a bucket is for, without any personal data: addresses and users are hashed where they leave the process.
public struct RateLimitKey: Hashable, Sendable {
    let high: UInt64
    let low: UInt64

    init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// All addresses that one client has: one of IPv4, or 2^64 of IPv6.
    init(_ address: IPAddress) {
        let network = address.isIPv4 ? address : address.masked(to: 64)
        self.init(high: network.high, low: network.low)
    }

    /// Those whose address is not known are one client.
    static let unknown = RateLimitKey(high: 0, low: 0)

    /// - Parameter userHash: 32 hexadecimal digits.
    init?(userHash: String) {
        guard userHash.utf8.count == 32, let high = UInt64(userHash.prefix(16), radix: 16),
            let low = UInt64(userHash.suffix(16), radix: 16)
        else { return nil }
        self.init(high: high, low: low)
    }
}

/// What a limiter says of a request.
public struct RateLimitDecision: Sendable, Hashable {
    public let isAllowed: Bool
    /// Whole tokens that are left.
    public let remaining: Int
    /// Until the bucket is full again.
    public let fullIn: Duration
    /// When the same request would be let pass, if nothing else is asked; zero if it is let pass.
    public let retryAfter: Duration
}
