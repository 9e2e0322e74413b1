import Foundation
import Quran
import TestSupport
import Testing

/// The published texts, where this machine has them: three spellings of the same words.
@Suite(.enabled(if: Repository.realContent != nil, "the published files are not on this machine"))
struct `The spellings of the Quran` {
    private static func texts(_ file: String) throws -> [String] {
        let folder = try #require(Repository.realContent)
        let bytes = try Data(contentsOf: folder.appending(path: file))
        return String(decoding: bytes, as: UTF8.self).unicodeScalars.split(separator: "\n").compactMap { line in
            let fields = line.split(separator: "|", maxSplits: 2)
            return fields.count == 3 && line.first != "#" ? String(fields[2]) : nil
        }
    }

    @Test(arguments: ["quran-simple.txt", "quran-simple-clean.txt"])
    func `fold to the same words, but for less than one in a hundred`(file: String) throws {
        let (uthmani, simple) = (try Self.texts("quran-uthmani.txt"), try Self.texts(file))
        #expect(uthmani.count == 6236 && simple.count == 6236)
        var (compared, equal, left) = (0, 0, 0)
        var differing: [String: Int] = [:]
        for (uthmani, simple) in zip(uthmani, simple) {
            let (a, b) = (SearchFolding.words(of: uthmani), SearchFolding.words(of: simple))
            guard a.count == b.count else {
                left += b.count
                continue
            }
            compared += a.count
            for (a, b) in zip(a, b) {
                if a.folded == b.folded { equal += 1 } else { differing["\(a.folded) \(b.folded)", default: 0] += 1 }
            }
        }
        print(
            """
            QuranTests: of \(compared) words, \(equal) fold alike in uthmani and \(file): \
            \(Double(equal * 10000 / compared) / 100) %; \(left) words are in ayahs of other counts; the rest: \
            \(differing.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { "\($0.value)× \($0.key)" })
            """)
        #expect(equal * 1000 > compared * 999)
        #expect(left < 200)
    }

    /// Every word of some texts, once.
    private static func words(_ files: [String]) throws -> Set<String> {
        Set(try files.flatMap(texts).flatMap { $0.unicodeScalars.split(separator: " ").map(String.init) })
    }

    @Test func `find each word, with a space behind it and without, in all three`() throws {
        let words = try Self.words(["quran-uthmani.txt", "quran-simple.txt", "quran-simple-clean.txt"])
        for word in words where !SearchFolding.words(of: word).isEmpty {
            for text in [word, word + " ", "\"\(word)", "\(word)*"] {
                let highlights = SearchHighlights(of: try SearchQuery(text), in: word)
                #expect(!highlights.ranges.isEmpty, "\(text)")
            }
        }
    }
}
