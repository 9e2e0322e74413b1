import TestSupport
import Testing

@testable import Quran

@Suite struct AudioTests {
    private func url(_ pattern: String, _ surah: Int, _ ayah: Int?, _ number: Int?) throws -> String? {
        let (pattern, surah) = (try #require(AudioURLPattern(pattern)), try #require(SurahNumber(surah)))
        return pattern.url(surah: surah, ayah: ayah, number: number.flatMap { AyahNumber($0) })
    }

    @Test func `placeholders are filled`() throws {
        #expect(try url("https://a.example/{sss}{aaa}.mp3", 2, 7, 14) == "https://a.example/002007.mp3")
        #expect(try url("https://a.example/{sss}{aaa}.mp3", 114, 286, 1) == "https://a.example/114286.mp3")
        #expect(try url("https://a.example/{s}/{n}.mp3", 2, 7, 14) == "https://a.example/2/14.mp3")
        #expect(try url("http://a.example/{n}", 114, 6, 6236) == "http://a.example/6236")
        #expect(try url("https://a.example/{s}-{s}-{sss}", 36, nil, nil) == "https://a.example/36-36-036")
    }

    @Test func `a pattern that names an ayah has no URL without one`() throws {
        #expect(try url("https://a.example/{sss}{aaa}.mp3", 2, nil, nil) == nil)
        #expect(try url("https://a.example/{n}.mp3", 2, 7, nil) == nil)
    }

    @Test func `a pattern says whether it names an ayah, and keeps its spelling`() throws {
        #expect(try #require(AudioURLPattern("https://a.example/{s}")).namesAyah == false)
        #expect(try #require(AudioURLPattern("https://a.example/{sss}")).namesAyah == false)
        #expect(try #require(AudioURLPattern("https://a.example/{sss}{aaa}")).namesAyah)
        #expect(try #require(AudioURLPattern("https://a.example/{n}")).namesAyah)
        #expect(AudioURLPattern("https://a.example/{n}?x=%20y")?.description == "https://a.example/{n}?x=%20y")
    }

    @Test(
        arguments: [
            "", "https://a.example/1.mp3", "ftp://a.example/{s}", "//a.example/{s}", "HTTPS://a.example/{s}", "{s}",
            "javascript:{s}", "https://a.example/{x}", "https://a.example/{}", "https://a.example/{ss}",
            "https://a.example/{S}", "https://a.example/{s", "https://a.example/{s}{", "https://a.example/{{s}}",
            "https://a.example/{s {s}", "https://a.example/ {s}", "https://a.example/{s}\n", "https://a.example/é{s}",
            " https://a.example/{s}", "https://a.example/{s}\u{7F}",
        ])
    func `what is no http URL with known placeholders is refused`(pattern: String) {
        #expect(AudioURLPattern(pattern) == nil)
    }

    private func reciter(_ granularity: Reciter.Granularity, _ pattern: String, _ surahs: [Int]) throws -> Reciter {
        Reciter(
            id: try #require(ReciterID("someone")), nameEnglish: "Someone", nameArabic: "فلان", style: "murattal",
            riwayah: "hafs_an_asim", granularity: granularity, provider: "example",
            pattern: try #require(AudioURLPattern(pattern)), bitrate: nil, alternates: [],
            surahs: surahs.compactMap { SurahNumber($0) })
    }

    @Test func `an incomplete recitation by surah has URLs for its surahs only`() throws {
        let reciter = try reciter(.surah, "https://a.example/{sss}.mp3", [1, 36])
        let urls = SurahNumber.all.compactMap { reciter.url(ofSurah: $0) }
        #expect(urls == ["https://a.example/001.mp3", "https://a.example/036.mp3"])
        #expect(!reciter.isComplete)
        #expect(reciter.url(of: try #require(AyahKey("1:1")), number: try #require(AyahNumber(1))) == nil)
    }

    @Test func `an incomplete recitation by ayah has URLs for the ayahs of its surahs only`() throws {
        let reciter = try reciter(.ayah, "https://a.example/{sss}{aaa}.mp3", [1])
        let url = reciter.url(of: try #require(AyahKey("1:7")), number: try #require(AyahNumber(7)))
        #expect(url == "https://a.example/001007.mp3")
        #expect(reciter.url(of: try #require(AyahKey("2:1")), number: try #require(AyahNumber(8))) == nil)
        #expect(reciter.url(ofSurah: try #require(SurahNumber(1))) == nil)
    }

    @Test func `a recitation of all surahs is complete`() throws {
        #expect(try reciter(.surah, "https://a.example/{s}", Array(1...114)).isComplete)
        #expect(try !reciter(.surah, "https://a.example/{s}", Array(2...114)).isComplete)
    }
}
