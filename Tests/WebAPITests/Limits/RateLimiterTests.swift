import Foundation
import Logging
import NIOPosix
import Redis
import Synchronization
import TestSupport
import Testing

@testable import WebAPI

/// The bucket of tokens, by itself.
@Suite struct `Rate limits` {
    private static let second: Int64 = 1_000_000_000

    /// A clock that stands still until it is moved, in nanoseconds.
    private final class Clock: Sendable {
        private let time = Mutex<Int64>(5_000_000_000)
        var now: Int64 { time.withLock { $0 } }
        func advance(by nanoseconds: Int64) { time.withLock { $0 += nanoseconds } }
    }

    private static func limiter(
        _ text: String, _ clock: Clock, capacity: Int = 100, isShared: Bool = false, name: String = "address"
    ) throws -> RateLimiter {
        RateLimiter(
            name, try #require(RateLimit(text)), capacity: capacity, isShared: isShared, now: { clock.now })
    }

    private static let key = RateLimitKey(high: 1, low: 2)

    @Test(arguments: ["200/s,1000", "1/s,1", "60/m,1", "5/h,10", "1000000/s,1000000"])
    func `a limit is tokens in a time and those of a bucket`(text: String) { #expect(RateLimit(text) != nil) }

    @Test(arguments: [
        "", "200", "200/s", "200/s,", "/s,1", "200/s,0", "0/s,5", "-1/s,5", "+1/s,5", "1.5/s,5", "1/d,5", "1/s,5,6",
        " 1/s,5", "1/s, 5", "1/S,5", "1000001/s,5", "1/s,1000001", "99999999999999999999/s,5", "１/s,5", "off",
    ])
    func `anything else is none`(text: String) { #expect(RateLimit(text) == nil) }

    @Test func `a full bucket is let pass at once, and then what comes back`() throws {
        let clock = Clock()
        let limiter = try Self.limiter("2/s,3", clock)
        for left in [2, 1, 0] {
            let decision = limiter.take(for: Self.key)
            #expect(decision.isAllowed && decision.remaining == left)
        }
        let refused = limiter.take(for: Self.key)
        #expect(!refused.isAllowed && refused.remaining == 0)
        #expect(refused.retryAfter == .milliseconds(500) && refused.fullIn == .milliseconds(1500))
        #expect(limiter.take(for: RateLimitKey(high: 1, low: 3)).isAllowed, "others have buckets of their own")
        clock.advance(by: Self.second / 2)
        #expect(limiter.take(for: Self.key).isAllowed)
        #expect(!limiter.take(for: Self.key).isAllowed)
        clock.advance(by: 3600 * Self.second)
        #expect(limiter.take(for: Self.key).remaining == 2, "a bucket gets no fuller than full")
    }

    @Test func `what is charged beyond an empty bucket is waited for, up to two buckets`() throws {
        let clock = Clock()
        let limiter = try Self.limiter("1/s,10", clock)
        for _ in 1...100 { limiter.charge(9, to: Self.key) }
        #expect(limiter.take(for: Self.key).retryAfter == .seconds(11))
        clock.advance(by: 11 * Self.second)
        #expect(limiter.take(for: Self.key).isAllowed)
    }

    @Test(arguments: 1...20)
    func `it decides as a bucket does that is counted token by token`(seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        let clock = Clock()
        let (rate, burst) = (Int.random(in: 1...50, using: &random), Int.random(in: 1...40, using: &random))
        let limiter = try Self.limiter("\(rate)/s,\(burst)", clock)
        let interval = limiter.limit.interval
        // In nanoseconds' worth, so that the model is exact.
        var tokens: [Int: Int64] = [:]
        for _ in 1...5000 {
            let step = Int64.random(in: 0...3, using: &random) * Int64.random(in: 0...interval, using: &random)
            clock.advance(by: step)
            for client in tokens.keys {
                tokens[client] = min(Int64(burst) * interval, (tokens[client] ?? 0) + step)
            }
            let client = Int.random(in: 0..<5, using: &random)
            let cost = Int.random(in: 1...4, using: &random)
            let before = tokens[client, default: Int64(burst) * interval]
            let decision = limiter.take(cost, for: RateLimitKey(high: 0, low: UInt64(client)))
            #expect(decision.isAllowed == (before >= Int64(cost) * interval))
            let after = decision.isAllowed ? before - Int64(cost) * interval : before
            tokens[client] = after
            #expect(decision.remaining == Int(after / interval))
        }
    }

    @Test func `a million clients take the room of the table, and those seen last are remembered`() throws {
        let clock = Clock()
        let limiter = try Self.limiter("1/s,1", clock, capacity: 1000)
        let last = RateLimitKey(high: 9, low: 9)
        for number in 0..<1_000_000 {
            if number % 500 == 0 { _ = limiter.take(for: last) }
            _ = limiter.take(for: RateLimitKey(high: 0, low: UInt64(number)))
        }
        #expect(limiter.clients == 1000)
        #expect(!limiter.take(for: last).isAllowed)
        #expect(!limiter.take(for: RateLimitKey(high: 0, low: 999_999)).isAllowed)
        #expect(limiter.take(for: RateLimitKey(high: 0, low: 1)).isAllowed, "forgotten, and begins anew")
    }

    @Test(arguments: 1...10)
    func `a table of bounded size forgets what was used longest ago`(seed: UInt64) {
        var random = SplitMix(seed: seed)
        let capacity = Int.random(in: 1...8, using: &random)
        var table = RecencyTable<Int, Int>(capacity: capacity)
        var model: [(key: Int, value: Int)] = []
        for _ in 1...5000 {
            let key = Int.random(in: 0..<12, using: &random)
            if Bool.random(using: &random) {
                let place = model.firstIndex { $0.key == key }
                let old = place.map { model.remove(at: $0).value } ?? 0
                model.append((key, old + 1))
                if model.count > capacity { model.removeFirst() }
                table.update(key, from: 0) { $0 += 1 }
            } else {
                #expect(table.updateIfPresent(key) { $0 } == model.first { $0.key == key }?.value)
            }
            #expect(table.count == model.count)
        }
    }

    /// What instances share, without a server.
    private final class Store: RateLimitStore {
        private let clock: Clock
        private let full = Mutex<[String: Int64]>([:])
        let isDown = Atomic(false)

        init(_ clock: Clock) { self.clock = clock }

        func add(_ debts: [(name: String, debt: Int64)], upTo most: Int64) async throws -> [Int64] {
            guard !isDown.load(ordering: .relaxed) else { throw CocoaError(.fileReadUnknown) }
            return full.withLock { full in
                debts.map { name, debt in
                    let sum = min(max(full[name] ?? 0, clock.now) + debt, clock.now + most)
                    full[name] = sum
                    return sum - clock.now
                }
            }
        }
    }

    @Test(arguments: 1...10)
    func `instances let pass a bucket each at most, and together no more than one in the long run`(seed: UInt64)
        async throws
    {
        var random = SplitMix(seed: seed)
        let clock = Clock()
        let store = Store(clock)
        let count = 4
        let limiters = try (0..<count).map { _ in try Self.limiter("10/s,20", clock, isShared: true) }
        let exchanges = limiters.map {
            RateLimitExchange([$0], store: store, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        }
        var passed = 0
        let began = clock.now
        for step in 1...2000 {
            clock.advance(by: 10_000_000)
            for _ in 1...3 {
                if limiters[Int.random(in: 0..<count, using: &random)].take(for: Self.key).isAllowed { passed += 1 }
            }
            if step % 5 == 0 { for exchange in exchanges { try await exchange.exchange() } }
            let seconds = Double(clock.now - began) / Double(Self.second)
            #expect(Double(passed) <= Double(count * 20) + 10 * seconds + 1)
        }
        // Without the exchange it would be four times as much.
        let seconds = Double(clock.now - began) / Double(Self.second)
        #expect(Double(passed) <= 10 * seconds + 20 * Double(count))
        #expect(Double(passed) >= 10 * seconds)
    }

    @Test func `while the store is down each instance goes on alone`() async throws {
        let clock = Clock()
        let store = Store(clock)
        let limiter = try Self.limiter("1/s,5", clock, isShared: true)
        let exchange = RateLimitExchange(
            [limiter], store: store, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        store.isDown.store(true, ordering: .relaxed)
        for _ in 1...5 { #expect(limiter.take(for: Self.key).isAllowed) }
        await #expect(throws: CocoaError.self) { try await exchange.exchange() }
        #expect(!limiter.take(for: Self.key).isAllowed)
        store.isDown.store(false, ordering: .relaxed)
        try await exchange.exchange()
        clock.advance(by: Self.second)
        #expect(limiter.take(for: Self.key).isAllowed)
    }

    @Test func `after an outage nobody owes for what all limiters let pass in it`() async throws {
        let clock = Clock()
        let store = Store(clock)
        let limiters = try ["address", "user"].map {
            try Self.limiter("10/s,20", clock, isShared: true, name: $0)
        }
        let exchange = RateLimitExchange(
            limiters, store: store, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        func expectPassed() {
            for limiter in limiters { #expect(limiter.take(for: Self.key).isAllowed) }
            clock.advance(by: Self.second / 10)
        }
        store.isDown.store(true, ordering: .relaxed)
        for step in 1...600 {
            expectPassed()
            if step % 5 == 0 { await #expect(throws: CocoaError.self) { try await exchange.exchange() } }
        }
        store.isDown.store(false, ordering: .relaxed)
        for _ in 1...100 {
            try await exchange.exchange()
            expectPassed()
        }
    }

    @Test func `what is untold is of those who are remembered`() throws {
        let limiter = try Self.limiter("1/s,1", Clock(), capacity: 10, isShared: true)
        for number in 0..<1000 { _ = limiter.take(for: RateLimitKey(high: 0, low: UInt64(number))) }
        #expect(limiter.untoldClients == 10)
        #expect(limiter.takeUntold(upTo: 100).map(\.debt) == Array(repeating: Self.second, count: 10))
    }

    @Test func `what is told is what was charged`() throws {
        let limiter = try Self.limiter("1/s,10", Clock(), isShared: true)
        for _ in 1...100 { limiter.charge(9, to: Self.key) }
        #expect(limiter.takeUntold(upTo: 100).map(\.debt) == [20 * Self.second])
    }

    @Test func `no debt that others tell of is deeper than two buckets`() throws {
        let clock = Clock()
        let limiter = try Self.limiter("1/h,1000000", clock, isShared: true)
        for _ in 1...10 { limiter.charge(1_000_000, to: Self.key) }
        limiter.adopt(.max, for: Self.key)
        #expect(limiter.take(for: Self.key).fullIn == .seconds(2 * 3600 * 1_000_000))
    }

    @Test func `nor is one that Redis keeps, even if its clock was ahead`() async throws {
        try await PrivateRedis.run { redis in
            let client = try RedisClient(
                configuration: try RedisConfiguration(url: redis.url),
                eventLoopGroup: MultiThreadedEventLoopGroup.singleton,
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await client.run() }
                try await eventually("the client is connected") { client.statistics.connected > 0 }
                let store = RedisRateLimitStore(client)
                let most = 2 * 3600 * 1_000_000 * Self.second
                for _ in 1...3 {
                    let debts = try await store.add([("a", most)], upTo: most)
                    #expect(debts.allSatisfy { (0...most).contains($0) } && debts.count == 1)
                }
                _ = try await redis.command("SET", "b", "9000000000000000")
                let debts = try await store.add([("b", Self.second)], upTo: 4 * Self.second)
                #expect(debts == [4 * Self.second])
                group.cancelAll()
            }
        }
    }
}
