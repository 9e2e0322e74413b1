import Quran
import TestSupport
import Testing

@Suite struct NumberTests {
    @Test func `surah numbers are 1 to 114`() {
        #expect((-300...300).filter { SurahNumber($0) != nil } == Array(1...114))
        #expect(SurahNumber(.max) == nil)
        #expect(SurahNumber(.min) == nil)
        #expect(SurahNumber.all.map(\.value) == Array(1...114))
    }

    @Test func `ayah numbers are 1 to 6236`() {
        #expect((-7000...7000).filter { AyahNumber($0) != nil } == Array(1...6236))
        #expect(AyahNumber(.max) == nil)
        #expect(AyahNumber(.min) == nil)
    }

    @Test(arguments: [("1", 1), ("9", 9), ("10", 10), ("6236", 6236), ("999999999", 999_999_999)])
    func `a plain decimal number is read`(text: String, value: Int) {
        #expect(strictDecimal(text.utf8) == value)
    }

    @Test(
        arguments: [
            "", "0", "01", "00", "-1", "+1", " 1", "1 ", "1\n", "\t1", "1.0", "1e3", "0x1", "1_000", "1,000", "٣",
            "٢٥٥", "۲",
            "２", "²", "1٣", "1000000000", "9999999999", "9223372036854775808", "18446744073709551617", "1\u{301}",
            "1\0",
            "/", ":", "a",
        ])
    func `anything but ASCII digits without sign, space or leading zero is no number`(text: String) {
        #expect(strictDecimal(text.utf8) == nil)
    }

    @Test(arguments: [("1:1", 1, 1), ("2:255", 2, 255), ("114:6", 114, 6), ("1:999999999", 1, 999_999_999)])
    func `a key is read and written alike`(text: String, surah: Int, ayah: Int) throws {
        let key = try #require(AyahKey(text))
        #expect(key.surah.value == surah)
        #expect(key.ayah == ayah)
        #expect(key.description == text)
        #expect(key == AyahKey(surah: try #require(SurahNumber(surah)), ayah: ayah))
    }

    @Test(
        arguments: [
            "", ":", "1", "1:", ":1", "1:1:1", "1:1:", ":1:1", "1::1", "0:1", "1:0", "01:1", "1:01", "115:1", "-1:1",
            "1:-1",
            "+1:1", "1:+1", " 1:1", "1:1 ", "1 :1", "1: 1", "1:1\n", "٢:٢٥٥", "2：255", "2:٣", "2.255", "2-255",
            "2:1000000000",
            "2:99999999999999999999", "4294967298:1", "a:b", "2:255\u{301}",
        ])
    func `what is no key is refused`(text: String) {
        #expect(AyahKey(text) == nil)
    }

    @Test func `a key's ayah is positive`() throws {
        let surah = try #require(SurahNumber(2))
        #expect(AyahKey(surah: surah, ayah: 0) == nil)
        #expect(AyahKey(surah: surah, ayah: -1) == nil)
        #expect(AyahKey(surah: surah, ayah: 1) != nil)
    }

    @Test func `keys are ordered by surah, then by ayah`() {
        let keys = ["1:7", "2:1", "2:9", "2:10", "10:1"].compactMap { AyahKey($0) }
        #expect(keys.count == 5)
        #expect(keys.reversed().sorted() == keys)
        #expect(!(keys[0] < keys[0]))
    }

    @Test(arguments: ["uthmani", "en.pickthall-st", "a", "0_9", String(repeating: "x", count: 64)])
    func `a slug names editions and reciters`(name: String) {
        #expect(EditionID(name)?.name == name)
        #expect(ReciterID(name)?.name == name)
    }

    @Test(arguments: [
        "", "En", "a b", "a:b", "a,b", "a&b", "a/b", "é", "e\u{301}", "a*", "a?", String(repeating: "x", count: 65),
    ])
    func `what could break a key, a tag or a URL is no slug`(name: String) {
        #expect(EditionID(name) == nil)
        #expect(ReciterID(name) == nil)
    }
}
