import Compression
import Foundation
import NIOCore
import TestSupport
import Testing

@testable import Caching

/// Bodies in codings: made once, kept beside the body, as long as that is there.
@Suite struct `Codings` {
    private static let text = String(repeating: "In the name of testing. ", count: 500)
    private let key = CacheKey(.shared("texts"), "one")

    private func fill(_ text: String = Self.text) -> CacheFill {
        CacheFill(body: ByteBuffer(string: text), contentType: "text/plain", entityTag: "a")
    }

    @Test func `a coding is made once, kept, and unpacked to the same bytes`() async throws {
        let cache = CacheManager(capacity: 16 << 20)
        let answer = try await cache.answer(for: key) { self.fill() }
        for (coding, tool) in [(ContentCoding.gzip, ["gzip", "-dc"]), (.brotli, ["brotli", "-dc"])] {
            let encoded = try await withThrowingTaskGroup(of: ByteBuffer?.self) { group in
                for _ in 0..<20 {
                    group.addTask { try await cache.encoded(answer, as: coding).entry.codings[coding] }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(Set(encoded.map { $0.map(Array.init) }).count == 1)
            let bytes = try #require(encoded.first ?? nil)
            #expect(bytes.readableBytes < Self.text.utf8.count / 10)
            let file = TemporaryFolder.unique("coded")
            try Data(bytes.readableBytesView).write(to: file)
            #expect(try await Command.run(tool + [file.path]) == Self.text)
        }
        let kept = try await cache.answer(for: key) { throw TestFailure("it is there") }
        #expect(Set(kept.entry.codings.keys) == [.gzip, .brotli] && kept.entry.body == answer.entry.body)
        #expect(cache.statistics.bytes > answer.entry.cost(key: key))
    }

    @Test func `a coding of what is gone, or was replaced, is not kept`() async throws {
        let cache = CacheManager(capacity: 16 << 20)
        let old = try await cache.answer(for: key) { self.fill() }
        await cache.delete(key)
        #expect(try await cache.encoded(old, as: .gzip).entry === old.entry)
        #expect(await cache.exists(key) == false)
        let new = try await cache.answer(for: key) { self.fill("other " + Self.text) }
        #expect(try await cache.encoded(old, as: .gzip).entry === old.entry)
        #expect(try await cache.answer(for: key) { self.fill() }.entry === new.entry)
    }

    @Test func `what there is no room for in a coding stays as it is`() async throws {
        // A shard has room for the body, and not for much more.
        let cache = CacheManager(capacity: 8 * 80_000)
        let random = (0..<48_000).map { _ in UInt8.random(in: 0...255) }
        let fill = CacheFill(body: ByteBuffer(bytes: random), contentType: "text/plain")
        let answer = try await cache.answer(for: key) { fill }
        #expect(try await cache.encoded(answer, as: .brotli).entry === answer.entry)
        let again = try await cache.answer(for: key) { throw TestFailure("it is there") }
        #expect(again.source == .memory)
    }

    @Test func `a hit is offered only while it is fresh, and counts only if it is taken`() async throws {
        let time = ManualClock()
        let namespace = CacheNamespace("brief", timeToLive: .seconds(100), staleTime: .seconds(100))
        let cache = CacheManager(clock: time.clock, random: { 0.5 })
        let key = CacheKey(namespace, "one")
        #expect(cache.offerHit(for: key) { _ in true } == .declined)
        _ = try await cache.answer(for: key) { self.fill() }
        #expect(cache.offerHit(for: key) { _ in false } == .declined)
        #expect(cache.statistics.total[.memoryHit] == 0)
        #expect(cache.offerHit(for: key) { $0.staleness == nil && $0.entry.entityTag == "a" } == .taken)
        #expect(cache.statistics.total[.memoryHit] == 1)
        // It is to be refreshed, which someone who waits has to begin.
        time.advance(by: .seconds(95))
        #expect(cache.offerHit(for: key) { _ in true } == .declined)
        time.advance(by: .seconds(10))
        #expect(cache.offerHit(for: key) { _ in true } == .declined)
    }
}
