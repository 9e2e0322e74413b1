import Foundation
import Logging
import NIOCore
import TestSupport
import Testing

@testable import Caching

@Suite(.timeLimit(.minutes(5))) struct TypedValueTests {
    private struct Surah: Codable, Hashable {
        var number: Int
        var name: String
    }

    private let time = ManualClock()
    private let cache: CacheManager
    private let loads = Counter()

    init() { cache = CacheManager(clock: time.clock, random: { 0.5 }) }

    private func surah(_ id: String, _ value: Surah?) async throws -> Surah? {
        try await cache.value(for: things(id), as: Surah.self) { [loads] in
            loads.increment()
            return Versioned<Surah?>(value)
        }
    }

    @Test func `a value is loaded once, and comes back equal to the byte`() async throws {
        // Composed and decomposed, which Swift's == takes for the same.
        for name in ["الٓمٓ", "é", "e\u{301}", "\u{0}\"\\", ""] {
            let value = Surah(number: 2, name: name)
            #expect(try await surah(name, value) == value)
            let again = try #require(try await surah(name, nil))
            #expect(Array(again.name.utf8) == Array(name.utf8))
        }
        #expect(loads.value == 5)
    }

    @Test func `that there is no such thing is remembered, but not for long`() async throws {
        #expect(try await surah("115", nil) == nil)
        #expect(try await surah("115", Surah(number: 115, name: "")) == nil)
        time.advance(by: CachePolicy().negativeTimeToLive * 1.06)
        #expect(try await surah("115", Surah(number: 115, name: "")) != nil)
        #expect(loads.value == 2)
    }

    @Test func `a value of another shape, of another release, is loaded again`() async throws {
        await cache.set(things("2"), to: fill(#"{"number": "two"}"#))
        let value = Surah(number: 2, name: "The Cow")
        #expect(try await surah("2", value) == value)
        #expect(try await surah("2", nil) == value)
        #expect(loads.value == 1)
    }

    @Test func `an error of the loader is thrown, and one that can't be encoded too`() async throws {
        struct Broken: Error {}
        await #expect(throws: Broken.self) {
            try await cache.value(for: things("a"), as: Surah.self) { () -> Versioned<Surah> in throw Broken() }
        }
        await #expect(throws: EncodingError.self) {
            try await cache.value(for: things("b"), as: Double.self) { Versioned(Double.infinity) }
        }
        #expect(try await cache.value(for: things("b"), as: Double.self) { Versioned(1.5) } == 1.5)
    }

    @Test func `the example in the documentation is the one that is compiled here`() async throws {
        let guide = try String(contentsOf: Repository.root.appending(path: "docs/caching.md"), encoding: .utf8)
        let source = try String(
            contentsOf: Repository.root.appending(path: "Tests/CachingTests/ExampleOfUse.swift"), encoding: .utf8)
        let blocks = guide.components(separatedBy: "```swift\n").dropFirst().map {
            $0.components(separatedBy: "\n```")[0]
        }
        #expect(blocks.count == 2)
        for block in blocks { #expect(source.contains(block)) }
        #expect(try await cachedGreeting() == ["Hello, world", "Hello, world"])
        #expect(try await followedPrices() == [100, 120])
    }
}
