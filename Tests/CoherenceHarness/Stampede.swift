public import Caching
import NIOCore
public import Redis
import ServiceLifecycle
import Synchronization

/// Many who ask for one cold key at once, of several instances.
public struct Stampede: Sendable {
    public struct Report: Sendable, CustomStringConvertible {
        public let requests: Int
        /// How often the origin was asked.
        public let loads: Int
        public let median: Duration
        public let p99: Duration
        public let slowest: Duration

        public var description: String {
            let milliseconds = { (time: Duration) in "\(Int(time / .milliseconds(1))) ms" }
            return """
                \(requests) requests, \(loads) loads; median \(milliseconds(median)), p99 \(milliseconds(p99)), \
                slowest \(milliseconds(slowest))
                """
        }
    }

    private final class Loads: Sendable {
        let count = Atomic(0)
    }

    private let requests: Int
    private let origin: Duration
    private let caches: [CacheManager]

    /// - Parameters:
    ///   - origin: how long the origin takes.
    ///   - stores: each instance's shared tier, if it has one.
    public init(requests: Int = 1000, origin: Duration = .milliseconds(200), stores: [(any SharedStore)?]) {
        self.requests = requests
        self.origin = origin
        caches = stores.map { CacheManager(capacity: 16 << 20, shared: $0) }
    }

    /// Runs `body` with a stampede on four instances that share a Redis, once they are connected.
    public static func sharing<Value>(
        _ configuration: RedisConfiguration, _ body: (Stampede) async throws -> Value
    ) async throws -> Value {
        let tiers = try (0..<4).map { _ in try Tier.redis(configuration)({ _ in }) }
        let running = tiers.flatMap(\.services).map { service in Task { try await service.run() } }
        defer { for service in running { service.cancel() } }
        for tier in tiers { try await tier.connected() }
        return try await body(Stampede(stores: tiers.map(\.store)))
    }

    /// - Parameter id: of a key that is cold in every tier.
    public func run(id: String) async throws -> Report {
        let loads = Loads()
        let key = CacheKey(.shared("stampede"), id)
        let times = try await withThrowingTaskGroup(of: Duration.self) { group in
            for request in 0..<requests {
                group.addTask { [origin] in
                    let start = ContinuousClock.now
                    _ = try await caches[request % caches.count].answer(for: key) {
                        loads.count.add(1, ordering: .relaxed)
                        try await Task.sleep(for: origin)
                        return CacheFill(body: ByteBuffer(string: "value"), contentType: "text/plain")
                    }
                    return start.duration(to: .now)
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }.sorted()
        }
        return Report(
            requests: requests, loads: loads.count.load(ordering: .relaxed), median: times[times.count / 2],
            p99: times[times.count * 99 / 100], slowest: times[times.count - 1])
    }
}
