import Quran
import Storage
import TestSupport
import Testing

/// The real facts, to be broken.
struct Facts {
    var surahs: [Surah]
    var divisions: [Division]
    var sajdas: [Sajda]

    init() {
        let structure = SyntheticContent.shared.seedData.structure
        (surahs, divisions, sajdas) = (structure.surahs, structure.divisions, structure.sajdas)
    }

    func violations() -> [String] {
        do {
            _ = try QuranStructure(surahs: surahs, divisions: divisions, sajdas: sajdas)
            return []
        } catch {
            return error.violations
        }
    }

    mutating func surah(
        _ number: Int, renumbered: Int? = nil, ayahs: Int? = nil, order: Int? = nil, basmala: Bool? = nil
    ) {
        let old = surahs[number - 1]
        surahs[number - 1] = Surah(
            number: renumbered.flatMap { SurahNumber($0) } ?? old.number, nameArabic: old.nameArabic,
            nameTransliterated: old.nameTransliterated, nameEnglish: old.nameEnglish,
            revelationPlace: old.revelationPlace, revelationOrder: order ?? old.revelationOrder,
            ayahCount: ayahs ?? old.ayahCount, hasBasmala: basmala ?? old.hasBasmala)
    }

    /// Changes the starts of the default scheme of a kind.
    mutating func starts(_ kind: DivisionKind, _ change: (inout [AyahKey]) -> Void) {
        for (index, old) in divisions.enumerated() where old.kind == kind && old.isDefault {
            var starts = old.starts
            change(&starts)
            divisions[index] = Division(kind: kind, scheme: old.scheme, isDefault: true, starts: starts)
        }
    }

    mutating func start(_ kind: DivisionKind, _ part: Int, at key: String) {
        starts(kind) { starts in
            if let key = AyahKey(key) { starts[part - 1] = key }
        }
    }

    /// Adds a copy of the default scheme of a kind.
    mutating func copy(_ kind: DivisionKind, scheme: String, isDefault: Bool) {
        guard let old = divisions.first(where: { $0.kind == kind }) else { return }
        divisions.append(
            Division(kind: kind, scheme: DivisionScheme(scheme), isDefault: isDefault, starts: old.starts))
    }

    mutating func sajda(_ number: Int, renumbered: Int? = nil, at key: String? = nil) {
        let old = sajdas[number - 1]
        sajdas[number - 1] = Sajda(
            number: renumbered ?? old.number, ayah: key.flatMap { AyahKey($0) } ?? old.ayah, kind: old.kind,
            scheme: old.scheme)
    }
}

/// One way to break the facts, and all that must be said about it.
struct Breakage: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let change: @Sendable (inout Facts) -> Void
    let violations: [String]

    init(_ name: String, _ violations: String..., change: @escaping @Sendable (inout Facts) -> Void) {
        testDescription = name
        self.violations = violations
        self.change = change
    }

    static let surahs = [
        Breakage(
            "a surah is missing", "surahs are not numbered 1…114 in order, each once",
            "the surahs have 6230 ayahs together instead of 6236",
            "the revelation orders are not a permutation of 1…114"
        ) { $0.surahs.removeLast() },
        Breakage("two surahs are swapped", "surahs are not numbered 1…114 in order, each once") {
            $0.surahs.swapAt(1, 2)
        },
        Breakage("a surah is there twice", "surahs are not numbered 1…114 in order, each once") {
            $0.surah(3, renumbered: 2)
        },
        Breakage("a surah has an ayah too many", "the surahs have 6237 ayahs together instead of 6236") {
            $0.surah(2, ayahs: 287)
        },
        Breakage(
            "a surah has no ayah", "the surahs have 6232 ayahs together instead of 6236", "surah 112 has no ayah"
        ) { $0.surah(112, ayahs: 0) },
        Breakage("a count is negative, though the sum is right", "surah 112 has no ayah") {
            $0.surah(112, ayahs: -1)
            $0.surah(2, ayahs: 291)
        },
        Breakage(
            "counts overflow, though the sum wraps round to what is right", "surah 1 has more ayahs than the Quran",
            "surah 3 has no ayah"
        ) { facts in
            facts.surah(1, ayahs: .max)
            facts.surah(3, ayahs: 207 &- .max)
        },
        Breakage("a revelation order is there twice", "the revelation orders are not a permutation of 1…114") {
            $0.surah(2, order: 1)
            $0.surah(3, order: 1)
        },
        Breakage("surah 9 has a basmala", "surah 9 must not have a basmala before its first ayah") {
            $0.surah(9, basmala: true)
        },
        Breakage("surah 1 has a basmala", "surah 1 must not have a basmala before its first ayah") {
            $0.surah(1, basmala: true)
        },
        Breakage("surah 114 has no basmala", "surah 114 must have a basmala before its first ayah") {
            $0.surah(114, basmala: false)
        },
    ]

    static let divisions = [
        Breakage("a kind is missing", "page needs exactly one default scheme") { facts in
            facts.divisions.removeAll { $0.kind == .page }
        },
        Breakage("the rukus are missing", "ruku needs exactly one default scheme") { facts in
            facts.divisions.removeAll { $0.kind == .ruku }
        },
        Breakage("a kind has two defaults", "page needs exactly one default scheme") {
            $0.copy(.page, scheme: "other", isDefault: true)
        },
        Breakage("a scheme is there twice", "page names a scheme twice") {
            $0.copy(.page, scheme: "madani-1405h", isDefault: false)
        },
        Breakage("the last part is missing", "page (madani-1405h) has 603 parts instead of 604") {
            $0.starts(.page) { $0.removeLast() }
        },
        Breakage("a part in the middle is missing", "page (madani-1405h) has 603 parts instead of 604") {
            $0.starts(.page) { $0.remove(at: 300) }
        },
        Breakage("a part is too many", "page (madani-1405h) has 605 parts instead of 604") {
            $0.starts(.page) { starts in starts.append(contentsOf: [AyahKey("114:6")].compactMap(\.self)) }
        },
        Breakage(
            "there are no parts", "page (madani-1405h) has 0 parts instead of 604",
            "page (madani-1405h) does not start at 1:1"
        ) { $0.starts(.page) { $0 = [] } },
        Breakage("the first part is not at 1:1", "page (madani-1405h) does not start at 1:1") {
            $0.start(.page, 1, at: "1:2")
        },
        Breakage(
            "two parts are swapped", "page (madani-1405h) 11 does not start after page (madani-1405h) 10"
        ) { $0.starts(.page) { $0.swapAt(9, 10) } },
        Breakage(
            "a part is empty", "page (madani-1405h) 11 does not start after page (madani-1405h) 10"
        ) { $0.starts(.page) { $0[10] = $0[9] } },
        Breakage(
            "a part starts at no ayah", "page (madani-1405h) 10 starts at 1:8, which does not exist"
        ) { $0.start(.page, 10, at: "1:8") },
        Breakage(
            "a part starts at no ayah and a later one is out of order",
            "page (madani-1405h) 10 starts at 1:8, which does not exist",
            "page (madani-1405h) 21 does not start after page (madani-1405h) 20"
        ) { facts in
            facts.start(.page, 10, at: "1:8")
            facts.starts(.page) { $0.swapAt(19, 20) }
        },
        Breakage("another scheme than the default is broken", "rub (kfgqpc) has 239 parts instead of 240") { facts in
            let old = facts.divisions[3]
            facts.divisions[3] = Division(
                kind: old.kind, scheme: old.scheme, isDefault: false, starts: Array(old.starts.dropLast()))
        },
        Breakage("a juz starts inside a hizb", "juz 2 does not start where hizb 3 does") {
            $0.start(.juz, 2, at: "2:143")
        },
        Breakage(
            "a hizb starts inside a rub", "juz 2 does not start where hizb 3 does",
            "hizb 3 does not start where rub 9 does"
        ) { $0.start(.hizb, 3, at: "2:143") },
        Breakage("a rub starts inside a hizb", "hizb 2 does not start where rub 5 does") {
            $0.start(.rub, 5, at: "2:74")
        },
        Breakage("a manzil starts inside a surah", "manzil 2 does not start with a surah") {
            $0.start(.manzil, 2, at: "5:2")
        },
        Breakage("a surah starts inside a ruku", "surah 2 does not start a ruku") { $0.start(.ruku, 2, at: "2:2") },
    ]

    static let sajdas = [
        Breakage("a sajda is missing", "there are 14 sajdas instead of 15") { $0.sajdas.removeLast() },
        Breakage(
            "the first sajda is missing", "there are 14 sajdas instead of 15",
            "sajdas are not numbered 1…15 in order, each once"
        ) { $0.sajdas.removeFirst() },
        Breakage(
            "there is no sajda", "there are 0 sajdas instead of 15", "sajdas are not numbered 1…15 in order, each once"
        ) { $0.sajdas = [] },
        Breakage("a number is there twice", "sajdas are not numbered 1…15 in order, each once") {
            $0.sajda(2, renumbered: 1)
        },
        Breakage(
            "two sajdas are swapped", "sajdas are not numbered 1…15 in order, each once",
            "sajda 1 at 7:206 does not stand after sajda 2 at 13:15"
        ) { $0.sajdas.swapAt(0, 1) },
        Breakage("a sajda is out of order", "sajda 3 at 13:14 does not stand after sajda 2 at 13:15") {
            $0.sajda(3, at: "13:14")
        },
        Breakage("two sajdas stand at one ayah", "sajda 3 at 13:15 does not stand after sajda 2 at 13:15") {
            $0.sajda(3, at: "13:15")
        },
        Breakage("a sajda stands at no ayah", "sajda 1 stands at 7:207, which does not exist") {
            $0.sajda(1, at: "7:207")
        },
    ]
}

@Suite struct StructureCheckTests {
    @Test func `the real facts hold`() {
        #expect(Facts().violations() == [])
    }

    @Test(arguments: Breakage.surahs + Breakage.divisions + Breakage.sajdas)
    func `broken facts are refused and what is broken is named`(breakage: Breakage) {
        var facts = Facts()
        breakage.change(&facts)
        #expect(facts.violations() == breakage.violations)
    }

    @Test func `all that is wrong with the surahs is said at once`() {
        var facts = Facts()
        let all = Breakage.surahs.filter {
            $0.testDescription.contains("basmala") || $0.testDescription.contains("order")
        }
        for breakage in all { breakage.change(&facts) }
        #expect(all.count == 4)
        #expect(Set(facts.violations()) == Set(all.flatMap(\.violations)))
    }

    @Test func `all that is wrong with divisions and sajdas is said at once`() throws {
        var facts = Facts()
        let names = [
            "two parts are swapped", "a manzil starts inside a surah", "a surah starts inside a ruku",
            "a rub starts inside a hizb", "a juz starts inside a hizb", "a sajda stands at no ayah",
            "two sajdas stand at one ayah",
        ]
        let all = (Breakage.divisions + Breakage.sajdas).filter { names.contains($0.testDescription) }
        #expect(all.count == names.count)
        for breakage in all { breakage.change(&facts) }
        let violations = facts.violations()
        #expect(Set(violations) == Set(all.flatMap(\.violations)))
        #expect(violations.count == names.count)
        let error = #expect(throws: StructureError.self) {
            try QuranStructure(surahs: facts.surahs, divisions: facts.divisions, sajdas: facts.sajdas)
        }
        #expect(error?.description == violations.joined(separator: "; "))
    }
}
