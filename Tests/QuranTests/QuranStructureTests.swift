import Quran
import Storage
import TestSupport
import Testing

@Suite struct QuranStructureTests {
    private let structure = SyntheticContent.shared.seedData.structure

    @Test func `keys and running numbers are the same ayahs, all 6236`() throws {
        var number = 0
        for surah in structure.surahs {
            for ayah in 1...surah.ayahCount {
                number += 1
                let key = try #require(AyahKey(surah: surah.number, ayah: ayah))
                let expected = try #require(AyahNumber(number))
                #expect(structure.number(of: key) == expected)
                #expect(structure.key(of: expected) == key)
            }
            let beyond = try #require(AyahKey(surah: surah.number, ayah: surah.ayahCount + 1))
            #expect(structure.number(of: beyond) == nil)
            #expect(structure.range(of: surah.number).last.value == number)
            #expect(structure.range(of: surah.number).count == surah.ayahCount)
        }
        #expect(number == 6236)
    }

    @Test(arguments: [
        ("1:1", 1), ("1:7", 7), ("2:1", 8), ("2:255", 262), ("2:286", 293), ("9:1", 1236), ("114:6", 6236),
    ])
    func `well-known ayahs have their well-known numbers`(key: String, number: Int) {
        #expect(AyahKey(key).flatMap(structure.number)?.value == number)
    }

    @Test(arguments: DivisionKind.allCases)
    func `the parts of every scheme of a kind hold each ayah once, in order`(kind: DivisionKind) throws {
        let schemes = structure.schemes(of: kind)
        #expect(schemes.first == structure.defaultScheme(of: kind))
        #expect(Set(schemes).count == schemes.count)
        for scheme in schemes {
            var numbers: [Int] = []
            for part in 1...kind.count {
                let range = try #require(structure.range(of: kind, part: part, scheme: scheme))
                numbers += range.numbers.map(\.value)
            }
            #expect(numbers == Array(1...6236))
        }
    }

    @Test(arguments: DivisionKind.allCases)
    func `an ayah's part is the one whose range has it`(kind: DivisionKind) throws {
        for part in 1...kind.count {
            for ayah in try #require(structure.range(of: kind, part: part)).numbers {
                #expect(structure.part(of: kind, at: ayah) == part)
            }
        }
    }

    @Test(arguments: DivisionKind.allCases)
    func `a part or scheme that does not exist has no range`(kind: DivisionKind) {
        for part in [0, -1, kind.count + 1, .max, .min] { #expect(structure.range(of: kind, part: part) == nil) }
        #expect(structure.range(of: kind, part: 1, scheme: DivisionScheme("no-such")) == nil)
    }

    @Test func `a kind's schemes are its own, the default first`() {
        #expect(structure.schemes(of: .rub).map(\.name) == ["tanzil-1.0", "kfgqpc"])
        #expect(structure.schemes(of: .page).map(\.name) == ["madani-1405h"])
        #expect(structure.divisions.map(\.kind.rawValue) == ["juz", "hizb", "rub", "rub", "manzil", "ruku", "page"])
    }

    @Test func `the default scheme leads in whatever order the divisions come`() throws {
        let reversed = try QuranStructure(
            surahs: structure.surahs, divisions: structure.divisions.reversed(), sajdas: structure.sajdas)
        for kind in DivisionKind.allCases {
            #expect(reversed.schemes(of: kind) == structure.schemes(of: kind))
            #expect(reversed.range(of: kind, part: 3) == structure.range(of: kind, part: 3))
        }
    }

    @Test func `well-known ayahs are where the mushaf has them`() throws {
        let throne = try #require(AyahKey("2:255").flatMap(structure.number))
        #expect(structure.part(of: .juz, at: throne) == 3)
        #expect(structure.part(of: .hizb, at: throne) == 5)
        #expect(structure.part(of: .page, at: throne) == 42)
        #expect(structure.part(of: .manzil, at: throne) == 1)
        let last = AyahRange.all.last
        #expect(DivisionKind.allCases.map { structure.part(of: $0, at: last) } == [30, 60, 240, 7, 556, 604])
    }

    @Test func `the sajdas stand where they do and nowhere else`() {
        let places = AyahRange.all.numbers.filter { structure.sajda(at: $0) != nil }
        #expect(places.map { structure.key(of: $0) } == structure.sajdas.map(\.ayah))
        #expect(places.compactMap { structure.sajda(at: $0)?.number } == Array(1...15))
    }
}
