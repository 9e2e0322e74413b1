import Caching
import Observability
import Synchronization

/// What addresses were answered with: the ones asked for last, as they stood in requests.
final class LaneTargets: Sendable {
    final class Target: Sendable {
        let key: CacheKey
        /// The address as the router has it.
        let route: String?
        /// What its answers to GET are counted in.
        let series: RequestMetrics.Series
        fileprivate let bytes: [UInt8]

        fileprivate init(_ key: CacheKey, route: String?, series: RequestMetrics.Series, bytes: [UInt8]) {
            self.key = key
            self.route = route
            self.series = series
            self.bytes = bytes
        }
    }

    /// A moment before something was answered.
    struct Lesson {
        fileprivate let number: UInt64
    }

    private final class Shard: Sendable {
        let targets = Mutex(RecencyTable<Int, Target?>(capacity: LaneTargets.capacity / LaneTargets.shardCount))
    }

    private static let capacity = 1 << 15
    private static let shardCount = 16
    /// Longer addresses are the router's.
    static let longest = 512

    private let shards = (0..<shardCount).map { _ in Shard() }
    /// Grows when what addresses mean may change.
    private let lessons = Atomic<UInt64>(0)

    func lesson() -> Lesson { Lesson(number: lessons.load(ordering: .acquiring)) }

    /// - Parameters:
    ///   - target: as it stood in the request.
    ///   - lesson: taken before it was known what the address asks for.
    func learn(_ target: String, _ key: CacheKey, route: String?, series: RequestMetrics.Series, _ lesson: Lesson) {
        let bytes = Array(target.utf8)
        guard bytes.count <= Self.longest else { return }
        let hash = bytes.withUnsafeBytes(Self.hash)
        shard(hash).targets.withLock { targets in
            guard lessons.load(ordering: .acquiring) == lesson.number else { return }
            targets.update(hash, from: nil) { $0 = Target(key, route: route, series: series, bytes: bytes) }
        }
    }

    func forgetAll() {
        lessons.wrappingAdd(1, ordering: .acquiringAndReleasing)
        for shard in shards { shard.targets.withLock { $0 = RecencyTable(capacity: $0.capacity) } }
    }

    /// What is known of an address. To look it up is no use of it: what many ask for is learnt again when it was forgotten.
    func find(_ bytes: UnsafeRawBufferPointer) -> Target? {
        let hash = Self.hash(bytes)
        let found = shard(hash).targets.withLock { $0.updateIfPresent(hash) { $0 } }
        guard let target = found ?? nil, target.bytes.elementsEqual(bytes) else { return nil }
        return target
    }

    private func shard(_ hash: Int) -> Shard { shards[hash & (Self.shardCount - 1)] }

    private static func hash(_ bytes: UnsafeRawBufferPointer) -> Int {
        var hasher = Hasher()
        hasher.combine(bytes: bytes)
        return hasher.finalize()
    }
}
