import ArgumentParser
import Caching
import CoherenceHarness
import Foundation
import NIOCore
import NIOPosix
import Redis
import TestSupport

struct RedisBenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "redis",
        abstract: "The Redis client against redis-benchmark, and a hit in the shared tier against a plain GET.",
        discussion: """
            Rounds of both sides take turns; the table shows medians, their spread (least and greatest), and the ratio of \
            the medians.
            """)

    @Option(help: "Rounds of each.")
    var rounds = 5

    @Option(help: "Requests of each round.")
    var requests = 100_000

    @Option(help: "Bytes of the value.")
    var size = 8192

    private static let key = "bench"

    /// One operation of the task with a number; gives the bytes that it got.
    private typealias Work = @Sendable (Int) async throws -> Int

    func run() async throws {
        try await PrivateRedis.run { redis in
            var configuration = try RedisConfiguration(url: redis.url)
            configuration.commandTimeout = .seconds(5)
            let client = try RedisClient(
                configuration: configuration, eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: .silent)
            let running = Task { try await client.run() }
            defer { running.cancel() }
            try await eventually("Redis is connected") {
                client.statistics.connected == client.statistics.connections
            }
            try await client.set(Self.key, ByteBuffer(repeating: 0x61, count: size))
            try await compare(redis, client)
        }
    }

    private func compare(_ redis: PrivateRedis, _ client: RedisClient) async throws {
        let cache = CacheManager(capacity: 0, shared: RedisStore(client))
        // A key for each task: those who ask for one key at once would share one lookup.
        let keys = (0..<64).map { CacheKey(.shared("bench"), "\($0)") }
        let tags = ["all", "namespace:bench", "surah:2", "translation:en.pickthall"].map {
            (CacheTag($0), CacheVersion(7))
        }
        let fill = CacheFill(
            body: ByteBuffer(repeating: 0x61, count: size), contentType: "application/json",
            entityTag: String(repeating: "e", count: 32), versions: Dictionary(uniqueKeysWithValues: tags))
        await cache.set(Dictionary(uniqueKeysWithValues: keys.map { ($0, fill) }))
        let get: Work = { _ in try await client.get(Self.key)?.readableBytes ?? 0 }
        let batch = Array(repeating: RedisCommand("GET", key: Self.key), count: 16)
        let pipeline: Work = { _ in
            var bytes = 0
            for reply in await client.pipeline(batch) { bytes += try reply.get().bytes()?.readableBytes ?? 0 }
            return bytes
        }
        let hit: Work = { task in
            let answer = try await cache.answer(for: keys[task]) { throw TestFailure("the entry is gone") }
            guard answer.source == .shared else { throw TestFailure("not from the shared tier") }
            return answer.entry.body.readableBytes
        }
        print("\(size) bytes; operations per second; medians of \(rounds) rounds (least–greatest)")
        print("GET, one at a time:         ", terminator: "")
        try await duel(
            peer: { try await benchmark(redis, "-c", "1", "-n", "\(requests / 4)") },
            own: { try await rate(requests / 4, tasks: 1, get) })
        print("GET, 64 tasks / 64 clients: ", terminator: "")
        try await duel(
            peer: { try await benchmark(redis, "-c", "64", "-n", "\(requests)") },
            own: { try await rate(requests, tasks: 64, get) })
        print("GET, pipelines of 16, 4×:   ", terminator: "")
        try await duel(
            peer: { try await benchmark(redis, "-c", "4", "-P", "16", "-n", "\(requests)") },
            own: { try await rate(requests / 16, tasks: 4, pipeline) * 16 })
        print("shared hit / GET, 1 task:   ", terminator: "")
        try await duel(
            peer: { try await rate(requests / 4, tasks: 1, get) }, own: { try await rate(requests / 4, tasks: 1, hit) })
        print("shared hit / GET, 64 tasks: ", terminator: "")
        try await duel(
            peer: { try await rate(requests, tasks: 64, get) }, own: { try await rate(requests, tasks: 64, hit) })
        print("processor time: GET \(try await cost(requests, get)), shared hit \(try await cost(requests, hit))")
    }

    /// The processor time of this process, per operation: what a busy machine does not change much.
    private func cost(_ count: Int, _ work: @escaping Work) async throws -> String {
        let before = clock()
        _ = try await rate(count, tasks: 64, work)
        let seconds = Double(clock() - before) / Double(CLOCKS_PER_SEC)
        return String(format: "%.1f µs", seconds / Double(count) * 1e6)
    }

    private func duel(peer: () async throws -> Double, own: () async throws -> Double) async throws {
        var (peers, owns) = ([Double](), [Double]())
        // One round of each is thrown away.
        for _ in 0...rounds {
            peers.append(try await peer())
            owns.append(try await own())
        }
        let (theirs, ours) = (Spread(peers.dropFirst()), Spread(owns.dropFirst()))
        print("own \(ours), peer \(theirs): \(String(format: "%.2f", ours.median / theirs.median))×")
    }

    private func rate(_ count: Int, tasks: Int, _ work: @escaping Work) async throws -> Double {
        let start = ContinuousClock.now
        try await withThrowingTaskGroup(of: Void.self) { group in
            for task in 0..<tasks {
                group.addTask {
                    for _ in 0..<count / tasks where try await work(task) < size { throw TestFailure("a short answer") }
                }
            }
            try await group.waitForAll()
        }
        return Double(count / tasks * tasks) / (start.duration(to: .now) / .seconds(1))
    }

    private func benchmark(_ redis: PrivateRedis, _ arguments: String...) async throws -> Double {
        let output = try await Command.run(
            ["redis-benchmark", "-p", "\(redis.port)", "-a", "private-secret", "--csv"] + arguments + ["GET", Self.key])
        guard let line = output.split(separator: "\n").last(where: { $0.hasPrefix("\"GET") }),
            let rate = Double(line.split(separator: "\"")[2...].first { Double($0) != nil } ?? "")
        else { throw TestFailure("redis-benchmark said \(output)") }
        return rate
    }
}

/// Measurements of one thing.
struct Spread: CustomStringConvertible {
    let sorted: [Double]

    init(_ values: some Sequence<Double>) { sorted = values.sorted() }

    var median: Double { sorted[sorted.count / 2] }

    var description: String { "\(Int(median)) (\(Int(sorted[0]))–\(Int(sorted[sorted.count - 1])))" }
}
