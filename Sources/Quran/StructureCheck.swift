/// Collects the structural invariants that a data set breaks, in one pass over each kind of fact.
struct StructureCheck {
    private var violations: [String] = []

    mutating func surahs(_ surahs: [Surah]) {
        let numbers = surahs.map(\.number.value)
        require(numbers == Array(1...SurahNumber.count), "surahs are not numbered 1…114 in order, each once")
        // Counts so great that the sum wraps round are refused below, one by one.
        let total = surahs.reduce(0) { $0 &+ $1.ayahCount }
        require(total == AyahNumber.count, "the surahs have \(total) ayahs together instead of \(AyahNumber.count)")
        require(
            surahs.map(\.revelationOrder).sorted() == Array(1...SurahNumber.count),
            "the revelation orders are not a permutation of 1…114")
        for surah in surahs {
            require(surah.ayahCount >= 1, "surah \(surah.number) has no ayah")
            require(
                surah.ayahCount <= AyahNumber.count, "surah \(surah.number) has more ayahs than the Quran")
            let expected = surah.number.value != 1 && surah.number.value != 9
            require(
                surah.hasBasmala == expected,
                "surah \(surah.number) must \(expected ? "" : "not ")have a basmala before its first ayah")
        }
    }

    /// Each division partitions 1…6236: the right number of parts, the first at 1:1, strictly increasing.
    ///
    /// - Returns: the running number at which each part of each division starts.
    mutating func divisions(_ divisions: [Division], numbering: (AyahKey) -> Int?) -> [[Int]] {
        for kind in DivisionKind.allCases {
            let ofKind = divisions.filter { $0.kind == kind }
            require(ofKind.filter(\.isDefault).count == 1, "\(kind.rawValue) needs exactly one default scheme")
            require(Set(ofKind.map(\.scheme)).count == ofKind.count, "\(kind.rawValue) names a scheme twice")
        }
        return divisions.map { division in
            let name = "\(division.kind.rawValue) (\(division.scheme))"
            require(
                division.starts.count == division.kind.count,
                "\(name) has \(division.starts.count) parts instead of \(division.kind.count)")
            let starts = division.starts.map(numbering)
            for (part, (key, number)) in zip(division.starts, starts).enumerated() where number == nil {
                require(false, "\(name) \(part + 1) starts at \(key), which does not exist")
            }
            require(starts.first == 1, "\(name) does not start at 1:1")
            let known = starts.enumerated().compactMap { part, start in start.map { (part: part + 1, start: $0) } }
            for (a, b) in zip(known, known.dropFirst()) where a.start >= b.start {
                require(false, "\(name) \(b.part) does not start after \(name) \(a.part)")
            }
            return known.map(\.start)
        }
    }

    /// A juz is two hizbs, a hizb four rubs, and a surah starts a ruku and (in seven places) a manzil.
    mutating func nesting(_ divisions: [Division], surahs: [Surah]) {
        let byKind = Dictionary(grouping: divisions.filter(\.isDefault), by: \.kind).mapValues { $0[0].starts }
        for (outer, inner, ratio) in [(DivisionKind.juz, DivisionKind.hizb, 2), (.hizb, .rub, 4)] {
            guard let outerStarts = byKind[outer], let innerStarts = byKind[inner] else { continue }
            for (part, start) in outerStarts.enumerated() where innerStarts.indices.contains(part * ratio) {
                require(
                    innerStarts[part * ratio] == start,
                    "\(outer.rawValue) \(part + 1) does not start where \(inner.rawValue) \(part * ratio + 1) does")
            }
        }
        for (part, start) in (byKind[.manzil] ?? []).enumerated() {
            require(start.ayah == 1, "manzil \(part + 1) does not start with a surah")
        }
        guard let rukus = byKind[.ruku].map(Set.init) else { return }
        for surah in surahs {
            let start = AyahKey(surah: surah.number, ayah: 1)
            require(start.map(rukus.contains) ?? false, "surah \(surah.number) does not start a ruku")
        }
    }

    /// - Returns: the running number of each sajda's ayah.
    mutating func sajdas(_ sajdas: [Sajda], numbering: (AyahKey) -> Int?) -> [Int] {
        require(sajdas.count == 15, "there are \(sajdas.count) sajdas instead of 15")
        require(
            sajdas.map(\.number) == Array(1...max(1, sajdas.count)), "sajdas are not numbered 1…15 in order, each once")
        for sajda in sajdas where numbering(sajda.ayah) == nil {
            require(false, "sajda \(sajda.number) stands at \(sajda.ayah), which does not exist")
        }
        for (a, b) in zip(sajdas, sajdas.dropFirst()) where a.ayah >= b.ayah {
            require(false, "sajda \(b.number) at \(b.ayah) does not stand after sajda \(a.number) at \(a.ayah)")
        }
        return sajdas.compactMap { numbering($0.ayah) }
    }

    func finish() throws(StructureError) {
        guard violations.isEmpty else { throw StructureError(violations: violations) }
    }

    private mutating func require(_ condition: Bool, _ violation: @autoclosure () -> String) {
        if !condition { violations.append(violation()) }
    }
}
