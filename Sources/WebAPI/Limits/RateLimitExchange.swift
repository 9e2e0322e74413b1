import Caching
import Crypto
public import Logging
import NIOCore
public import Redis
public import ServiceLifecycle
import Storage

/// Where instances tell each other what their clients took.
protocol RateLimitStore: Sendable {
    /// Adds to the debts of some buckets.
    ///
    /// - Parameters:
    ///   - debts: nanoseconds to add, by the buckets' names.
    ///   - most: nanoseconds beyond which no debt grows.
    /// - Returns: the debts of all instances together, in the same order.
    func add(_ debts: [(name: String, debt: Int64)], upTo most: Int64) async throws -> [Int64]
}

/// Exchanges what clients took here for what they took everywhere, in the background: no request waits for it.
///
/// Each instance decides alone on what it knows, which is at most an interval and a round trip old. So `n` instances let a
/// client pass at most `n` full buckets and what comes back meanwhile, where one would let pass one bucket; what they let pass beyond
/// that is a debt that every instance counts after the exchange. While the store fails each instance goes on alone; what all its
/// limiters had to tell then is forgotten, so that nobody pays at once in the end for what was let pass over hours.
public struct RateLimitExchange: Service {
    private let limiters: [RateLimiter]
    private let store: any RateLimitStore
    private let interval: Duration
    private let pause: Duration
    private let logger: Logger

    /// The most buckets of one round trip.
    private static let batch = 256

    public init(_ limiters: [RateLimiter], redis: RedisClient, logger: Logger) {
        self.init(limiters, store: RedisRateLimitStore(redis), logger: logger)
    }

    /// - Parameters:
    ///   - interval: between exchanges.
    ///   - pause: after one that failed.
    init(
        _ limiters: [RateLimiter], store: any RateLimitStore, interval: Duration = .milliseconds(50),
        pause: Duration = .milliseconds(500), logger: Logger
    ) {
        self.limiters = limiters
        self.store = store
        self.interval = interval
        self.pause = pause
        self.logger = logger
    }

    /// Exchanges until the task is cancelled or the group shuts down.
    public func run() async throws {
        await cancelWhenGracefulShutdown {
            var isFailing = false
            while !Task.isCancelled {
                do {
                    try await Task.sleep(for: isFailing ? pause : interval)
                    try await exchange()
                    isFailing = false
                } catch is CancellationError {
                    break
                } catch {
                    if !isFailing { logger.debug("rate limits go on alone", metadata: ["error": "\(error)"]) }
                    isFailing = true
                }
            }
        }
    }

    /// Tells all that is untold, and counts the answers; if it can't be told, forgets it.
    func exchange() async throws {
        do {
            for limiter in limiters {
                while case let told = limiter.takeUntold(upTo: Self.batch), !told.isEmpty {
                    let debts = told.map { (limiter.sharedName(of: $0.key), $0.debt) }
                    let sums = try await store.add(debts, upTo: limiter.mostDebt)
                    for (bucket, sum) in zip(told, sums) { limiter.adopt(sum, for: bucket.key) }
                }
            }
        } catch {
            for limiter in limiters { limiter.forgetUntold() }
            throw error
        }
    }
}

extension RateLimiter {
    /// What the bucket is called outside of this process: a hash, so that no address is in a key.
    fileprivate func sharedName(of key: RateLimitKey) -> String {
        let hash = SHA256.hash(data: Array("\(name):\(key.high):\(key.low)".utf8))
        return "\(CacheKey.notesPrefix)rate:\(name):\(hash.hexadecimal.prefix(32))"
    }
}

/// Debts in Redis, each as the time at which its bucket is full, on the server's own clock.
struct RedisRateLimitStore: RateLimitStore {
    private let client: RedisClient

    init(_ client: RedisClient) { self.client = client }

    func add(_ debts: [(name: String, debt: Int64)], upTo most: Int64) async throws -> [Int64] {
        let reply = try await client.eval(
            Self.adding, keys: debts.map(\.name),
            arguments: [.integer(most / 1000)] + debts.map { .integer($0.debt / 1000) })
        return try reply.array().map { try min($0.integer(), most / 1000) * 1000 }
    }

    /// Times and debts are in microseconds, which Redis's scripts count exactly up to 2^53. A clock that goes back leaves no debt
    /// that is deeper than the deepest.
    private static let adding = """
        local time = redis.call('TIME')
        local now = time[1] * 1000000 + time[2]
        local debts = {}
        for i, key in ipairs(KEYS) do
            local full = tonumber(redis.call('GET', key) or '0')
            if full < now then full = now end
            full = math.min(full + tonumber(ARGV[i + 1]), now + tonumber(ARGV[1]))
            local debt = full - now
            redis.call('SET', key, string.format('%.0f', full), 'PX', math.ceil(debt / 1000) + 1000)
            debts[i] = debt
        end
        return debts
        """
}
