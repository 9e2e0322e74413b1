import Quran
import TestSupport
import Testing

@Suite struct AyahRangeTests {
    private func range(_ first: Int, _ last: Int) throws -> AyahRange {
        let (first, last) = (try #require(AyahNumber(first)), try #require(AyahNumber(last)))
        return try #require(AyahRange(first, through: last))
    }

    @Test func `a range has its ends and what lies between`() throws {
        let range = try range(8, 11)
        #expect(range.count == 4)
        #expect(range.numbers.map(\.value) == [8, 9, 10, 11])
        let inside = AyahRange.all.numbers.filter(range.contains).map(\.value)
        #expect(inside == [8, 9, 10, 11])
    }

    @Test func `a range does not run backwards`() throws {
        #expect(AyahRange(try #require(AyahNumber(2)), through: try #require(AyahNumber(1))) == nil)
        #expect(try range(2, 2).count == 1)
    }

    @Test func `the whole Quran is 1 to 6236`() {
        #expect(AyahRange.all.first.value == 1)
        #expect(AyahRange.all.last.value == 6236)
        #expect(AyahRange.all.count == 6236)
    }

    @Test(arguments: 0..<200 as Range<UInt64>)
    func `the pages of a range hold each of its ayahs once, in order`(seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        let first = Int.random(in: 1...6236, using: &random)
        let range = try range(first, Int.random(in: first...6236, using: &random))
        let size =
            [1, 2, 7, range.count, range.count + 1, Int.random(in: 1...400, using: &random)]
            .filter { range.count / $0 < 3000 }.randomElement(using: &random) ?? 100
        var numbers: [Int] = []
        var page = 1
        while let shown = range.page(page, size: size) {
            #expect(shown.count == size || shown.last == range.last)
            numbers += shown.numbers.map(\.value)
            page += 1
        }
        #expect(numbers == range.numbers.map(\.value))
        #expect(page - 1 == (range.count + size - 1) / size)
    }

    @Test(arguments: [
        (0, 10), (-1, 10), (.min, 10), (1, 0), (1, -1), (1, .min), (4, 10), (.max, 1), (.max, .max), (2, .max),
    ])
    func `a page that does not exist is none`(page: Int, size: Int) throws {
        #expect(try range(100, 129).page(page, size: size) == nil)
    }

    @Test func `a page of any size ends with the range`() throws {
        let range = try range(100, 129)
        #expect(range.page(1, size: .max) == range)
        #expect(range.page(1, size: .max - 99) == range)
        #expect(range.page(2, size: 29)?.numbers.map(\.value) == [129])
    }
}
