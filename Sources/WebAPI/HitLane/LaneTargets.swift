import Caching
import Observability
import Synchronization

/// What addresses were answered with: the ones asked for last, as they stood in requests.
final class LaneTargets: Sendable {
    final class Target: Sendable {
        let key: CacheKey
        /// The address as the router has it.
        let route: String?
        /// What its answers to GET are counted in: those with a body, and those without one.
        let series: RequestMetrics.Series
        let notModified: RequestMetrics.Series
        /// By which structure the address was understood.
        fileprivate let generation: UInt64
        fileprivate let bytes: [UInt8]

        fileprivate init(
            _ key: CacheKey, route: String?, metrics: RequestMetrics, generation: UInt64, bytes: [UInt8]
        ) {
            self.key = key
            self.route = route
            series = metrics.series(method: "GET", route: route, status: 200)
            notModified = metrics.series(method: "GET", route: route, status: 304)
            self.generation = generation
            self.bytes = bytes
        }
    }

    private final class Shard: Sendable {
        let targets = Mutex(RecencyTable<Int, Target?>(capacity: LaneTargets.capacity / LaneTargets.shardCount))
    }

    /// More than there are ayahs; they take up to 10 MB.
    private static let capacity = 1 << 14
    private static let shardCount = 16
    /// Longer addresses are the router's.
    static let longest = 256

    private let shards = (0..<shardCount).map { _ in Shard() }

    /// - Parameters:
    ///   - target: as it stood in the request.
    ///   - generation: that of the structure, read before the address was understood.
    func learn(_ target: String, _ key: CacheKey, route: String?, metrics: RequestMetrics, generation: UInt64) {
        let bytes = Array(target.utf8)
        guard bytes.count <= Self.longest else { return }
        let hash = bytes.withUnsafeBytes(Self.hash)
        let learnt = Target(key, route: route, metrics: metrics, generation: generation, bytes: bytes)
        shard(hash).targets.withLock { $0.update(hash, from: nil) { $0 = learnt } }
    }

    /// What is known of an address. To look it up is no use of it: what many ask for is learnt again when it was forgotten.
    ///
    /// - Parameter generation: that of the structure now; what was understood by another one is not known.
    func find(_ bytes: UnsafeRawBufferPointer, generation: UInt64) -> Target? {
        let hash = Self.hash(bytes)
        let found = shard(hash).targets.withLock { $0.updateIfPresent(hash) { $0 } }
        guard let target = found ?? nil, target.generation == generation, target.bytes.elementsEqual(bytes) else {
            return nil
        }
        return target
    }

    private func shard(_ hash: Int) -> Shard { shards[hash & (Self.shardCount - 1)] }

    private static func hash(_ bytes: UnsafeRawBufferPointer) -> Int {
        var hasher = Hasher()
        hasher.combine(bytes: bytes)
        return hasher.finalize()
    }
}
