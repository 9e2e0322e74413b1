import Quran

/// `quran-data.xml` as Tanzil publishes it: surahs, juz, quarters, manzil, ruku, pages and sajdas.
///
/// The facts in `seed-data` are what is stored; a published copy beside the texts is checked against them, so that texts
/// and structure never come from different countings.
struct TanzilMetadata {
    private(set) var surahs: [Surah] = []
    private(set) var starts: [DivisionKind: [AyahKey]] = [:]
    private(set) var sajdas: [(ayah: AyahKey, kind: Sajda.Kind)] = []

    static func parse(_ bytes: [UInt8], file: String) throws(ContentError) -> TanzilMetadata {
        var metadata = TanzilMetadata()
        var reader = XMLReader(bytes, file: file)
        while let event = try reader.next() {
            guard case .start(let name, let values, let line) = event else { continue }
            let attributes = XMLAttributes(element: name, attributes: values, file: file, line: line)
            switch name {
            case "sura": metadata.surahs.append(try surah(attributes, number: metadata.surahs.count + 1))
            case "juz": try metadata.append(attributes, to: .juz)
            case "quarter": try metadata.append(attributes, to: .rub)
            case "manzil": try metadata.append(attributes, to: .manzil)
            case "ruku": try metadata.append(attributes, to: .ruku)
            case "page": try metadata.append(attributes, to: .page)
            case "sajda":
                guard let kind = Sajda.Kind(rawValue: try attributes.string("type")) else {
                    throw ContentError(.format, file: file, line: line, "the type of sajda is unknown")
                }
                try checkIndex(attributes, number: metadata.sajdas.count + 1)
                metadata.sajdas.append((try attributes.ayahKey(), kind))
            default: break
            }
        }
        // A hizb is four quarters; the file lists only those.
        metadata.starts[.hizb] = (metadata.starts[.rub] ?? []).enumerated().filter { $0.offset % 4 == 0 }.map(\.element)
        return metadata
    }

    private mutating func append(_ attributes: XMLAttributes, to kind: DivisionKind) throws(ContentError) {
        try Self.checkIndex(attributes, number: starts[kind, default: []].count + 1)
        starts[kind, default: []].append(try attributes.ayahKey())
    }

    /// A list is numbered from 1 in its order.
    private static func checkIndex(_ attributes: XMLAttributes, number: Int) throws(ContentError) {
        guard try attributes.int("index") == number else {
            throw ContentError(
                .contradiction, file: attributes.file, line: attributes.line,
                "<\(attributes.element)> number \(number) has another index")
        }
    }

    private static func surah(_ attributes: XMLAttributes, number position: Int) throws(ContentError) -> Surah {
        try checkIndex(attributes, number: position)
        let index = try attributes.int("index")
        guard let number = SurahNumber(index),
            let place = Surah.RevelationPlace(rawValue: try attributes.string("type").lowercased())
        else {
            throw ContentError(
                .format, file: attributes.file, line: attributes.line, "the surah's index or type is unknown")
        }
        return Surah(
            number: number, nameArabic: try attributes.string("name"),
            nameTransliterated: try attributes.string("tname"), nameEnglish: try attributes.string("ename"),
            revelationPlace: place, revelationOrder: try attributes.int("order"),
            ayahCount: try attributes.int("ayas"), hasBasmala: index != 1 && index != 9)
    }

    /// Compares the published numbers with ours. Names may differ: they are spellings, not facts.
    ///
    /// - Throws: ``ContentError`` (`contradiction`) naming the first difference.
    func check(against structure: QuranStructure, file: String) throws(ContentError) {
        guard surahs.map(\.ayahCount) == structure.surahs.map(\.ayahCount) else {
            throw contradiction(file, "the ayah counts of the surahs")
        }
        guard surahs.map(\.revelationOrder) == structure.surahs.map(\.revelationOrder),
            surahs.map(\.revelationPlace) == structure.surahs.map(\.revelationPlace)
        else { throw contradiction(file, "the revelation of the surahs") }
        for division in structure.divisions where division.isDefault {
            guard starts[division.kind] == division.starts else {
                throw contradiction(file, "the starts of \(division.kind.rawValue) (\(division.scheme))")
            }
        }
        guard sajdas.elementsEqual(structure.sajdas, by: { $0.ayah == $1.ayah && $0.kind == $1.kind }) else {
            throw contradiction(file, "the sajdas")
        }
    }

    private func contradiction(_ file: String, _ what: String) -> ContentError {
        ContentError(.contradiction, file: file, "\(what) are not those in seed-data")
    }
}
