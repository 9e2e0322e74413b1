import Quran

// The shapes of the files in `seed-data/`, in camel case.

struct SurahRecords: Decodable {
    let surahs: [SurahRecord]

    struct SurahRecord: Decodable {
        let number: Int
        let nameArabic: String
        let nameTransliterated: String
        let nameEnglish: String
        let revelationPlace: String
        let revelationOrder: Int
        let ayahCount: Int
        let hasBasmala: Bool

        func surah() throws(ContentError) -> Surah {
            Surah(
                number: try known(number, in: "surahs.json", as: SurahNumber.init), nameArabic: nameArabic,
                nameTransliterated: nameTransliterated, nameEnglish: nameEnglish,
                revelationPlace: try known(revelationPlace, in: "surahs.json", as: Surah.RevelationPlace.init),
                revelationOrder: revelationOrder, ayahCount: ayahCount, hasBasmala: hasBasmala)
        }
    }
}

struct DivisionRecords: Decodable {
    let divisions: [DivisionRecord]

    struct DivisionRecord: Decodable {
        let kind: String
        let scheme: String
        let `default`: Bool
        let starts: [String]

        func division() throws(ContentError) -> Division {
            var keys: [AyahKey] = []
            for start in starts { keys.append(try known(start, in: "divisions.json", as: { AyahKey($0) })) }
            return Division(
                kind: try known(kind, in: "divisions.json", as: DivisionKind.init),
                scheme: DivisionScheme(scheme), isDefault: `default`, starts: keys)
        }
    }
}

struct SajdaRecords: Decodable {
    let scheme: String
    let sajdas: [SajdaRecord]

    struct SajdaRecord: Decodable {
        let number: Int
        let ayah: String
        let kind: String

        func sajda(scheme: String) throws(ContentError) -> Sajda {
            Sajda(
                number: number, ayah: try known(ayah, in: "sajdas.json", as: { AyahKey($0) }),
                kind: try known(kind, in: "sajdas.json", as: Sajda.Kind.init), scheme: DivisionScheme(scheme))
        }
    }
}

struct EditionRecords: Decodable {
    let downloadBase: String
    let editions: [EditionRecord]

    struct EditionRecord: Decodable {
        let id: String
        let kind: String
        let name: String
        let nameNative: String?
        let author: String?
        let language: String
        let direction: String
        let publishedYear: Int?
        let licence: String
        let licenceUrl: String?
        let redistributable: String
        let source: String
        let sourceUrl: String?
        let version: String?
        let attribution: String
        let files: [String]
        let sha256: String?
        let download: String?

        func entry() throws(ContentError) -> SeedData.CatalogueEntry {
            let file = "editions.json"
            let edition = Edition(
                id: try known(id, in: file, as: { EditionID($0) }),
                kind: try known(kind, in: file, as: Edition.Kind.init),
                name: name, nameNative: nameNative, author: author, language: language,
                direction: try known(direction, in: file, as: Edition.Direction.init), publishedYear: publishedYear,
                licence: licence, licenceURL: licenceUrl,
                redistributable: try known(redistributable, in: file, as: Edition.Redistributable.init),
                source: source, sourceURL: sourceUrl, version: version, attribution: attribution)
            return SeedData.CatalogueEntry(edition: edition, files: files, sha256: sha256, download: download)
        }
    }
}

/// `reciters.json`, in `seed-data/` and as published in a content folder.
struct ReciterRecords: Decodable {
    let reciters: [ReciterRecord]

    struct ReciterRecord: Decodable {
        let id: String
        let nameEn: String
        let nameAr: String
        let style: String
        let riwayah: String
        let granularity: String
        let provider: String
        let urlPattern: String
        let bitrate: String?
        let alternates: [AlternateRecord]?
        /// Absent if the recitation is complete.
        let surahs: [Int]?

        func reciter() throws(ContentError) -> Reciter {
            let file = "reciters.json"
            var alternates: [Reciter.Alternate] = []
            for alternate in self.alternates ?? [] {
                let pattern = try known(alternate.urlPattern, in: file, as: AudioURLPattern.init)
                alternates.append(Reciter.Alternate(bitrate: alternate.bitrate, pattern: pattern))
            }
            var surahs: [SurahNumber] = []
            for surah in self.surahs ?? [] { surahs.append(try known(surah, in: file, as: SurahNumber.init)) }
            let granularity = try known(granularity, in: file, as: Reciter.Granularity.init)
            let pattern = try known(urlPattern, in: file, as: AudioURLPattern.init)
            guard pattern.namesAyah == (granularity == .ayah) else {
                throw ContentError(.format, file: file, "the URL pattern of \(id) does not fit its granularity")
            }
            return Reciter(
                id: try known(id, in: file, as: { ReciterID($0) }), nameEnglish: nameEn, nameArabic: nameAr,
                style: style, riwayah: riwayah, granularity: granularity, provider: provider, pattern: pattern,
                bitrate: bitrate, alternates: alternates,
                surahs: self.surahs == nil ? Array(SurahNumber.all) : surahs.sorted())
        }
    }
}

/// Turns a value of a file into a domain value.
///
/// - Throws: ``ContentError`` (`format`) if the domain has no such value.
func known<Written, Value>(
    _ written: Written, in file: String, as make: (Written) -> Value?
) throws(ContentError) -> Value {
    guard let value = make(written) else {
        throw ContentError(.format, file: file, "“\(written)” is no \(Value.self)")
    }
    return value
}
