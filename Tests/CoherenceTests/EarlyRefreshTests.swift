import Caching
import CoherenceHarness
import NIOCore
import Synchronization
import TestSupport
import Testing

@Suite struct `Early refresh` {
    private final class Hands: Sendable {
        let time = Mutex(Duration.zero)
        let loads = Mutex(0)
    }

    @Test func `loads anew, also where a shared tier still has the entry that is to be refreshed`() async throws {
        let hands = Hands()
        let clock = CacheClock(
            now: { CacheInstant(sinceStart: hands.time.withLock { $0 }) },
            wallTime: { Int64(hands.time.withLock { $0 } / .milliseconds(1)) },
            sleep: { try await Task.sleep(for: $0) })
        let cache = CacheManager(capacity: 1 << 20, shared: MemorySharedStore(), clock: clock, random: { 0.5 })
        let things = CacheNamespace("things", timeToLive: .seconds(1000), staleTime: .seconds(1000))
        let ask: @Sendable () async throws -> String = {
            let answer = try await cache.answer(for: CacheKey(things, "a")) {
                let load = hands.loads.withLock { loads in
                    loads += 1
                    return loads
                }
                return CacheFill(body: ByteBuffer(string: "load \(load)"), contentType: "text/plain")
            }
            return String(buffer: answer.entry.body)
        }
        #expect(try await ask() == "load 1")
        hands.time.withLock { $0 = .seconds(899) }
        #expect(try await ask() == "load 1")
        #expect(hands.loads.withLock { $0 } == 1)
        // In the last tenth of its time to live it is served once more, and refreshed behind the scenes.
        hands.time.withLock { $0 = .seconds(950) }
        #expect(try await ask() == "load 1")
        try await eventually("the entry is refreshed") { try await ask() == "load 2" }
        #expect(hands.loads.withLock { $0 } == 2)
        hands.time.withLock { $0 = .seconds(1100) }
        #expect(try await ask() == "load 2")
    }
}
