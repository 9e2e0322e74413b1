import ArgumentParser
import Caching
import Logging
import NIOCore
import Synchronization
import TestSupport

/// What ``HitCommand`` measures.
enum HitSubject: String, ExpressibleByArgument, CaseIterable, Encodable {
    case dictionary, tier, cache, coherent
}

/// Everything that is hit: filled once, with the same keys and bodies.
struct HitBench: Sendable {
    let poller: VersionPoller
    private let dictionary: PeerDictionary
    private let tier: MemoryTier
    private let cache: CacheManager
    private let coherent: CacheManager
    private let keys: [CacheKey]
    /// Numbers of keys, in the order in which they are asked for. A power of two of them.
    private let order: [Int]

    /// How many hits a task has between two points at which others may run, such as the poller.
    private static let batch = 10_000

    init() async {
        let namespace = CacheNamespace.shared("quran")
        keys = (1...1000).map { CacheKey(namespace, "ayah:\($0)?translations=en.pickthall") }
        let zipf = Zipf(count: keys.count, exponent: 1)
        var random = SplitMix(seed: 1)
        order = (0..<1 << 16).map { _ in zipf.rank(using: &random) }

        let clock = CacheClock.system()
        let map = VersionMap(isListed: { _ in true })
        let feed = QuietFeed(
            tags: [.all, .namespace(namespace), CacheTag("translation:en.pickthall")]
                + (1...114).map { CacheTag("surah:\($0)") })
        poller = VersionPoller(feed: feed, map: map, clock: clock, logger: Logger(label: "quran-bench")) { _ in }
        tier = MemoryTier(capacity: 128 << 20)
        cache = CacheManager(clock: clock)
        coherent = CacheManager(
            coherence: CacheManager.Coherence(map: map, feed: feed, poller: poller), clock: clock)
        await poller.poll()

        var bodies: [String: ByteBuffer] = [:]
        for (number, key) in keys.enumerated() {
            let fill = CacheFill(
                body: ByteBuffer(repeating: UInt8(ascii: "q"), count: 1500), contentType: "application/json",
                entityTag: "\(number)",
                versions: [
                    .all: QuietFeed.version, .namespace(namespace): QuietFeed.version,
                    CacheTag("surah:\(1 + number % 114)"): QuietFeed.version,
                    CacheTag("translation:en.pickthall"): QuietFeed.version,
                ], readAt: QuietFeed.position)
            let entry = CacheEntry(
                fill, filledAt: clock.now(), timeToLive: namespace.timeToLive, staleTime: namespace.staleTime)
            bodies[key.description] = fill.body
            tier.store(Resident(entry, for: key))
            await cache.set(key, to: fill)
            await coherent.set(key, to: fill)
        }
        dictionary = PeerDictionary(bodies)
    }

    /// - Parameter hits: of each thread.
    /// - Returns: nanoseconds that one thread waits for one hit.
    func time(_ subject: HitSubject, threads: Int, hits: Int) async throws -> Double {
        let start = ContinuousClock.now
        try await withThrowingTaskGroup(of: Void.self) { group in
            for thread in 0..<threads {
                group.addTask {
                    for first in stride(from: 0, to: hits, by: Self.batch) {
                        let range = first + thread * (order.count / 2)..<first + thread * (order.count / 2) + Self.batch
                        try await hit(subject, range)
                        await Task.yield()
                    }
                }
            }
            try await group.waitForAll()
        }
        let batches = (hits + Self.batch - 1) / Self.batch
        return (ContinuousClock.now - start) / .nanoseconds(1) / Double(batches * Self.batch)
    }

    private func hit(_ subject: HitSubject, _ range: Range<Int>) async throws {
        var found = 0
        let mask = order.count - 1
        switch subject {
        case .dictionary:
            for place in range {
                let body = dictionary.body(for: keys[order[place & mask]].description)
                found += body == nil ? 0 : 1
            }
        case .tier:
            for place in range {
                let resident = tier.resident(for: keys[order[place & mask]])
                found += resident == nil ? 0 : 1
            }
        case .cache:
            for place in range {
                let answer = try await cache.answer(for: keys[order[place & mask]]) { throw NoHit() }
                found += answer.staleness == nil ? 1 : 0
            }
        case .coherent:
            for place in range {
                let answer = try await coherent.answer(for: keys[order[place & mask]]) { throw NoHit() }
                found += answer.staleness == nil ? 1 : 0
            }
        }
        guard found == range.count else { throw NoHit() }
    }
}

/// What was to be a fresh hit was none: the figure would say nothing.
private struct NoHit: Error {}

/// The simplest cache that is safe to share.
private final class PeerDictionary: Sendable {
    private let bodies: Mutex<[String: ByteBuffer]>

    init(_ bodies: [String: ByteBuffer]) { self.bodies = Mutex(bodies) }

    func body(for key: String) -> ByteBuffer? { bodies.withLock { $0[key] } }
}

/// A store in which nothing changes.
private struct QuietFeed: VersionFeed {
    static let version = CacheVersion(1)
    static let position = FeedPosition(1)

    let tags: [CacheTag]

    func changes(since position: FeedPosition?) -> FeedBatch {
        FeedBatch(
            versions: position == nil ? tags.map { ($0, Self.version) } : [], position: Self.position,
            history: "quiet", isFull: position == nil)
    }

    func bump(_ tags: [CacheTag], toAtLeast least: CacheVersion) {}
}
