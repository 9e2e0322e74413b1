import Compression
import Foundation
import NIOCore
import TestSupport
import Testing

@testable import Caching

@Suite struct EntryCodecTests {
    private let now = CacheInstant(sinceStart: .seconds(1000))
    private let wallTime: Int64 = 1_800_000_000_000

    private func entry(body: String = "{\"a\": 1}", isNegative: Bool = false) -> CacheEntry {
        let fill = CacheFill(
            body: ByteBuffer(string: body), contentType: "application/json", entityTag: "0a1b", isNegative: isNegative,
            versions: [CacheTag("surah:2"): CacheVersion(7), CacheTag("quran:uthmani"): CacheVersion(.max)],
            readAt: FeedPosition(42), changedAt: 1_790_000_000)
        let codings: [ContentCoding: ByteBuffer] =
            body.utf8.count < 8 ? [:] : [.brotli: ByteBuffer(string: "b"), .gzip: ByteBuffer(string: "gz")]
        return CacheEntry(
            fill, codings: codings, filledAt: now - .seconds(10), timeToLive: .seconds(604_800), staleTime: .seconds(60)
        )
    }

    @Test(arguments: ["", "{\"a\": 1}", String(repeating: "سورة ", count: 50_000)], [true, false])
    func `what is encoded is decoded on a machine with another clock`(body: String, isNegative: Bool) throws {
        let entry = entry(body: body, isNegative: isNegative)
        let encoded = EntryCodec.encode(entry, now: now, wallTime: wallTime)
        let elsewhere = CacheInstant(sinceStart: .seconds(5))
        let decoded = try #require(EntryCodec.decode(encoded, now: elsewhere, wallTime: wallTime + 2000))
        #expect(decoded.body == entry.body)
        #expect(decoded.contentType == entry.contentType && decoded.entityTag == entry.entityTag)
        #expect(decoded.isNegative == isNegative)
        #expect(decoded.codings == entry.codings && decoded.changedAt == entry.changedAt)
        #expect(decoded.tagNames == "quran:uthmani surah:2")
        #expect(decoded.versions == entry.versions && decoded.readAt == entry.readAt)
        #expect(elsewhere - decoded.filledAt == .seconds(12))
        #expect(decoded.timeToLive == entry.timeToLive && decoded.staleTime == entry.staleTime)
    }

    @Test func `an entry from a clock that is ahead is new, not younger`() throws {
        let encoded = EntryCodec.encode(entry(), now: now, wallTime: wallTime)
        let decoded = try #require(EntryCodec.decode(encoded, now: now, wallTime: wallTime - 3_600_000))
        #expect(decoded.filledAt == now)
    }

    @Test func `a changed bit anywhere is a miss`() {
        let bytes = Array(EntryCodec.encode(entry(), now: now, wallTime: wallTime).readableBytesView)
        for index in bytes.indices {
            for bit in 0..<8 {
                var damaged = bytes
                damaged[index] ^= 1 << bit
                #expect(EntryCodec.decode(ByteBuffer(bytes: damaged), now: now, wallTime: wallTime) == nil)
            }
        }
    }

    @Test func `a part of an entry, more than an entry, and foreign bytes are misses`() {
        let bytes = Array(EntryCodec.encode(entry(), now: now, wallTime: wallTime).readableBytesView)
        for length in 0..<bytes.count {
            #expect(EntryCodec.decode(ByteBuffer(bytes: bytes[..<length]), now: now, wallTime: wallTime) == nil)
        }
        #expect(EntryCodec.decode(ByteBuffer(bytes: bytes + [0]), now: now, wallTime: wallTime) == nil)
        #expect(EntryCodec.decode(ByteBuffer(string: "{\"surah\": 2}"), now: now, wallTime: wallTime) == nil)
    }

    /// `TEST_PARSER_ROUNDS` asks for more than the 10,000 of an ordinary run.
    @Test func `mutated headers, with a checksum that is right, are misses or whole entries`() {
        let rounds = ProcessInfo.processInfo.environment["TEST_PARSER_ROUNDS"].flatMap { Int($0) } ?? 10_000
        var random = SplitMix(seed: 3)
        let original = entry(body: "{}")
        let whole = Array(EntryCodec.encode(original, now: now, wallTime: wallTime).readableBytesView)
        let body = Array(original.body.readableBytesView)
        let header = Array(whole.dropLast(body.count + 8))
        let edges: [UInt8] = [0, 1, 0x7F, 0x80, 0xFE, 0xFF]
        for _ in 0..<rounds {
            var mutated = header
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                let index = Int.random(in: 0..<max(1, mutated.count), using: &random)
                switch Int.random(in: 0..<8, using: &random) {
                case 0: mutated.removeSubrange(min(index, mutated.count)...)
                case 1: mutated.insert(edges.randomElement(using: &random) ?? 0, at: min(index, mutated.count))
                case 2 where index < mutated.count: mutated.remove(at: index)
                case 3..<6 where index < mutated.count: mutated[index] = edges.randomElement(using: &random) ?? 0
                default:
                    guard index < mutated.count else { continue }
                    mutated[index] = UInt8.random(in: 0...255, using: &random)
                }
            }
            var encoded = ByteBuffer(bytes: mutated)
            encoded.writeInteger(Checksum.of(ByteBuffer(bytes: body), seed: Checksum.of(encoded)))
            encoded.writeBytes(body)
            guard let decoded = EntryCodec.decode(encoded, now: now, wallTime: wallTime) else { continue }
            // What is taken for an entry is one: the body of the length that was announced, and times that can be used.
            #expect(decoded.body.readableBytes <= encoded.readableBytes)
            #expect(decoded.filledAt <= now && decoded.expiresAt >= decoded.filledAt)
            #expect(decoded.servableUntil >= decoded.expiresAt)
        }
    }

    @Test func `the checksum is the published one`() {
        // XXH3 of 64 bits, as xxhsum -H3 prints it.
        #expect(Checksum.of(ByteBuffer()) == 0x2D06_8005_38D3_94C2)
        #expect(Checksum.of(ByteBuffer(string: "123456789")) != Checksum.of(ByteBuffer(string: "123456789"), seed: 1))
    }
}
