import Foundation
import Quran
import TestSupport
import Testing

/// What `docs/search-vectors.json` promises to other implementations.
@Suite struct `The published vectors of the search` {
    private struct Vectors: Decodable {
        struct Word: Decodable {
            let folded: String
            let loose: String
            let range: [Int]
        }

        struct Folding: Decodable {
            let text: String
            let words: [Word]
        }

        struct Query: Decodable {
            let text: String
            let query: String
        }

        let version: Int
        let folding: [Folding]
        let queries: [Query]
    }

    private static func vectors() throws -> Vectors {
        try JSONDecoder().decode(
            Vectors.self, from: Data(contentsOf: Repository.root.appending(path: "docs/search-vectors.json")))
    }

    @Test func `are of this version, and many`() throws {
        let vectors = try Self.vectors()
        #expect(vectors.version == SearchFolding.version)
        #expect(vectors.folding.count >= 40 && vectors.queries.count >= 10)
    }

    @Test func `hold`() throws {
        let vectors = try Self.vectors()
        for vector in vectors.folding {
            let found = SearchFolding.words(of: vector.text).map { word in
                "\(word.folded)/\(word.loose) \(word.range)"
            }
            let expected = vector.words.map { "\($0.folded)/\($0.loose) \($0.range[0]..<$0.range[1])" }
            #expect(found.map { Array($0.utf8) } == expected.map { Array($0.utf8) }, "\(vector.text): \(found)")
        }
        for vector in vectors.queries {
            let query = try SearchQuery(vector.text).description
            #expect(Array(query.utf8) == Array(vector.query.utf8), "\(vector.text): \(query)")
        }
    }

    @Test func `are the same for who remembers what was folded`() throws {
        let texts =
            try Self.vectors().folding.map(\.text) + ["e\u{301}cole école  e\u{301}cole", " ", "", "a \u{6D6} b"]
        var memo = FoldingMemo()
        for text in texts + [texts.joined(separator: " ")] + texts {
            #expect(memo.words(of: text) == SearchFolding.words(of: text), "\(text)")
        }
    }
}
