/// How the Quran is divided: surahs, ayah numbering, juz, hizb, rub, manzil, ruku, pages and sajdas.
///
/// A value of this type exists only if every invariant holds (``StructureError`` lists what broke), so everything asked
/// of it has an answer. It is immutable and cheap to share.
public struct QuranStructure: Sendable {
    /// The 114 surahs in mushaf order.
    public let surahs: [Surah]
    /// Every scheme of every kind, the default scheme of a kind first.
    public let divisions: [Division]
    /// The 15 sajdas in mushaf order.
    public let sajdas: [Sajda]

    /// `surahStarts[s - 1]` is how many ayahs come before surah s; one more element closes the last surah.
    private let surahStarts: [Int]
    /// The running number of each part's first ayah.
    private let starts: [DivisionID: [Int]]
    /// At `kind.position`: for ayah number n, element n - 1 is the number of the part it is in, by the default scheme.
    private let partsOfAyahs: [[UInt16]]
    private let defaults: [DivisionKind: DivisionScheme]
    private let sajdasByAyah: [AyahNumber: Sajda]

    private struct DivisionID: Hashable {
        let kind: DivisionKind
        let scheme: DivisionScheme
    }

    /// Checks everything and throws every violation at once.
    public init(surahs: [Surah], divisions: [Division], sajdas: [Sajda]) throws(StructureError) {
        var check = StructureCheck()
        check.surahs(surahs)
        // Without sound ayah counts no boundary can be judged.
        try check.finish()
        let surahStarts = surahs.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.ayahCount) }
        let numbering = { (key: AyahKey) -> Int? in
            key.ayah <= surahs[key.surah.value - 1].ayahCount ? surahStarts[key.surah.value - 1] + key.ayah : nil
        }
        let starts = check.divisions(divisions, numbering: numbering)
        check.nesting(divisions, surahs: surahs)
        let sajdaNumbers = check.sajdas(sajdas, numbering: numbering)
        try check.finish()

        self.surahs = surahs
        self.divisions = divisions.sorted { a, b in
            let kinds = DivisionKind.allCases
            let order = (kinds.firstIndex(of: a.kind) ?? 0, kinds.firstIndex(of: b.kind) ?? 0)
            return order.0 != order.1 ? order.0 < order.1 : a.isDefault && !b.isDefault
        }
        self.sajdas = sajdas
        self.surahStarts = surahStarts
        let schemes = zip(divisions, starts).map { (DivisionID(kind: $0.kind, scheme: $0.scheme), $1) }
        self.starts = Dictionary(uniqueKeysWithValues: schemes)
        partsOfAyahs = DivisionKind.allCases.map { kind in
            let chosen = zip(divisions, starts).first { $0.0.kind == kind && $0.0.isDefault }?.1 ?? []
            return chosen.indices.flatMap { part in
                let end = part + 1 < chosen.count ? chosen[part + 1] : AyahNumber.count + 1
                return repeatElement(UInt16(part + 1), count: end - chosen[part])
            }
        }
        defaults = Dictionary(
            uniqueKeysWithValues: divisions.filter(\.isDefault).map { ($0.kind, $0.scheme) })
        sajdasByAyah = Dictionary(
            uniqueKeysWithValues: zip(sajdaNumbers, sajdas).map { (AyahNumber(checked: $0), $1) })
    }

    public func surah(_ number: SurahNumber) -> Surah { surahs[number.value - 1] }

    /// The ayahs of a surah, as running numbers.
    public func range(of surah: SurahNumber) -> AyahRange {
        AyahRange(checked: surahStarts[surah.value - 1] + 1...surahStarts[surah.value])
    }

    /// - Returns: `nil` if the surah has fewer ayahs.
    public func number(of key: AyahKey) -> AyahNumber? {
        guard key.ayah <= surah(key.surah).ayahCount else { return nil }
        return AyahNumber(checked: surahStarts[key.surah.value - 1] + key.ayah)
    }

    public func key(of number: AyahNumber) -> AyahKey {
        // Binary search for the last surah that starts before the ayah.
        var low = 0
        var high = SurahNumber.count - 1
        while low < high {
            let middle = (low + high + 1) / 2
            if surahStarts[middle] < number.value { low = middle } else { high = middle - 1 }
        }
        guard let key = AyahKey(surah: SurahNumber(checked: low + 1), ayah: number.value - surahStarts[low]) else {
            preconditionFailure("surah \(low + 1) starts after ayah \(number)")
        }
        return key
    }

    /// The schemes that a kind of division has, the default one first.
    public func schemes(of kind: DivisionKind) -> [DivisionScheme] {
        divisions.filter { $0.kind == kind }.map(\.scheme)
    }

    public func defaultScheme(of kind: DivisionKind) -> DivisionScheme {
        guard let scheme = defaults[kind] else { preconditionFailure("every kind has a default scheme") }
        return scheme
    }

    /// The number of the part that an ayah is in, by the default scheme of the kind.
    public func part(of kind: DivisionKind, at ayah: AyahNumber) -> Int {
        Int(partsOfAyahs[kind.position][ayah.value - 1])
    }

    /// The ayahs of one part of a division.
    ///
    /// - Parameters:
    ///   - part: from 1.
    ///   - scheme: the kind's default scheme if `nil`.
    /// - Returns: `nil` if there is no such scheme or part.
    public func range(of kind: DivisionKind, part: Int, scheme: DivisionScheme? = nil) -> AyahRange? {
        let id = DivisionID(kind: kind, scheme: scheme ?? defaultScheme(of: kind))
        guard let starts = starts[id], (1...starts.count).contains(part) else { return nil }
        let last = part < starts.count ? starts[part] - 1 : AyahNumber.count
        return AyahRange(checked: starts[part - 1]...last)
    }

    public func sajda(at ayah: AyahNumber) -> Sajda? { sajdasByAyah[ayah] }
}
