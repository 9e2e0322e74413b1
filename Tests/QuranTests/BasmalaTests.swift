import Quran
import TestSupport
import Testing

@Suite struct BasmalaTests {
    private let basmala = SyntheticContent.basmala

    /// Splits and says what came out in bytes, which `==` on strings does not compare.
    private func split(_ ayah: String) -> (basmala: [UInt8], text: [UInt8])? {
        Basmala.split(ayah, basmala: basmala).map { (Array($0.basmala.utf8), Array($0.text.utf8)) }
    }

    @Test func `the basmala is cut off with its space`() throws {
        let parts = try #require(split(basmala + " ا ب"))
        #expect(parts.basmala == Array(basmala.utf8))
        #expect(parts.text == Array("ا ب".utf8))
    }

    @Test func `the basmala with a shadda on its first letter is cut off as it is spelt`() throws {
        let parts = try #require(split(SyntheticContent.basmalaWithShadda + " ا"))
        #expect(parts.basmala == Array(SyntheticContent.basmalaWithShadda.utf8))
        #expect(parts.basmala != Array(basmala.utf8))
        #expect(parts.text == Array("ا".utf8))
    }

    @Test func `a shadda is looked for on ba only`() {
        #expect(Basmala.split("a\u{651}b rest", basmala: "ab") == nil)
        #expect(Basmala.split("ab rest", basmala: "ab")?.text == "rest")
    }

    @Test(arguments: ["\u{6D6} ا", "\u{301}", "\u{651}\u{64E}ب", "\u{200D}x"])
    func `a combining mark right behind the cut stays with the text`(text: String) throws {
        let parts = try #require(split(basmala + " " + text))
        #expect(parts.basmala == Array(basmala.utf8))
        #expect(parts.text == Array(text.utf8))
    }

    @Test func `an ayah without the basmala has nothing cut off`() {
        #expect(split("ا ب") == nil)
        #expect(split("") == nil)
        #expect(split("ا " + basmala + " ب") == nil)
        #expect(split(" " + basmala + " ب") == nil)
    }

    @Test func `an ayah that is nothing but the basmala has nothing cut off`() {
        #expect(split(basmala) == nil)
        #expect(split(basmala + " ") == nil)
        #expect(split(SyntheticContent.basmalaWithShadda + " ") == nil)
    }

    @Test func `a word that goes on, or another space, is not the basmala`() {
        #expect(split(basmala + "ا ب") == nil)
        #expect(split(basmala + "\u{64E} ب") == nil)
        #expect(split(basmala + "\u{A0}ب") == nil)
        #expect(split(basmala + "\nب") == nil)
    }

    @Test func `a canonically equal spelling is another one`() {
        // The same letters, the marks in another order: equal as strings, not as bytes.
        let (published, other) = ("ب\u{651}\u{64E} ا", "ب\u{64E}\u{651} ا")
        #expect(published == other)
        #expect(Basmala.split(published, basmala: "ب\u{64E}\u{651}") == nil)
        #expect(Basmala.split(other, basmala: "ب\u{64E}\u{651}") != nil)
    }

    @Test(arguments: 0..<100 as Range<UInt64>)
    func `the two parts joined are the published bytes`(seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        let scalars: [Unicode.Scalar] = [
            "ا", "ب", " ", "\u{64E}", "\u{651}", "\u{6D6}", "\u{301}", "e", "😀", "\u{200D}",
        ]
        var text = String.UnicodeScalarView()
        for _ in 0..<Int.random(in: 1...12, using: &random) {
            text.append(scalars.randomElement(using: &random) ?? "e")
        }
        let spelling = Bool.random(using: &random) ? basmala : SyntheticContent.basmalaWithShadda
        let published = spelling + " " + String(text)
        let parts = try #require(Basmala.split(published, basmala: basmala))
        #expect(Array(Basmala.join(parts.basmala, parts.text).utf8) == Array(published.utf8))
        #expect(Array(parts.text.utf8) == Array(String(text).utf8))
    }
}
