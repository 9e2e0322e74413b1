import Caching
import CoherenceHarness
import Logging
import NIOCore
import NIOPosix
import Redis
import ServiceLifecycle
import TestSupport
import Testing

@Suite struct `Patterns in Redis` {
    @Test(.timeLimit(.minutes(2))) func `remove there what they remove from memory`() async throws {
        try await PrivateRedis.run { redis in
            let tier = try RedisTier(
                RedisConfiguration(url: redis.url), eventLoopGroup: MultiThreadedEventLoopGroup.singleton,
                logger: .silent, onHint: { _ in })
            let running = tier.services.map { service in Task { try await service.run() } }
            defer { for service in running { service.cancel() } }
            try await tier.store.connected()
            var random = SplitMix(seed: 11)
            func word(_ alphabet: String, _ length: ClosedRange<Int>) -> String {
                String(
                    (0..<Int.random(in: length, using: &random)).compactMap { _ in
                        alphabet.randomElement(using: &random)
                    })
            }
            var matched = 0
            for _ in 0..<200 {
                let keys = Set((0..<12).map { _ in word("aab[]^-\\*?", 1...4) })
                let pattern = word("aab[]^-**?\\", 1...6)
                try await tier.store.set(keys.map { ($0, ByteBuffer(string: "x"), .seconds(60)) })
                let expected = keys.filter { GlobPattern(pattern).matches($0) }
                #expect(try await tier.store.delete(matching: pattern) == expected.count, "\(pattern) on \(keys)")
                matched += expected.count
                _ = try await tier.store.delete(Array(keys))
            }
            #expect(matched > 50)
        }
    }

    @Test func `an escaped text matches itself alone`() {
        for text in [#"a*b?c\d[e]^f-g"#, "", #"\"#, "quran_backend:quran:surah:2?page=2"] {
            #expect(GlobPattern(GlobPattern.escaping(text)).matches(text))
            #expect(!GlobPattern(GlobPattern.escaping(text)).matches(text + "x"))
        }
        #expect(!GlobPattern(GlobPattern.escaping("a*")).matches("ab"))
    }
}
