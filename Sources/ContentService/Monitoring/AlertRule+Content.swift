import Caching
import Observability

extension AlertRule {
    /// What rates are counted over.
    private static let window = Duration.seconds(300)
    /// Fewer answers say nothing of a hit ratio.
    private static let leastAnswers = 1000
    /// The memory that Redis is taken to have, if it has no limit of its own.
    private static let usualRedisBytes = 500_000_000

    /// - Parameter start: when the system was there.
    static func ofCache(_ cache: CacheManager, since start: CacheInstant) -> [AlertRule] {
        let answers = RecentValues<CacheStatistics.Counters>(of: window)
        let evictions = RecentValues<Int>(of: window)
        return [
            AlertRule(
                "hit_ratio", "less than 80 % of answers came from the cache in the last 5 minutes", .below,
                margin: 0.025
            ) { elapsed in
                let now = cache.statistics.total
                let recent = now - answers.add(now, at: elapsed)
                guard recent.answers >= leastAnswers, let ratio = recent.hitRatio else { return .quiet }
                return .value(ratio, threshold: 0.8)
            },
            AlertRule(
                "feed_unconfirmed", "changes of content have not been looked for in 5 s: answers are stale", .above,
                margin: 0.8
            ) { elapsed in
                // Seconds. What was never confirmed counts from the start.
                .value((cache.statistics.feedLag ?? elapsed - start.sinceStart) / .seconds(1), threshold: 5)
            },
            // A full cache drops something with every fill, and a crawl passes through it without harm. That as much was
            // dropped in 5 minutes as there is room for means that what is asked for does not fit: nothing stays until
            // it is asked for again.
            AlertRule(
                "memory_evictions", "as many entries were pushed out of memory in 5 minutes as it holds", .above,
                margin: 0.5
            ) { elapsed in
                let statistics = cache.statistics
                let count = statistics.total[.evictedForSpace]
                let recent = count - evictions.add(count, at: elapsed)
                return .value(Double(recent), threshold: Double(max(statistics.entries, leastAnswers)))
            },
        ]
    }

    /// - Parameters:
    ///   - limit: bytes in use above which there is an alert; by default 90 % of what the server may use.
    ///   - memory: what the server said last.
    static func ofRedis(limit: Int?, _ memory: @escaping @Sendable () -> RedisMemory?) -> [AlertRule] {
        let evictions = RecentValues<Int>(of: window)
        let text = limit.map { "Redis uses more than \($0) bytes" } ?? "Redis has used more than 90 % of its memory"
        return [
            AlertRule("redis_memory", text, .above, margin: 0.1) { _ in
                guard let memory = memory() else { return .unknown }
                let threshold = limit.map { Double($0) } ?? 0.9 * Double(memory.limitBytes ?? usualRedisBytes)
                return .value(Double(memory.usedBytes), threshold: threshold)
            },
            // Entries expire by themselves: a Redis of the right size pushes out none.
            AlertRule("redis_evictions", "Redis has pushed out keys in the last 5 minutes", .above, margin: 0) {
                guard let count = memory()?.evictedKeys else { return .unknown }
                // A server that was restarted counts anew.
                let oldest = evictions.add(count, at: $0) { $0 <= count }
                return .value(Double(count - oldest), threshold: 0)
            },
        ]
    }
}
