import Quran
import TestSupport
import Testing

@Suite struct `A search query` {
    private static func described(_ text: String) throws -> String { try SearchQuery(text).description }

    @Test(arguments: [
        ("mercy ", "mercy"), ("mercy", "mercy/mercy*"), ("Mercy  LORD ", "mercy lord"), ("mer* lord ", "mer/mer* lord"),
        ("lord -mercy", "lord -mercy"), ("lord - mercy ", "lord mercy"), ("lord -mer*", "lord -mer/mer*"),
        ("\"the lord\" of ", "\"the lord\" of"), ("\"the lord", "\"the lord/lord*\""), ("\"the lord ", "\"the lord\""),
        ("\"the lo\"*", "\"the lo/lo*\""),
        ("a -\"the lord\"", "a -\"the lord\""), ("“the lord” «of all»", "\"the lord\" \"of all\""),
        ("all-knowing ", "\"all knowing\""), ("don't ", "dont"), ("lord lord ", "lord"), ("a", "a"), ("a* b ", "a b"),
        ("OR NOT AND NEAR ", "or not and near"), ("word) ", "word"), ("word.", "word"), ("x:y* ", "\"x y\""),
        ("& | ! <-> foo ", "foo"), ("'; DROP TABLE x; -- ", "drop table x"), ("1٢۳ ", "123"),
        ("慈悲 ", "\"慈 悲\""), ("قا", "قا/قا*~قا"), ("ماء ", "ماء~ما"), ("الصلوة", "الصلاه/الصلوه*~الصله/الصلوه*"),
        ("يأيه", "\"يا ايه/ايه*\""), ("يأيها", "\"يا ايها/ايها*~ايها/ايه*\""),
    ])
    func `is read in one way`(text: String, description: String) throws {
        #expect(try Self.described(text) == description)
    }

    /// Words apart by spaces.
    private static func words(_ count: Int, _ sign: String = "") -> String {
        (0..<count).map { "\(sign)w\($0)" }.joined(separator: " ")
    }

    private static let refused: [(String, SearchQueryError)] = [
        ("", .noWords), ("  \"\" * - !", .noWords), ("-mercy", .onlyExclusions), ("-\"a b\" -c", .onlyExclusions),
        (String(repeating: "a", count: 257), .tooLong), (words(17), .tooManyWords),
        ("\"\(words(17))\"", .tooManyWords), ("a \(words(16, "-"))", .tooManyWords),
    ]

    @Test(arguments: refused)
    func `that asks for nothing, or too much, is none`(text: String, error: SearchQueryError) {
        #expect(throws: error) { try SearchQuery(text) }
    }

    @Test func `may be as long as is allowed`() throws {
        _ = try SearchQuery(String(repeating: "a", count: 256))
        #expect(try SearchQuery(Self.words(16)).required.count == 16)
    }

    @Test func `is read from anything without harm, and finds itself`() throws {
        var random = SplitMix(seed: 7)
        let alphabet = Array(
            "ab قلال\u{64E}\u{670}\u{640}ىيوء  \"\"-*'’&|!():<>\u{0}\u{200D}\u{301}é😀慈ก๑\u{6DD}\u{6DF}\u{6E5}\u{6E7}\u{651}\u{653}"
                .unicodeScalars)
        for _ in 0..<2000 {
            var scalars = String.UnicodeScalarView()
            for _ in 0..<Int.random(in: 0...40, using: &random) {
                scalars.append(alphabet.randomElement(using: &random) ?? " ")
            }
            let text = String(scalars)
            let highlights: SearchHighlights
            let query: SearchQuery
            do {
                query = try SearchQuery(text)
            } catch {
                #expect(
                    SearchFolding.words(of: text).isEmpty || text.unicodeScalars.contains("-"),
                    "\(text.debugDescription)")
                continue
            }
            highlights = SearchHighlights(of: query, in: text)
            if query.excluded.isEmpty { #expect(!highlights.ranges.isEmpty, "\(text.debugDescription)") }
            var boundaries: Set<Int> = [0]
            var position = 0
            for character in text {
                position += character.unicodeScalars.count
                boundaries.insert(position)
            }
            var end = 0
            for range in highlights.ranges {
                #expect(boundaries.contains(range.lowerBound) && boundaries.contains(range.upperBound))
                #expect(range.lowerBound >= end && !range.isEmpty)
                end = range.upperBound
            }
        }
    }
}

@Suite struct `Highlights` {
    private static func html(_ query: String, _ text: String) throws -> String {
        SearchHighlights(of: try SearchQuery(query), in: text).html
    }

    @Test(arguments: [
        ("lord ", "The Lord, the LORD's", "The <mark>Lord</mark>, the LORD&#39;s"),
        ("lo", "The Lord <b>&\"", "The <mark>Lord</mark> &lt;b&gt;&amp;&quot;"),
        ("\"the lord\"", "the the Lord; the. Lord", "the <mark>the Lord</mark>; <mark>the. Lord</mark>"),
        ("\"a b\" b ", "a b b", "<mark>a b</mark> <mark>b</mark>"),
        ("ecole ", "l'e\u{301}cole École", "l&#39;e\u{301}cole <mark>École</mark>"),
        ("الرحمن ", "ٱلرَّحْمَـٰنِ ٱلرَّحِيمِ", "<mark>ٱلرَّحْمَـٰنِ</mark> ٱلرَّحِيمِ"),
        ("ايها ", "يَـٰٓأَيُّهَا ٱلنَّاسُ", "يَـٰٓ<mark>أَيُّهَا</mark> ٱلنَّاسُ"),
        ("لا ", "لَا ۖ إِنَّهُۥ", "<mark>لَا</mark> ۖ إِنَّهُۥ"),
        ("5 ", "سورة ٥", "سورة <mark>٥</mark>"),
    ])
    func `are the words that were found, in the text's own bytes`(query: String, text: String, html: String) throws {
        let found = try Self.html(query, text)
        #expect(Array(found.utf8) == Array(html.utf8), "\(found)")
    }

    @Test func `are counted in code points`() throws {
        let highlights = SearchHighlights(of: try SearchQuery("lord the "), in: "😀 thé Lord")
        #expect(highlights.ranges == [2..<5, 6..<10])
    }
}
