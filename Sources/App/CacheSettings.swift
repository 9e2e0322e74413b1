import Configuration
import ContentService

/// How much the cache may hold, and how long.
struct CacheSettings: Sendable {
    /// Bytes of the memory tier.
    let capacity: Int
    let lifetimes: CacheLifetimes

    /// - Parameter reader: its keys are `cache.megabytes` (128); `cache.ttl.quran`, `cache.ttl.reciters`, `cache.ttl.editions`
    ///   (`7d`), `cache.ttl.search` (`10m`), `cache.ttl.user` (`1h`), `cache.ttl.negative` (`60s`) and `cache.stale` (`7d`).
    /// - Throws: ``Failure`` that names the variable and what it may be.
    init(reader: ConfigReader) throws {
        let megabytes = reader.string(forKey: "cache.megabytes") ?? "128"
        guard let number = Int(megabytes), (1...1 << 20).contains(number) else {
            throw Failure(.badConfiguration, "CACHE_MEGABYTES must be a number from 1 to \(1 << 20)")
        }
        capacity = number << 20
        func time(_ key: ConfigKey, _ name: String, from least: Int, into value: inout Duration) throws {
            guard let text = reader.string(forKey: key) else { return }
            guard let time = TimeSetting.read(text), time >= .seconds(least), time <= .seconds(Self.longest),
                time == .seconds(time.components.seconds)
            else {
                throw Failure(
                    .badConfiguration, "\(name) must be a time from \(least)s to 365d, such as 90s, 10m, 1h or 7d")
            }
            value = time
        }
        var lifetimes = CacheLifetimes()
        try time("cache.ttl.quran", "CACHE_TTL_QURAN", from: 1, into: &lifetimes.quran)
        try time("cache.ttl.reciters", "CACHE_TTL_RECITERS", from: 1, into: &lifetimes.reciters)
        try time("cache.ttl.editions", "CACHE_TTL_EDITIONS", from: 1, into: &lifetimes.editions)
        try time("cache.ttl.search", "CACHE_TTL_SEARCH", from: 1, into: &lifetimes.search)
        try time("cache.ttl.user", "CACHE_TTL_USER", from: 1, into: &lifetimes.user)
        try time("cache.ttl.negative", "CACHE_TTL_NEGATIVE", from: 1, into: &lifetimes.negative)
        try time("cache.stale", "CACHE_STALE", from: 0, into: &lifetimes.stale)
        self.lifetimes = lifetimes
    }

    private static let longest = 365 * 86400
}

/// A time as settings have it: a number and its unit.
enum TimeSetting {
    private static let units: [String: Duration] = [
        "ms": .milliseconds(1), "s": .seconds(1), "m": .seconds(60), "h": .seconds(3600), "d": .seconds(86400),
    ]

    /// - Returns: `nil` for what is no number of at most nine digits with one of the units ms, s, m, h and d.
    static func read(_ text: String) -> Duration? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard digits.utf8.count <= 9, let number = Int(digits), let unit = units[String(text[digits.endIndex...])]
        else {
            return nil
        }
        return unit * number
    }
}
