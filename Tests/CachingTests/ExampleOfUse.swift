import Caching
import Logging
import Synchronization

// docs/caching.md shows what is below, in two parts.

/// A cache in this process, whose entries expire.
func cachedGreeting() async throws -> [String] {
    let cache = CacheManager(capacity: 16 << 20)
    let greetings = CacheNamespace("greetings", timeToLive: .seconds(3600), staleTime: .seconds(600))

    func greeting(for name: String) async throws -> String {
        try await cache.value(for: CacheKey(greetings, name), as: String.self) {
            // Slow, and run once however many ask at once.
            Versioned("Hello, \(name)")
        }
    }
    return [try await greeting(for: "world"), try await greeting(for: "world")]
}

/// A store that counts its changes. Yours is a database: bump the versions in the transaction of the change.
final class Shop: VersionFeed {
    private let state = Mutex((prices: ["tea": 100], version: Int64(1)))

    func setPrice(of item: String, to price: Int) {
        state.withLock { state in
            state.prices[item] = price
            state.version += 1
        }
    }

    /// The data and the versions that go with it, read at once.
    func price(of item: String) -> Versioned<Int?> {
        state.withLock {
            Versioned(
                $0.prices[item], versions: [CacheTag("price:\(item)"): CacheVersion($0.version), .all: .zero],
                readAt: FeedPosition($0.version))
        }
    }

    func changes(since position: FeedPosition?) async throws -> FeedBatch {
        state.withLock { state in
            FeedBatch(
                versions: state.prices.keys.map { (CacheTag("price:\($0)"), CacheVersion(state.version)) },
                position: FeedPosition(state.version), history: "one process", isFull: position == nil)
        }
    }

    func bump(_ tags: [CacheTag], toAtLeast least: CacheVersion) async throws {
        state.withLock { $0.version = max($0.version + 1, least.value) }
    }
}

/// A cache that is never wrong for longer than a second, whoever changes the store.
func followedPrices() async throws -> [Int] {
    let shop = Shop()
    let clock = CacheClock.system()
    let map = VersionMap(isListed: { _ in true })
    let poller = VersionPoller(feed: shop, map: map, clock: clock, logger: Logger(label: "shop")) { _ in }
    let cache = CacheManager(
        coherence: CacheManager.Coherence(map: map, feed: shop, poller: poller), clock: clock)
    let prices = CacheNamespace("prices", timeToLive: .seconds(3600))

    await poller.poll()  // A program runs it as a service: it polls four times a second.
    let before = try await cache.value(for: CacheKey(prices, "tea"), as: Int.self) { shop.price(of: "tea") }
    shop.setPrice(of: "tea", to: 120)
    await poller.poll()
    let after = try await cache.value(for: CacheKey(prices, "tea"), as: Int.self) { shop.price(of: "tea") }
    return [before, after].compactMap(\.self)
}
