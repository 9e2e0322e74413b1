import Quran

// The shapes of the files in `seed-data/`, with the names that they use there.

struct SurahRecords: Decodable {
    let surahs: [SurahRecord]

    struct SurahRecord: Decodable {
        let number: Int
        let name_arabic: String
        let name_transliterated: String
        let name_english: String
        let revelation_place: String
        let revelation_order: Int
        let ayah_count: Int
        let has_basmala: Bool

        func surah() throws(ContentError) -> Surah {
            Surah(
                number: try known(number, in: "surahs.json", as: SurahNumber.init), nameArabic: name_arabic,
                nameTransliterated: name_transliterated, nameEnglish: name_english,
                revelationPlace: try known(revelation_place, in: "surahs.json", as: Surah.RevelationPlace.init),
                revelationOrder: revelation_order, ayahCount: ayah_count, hasBasmala: has_basmala)
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
    let download_base: String
    let editions: [EditionRecord]

    struct EditionRecord: Decodable {
        let id: String
        let kind: String
        let name: String
        let name_native: String?
        let author: String?
        let language: String
        let direction: String
        let published_year: Int?
        let licence: String
        let licence_url: String?
        let redistributable: String
        let source: String
        let source_url: String?
        let version: String?
        let attribution: String
        let files: [String]
        let sha256: String?
        let download: String?

        func entry() throws(ContentError) -> SeedData.CatalogueEntry {
            let file = "editions.json"
            let edition = Edition(
                id: try known(id, in: file, as: { EditionID($0) }), kind: try known(kind, in: file, as: Edition.Kind.init),
                name: name, nameNative: name_native, author: author, language: language,
                direction: try known(direction, in: file, as: Edition.Direction.init), publishedYear: published_year,
                licence: licence, licenceURL: licence_url,
                redistributable: try known(redistributable, in: file, as: Edition.Redistributable.init),
                source: source, sourceURL: source_url, version: version, attribution: attribution)
            return SeedData.CatalogueEntry(edition: edition, files: files, sha256: sha256, download: download)
        }
    }
}

/// `reciters.json`, in `seed-data/` and as published in a content folder.
struct ReciterRecords: Decodable {
    let reciters: [ReciterRecord]

    struct ReciterRecord: Decodable {
        let id: String
        let name_en: String
        let name_ar: String
        let style: String
        let riwayah: String
        let granularity: String
        let provider: String
        let url_pattern: String
        let bitrate: String?
        let alternates: [AlternateRecord]?
        /// Absent if the recitation is complete.
        let surahs: [Int]?

        func reciter() throws(ContentError) -> Reciter {
            let file = "reciters.json"
            var alternates: [Reciter.Alternate] = []
            for alternate in self.alternates ?? [] {
                let pattern = try known(alternate.url_pattern, in: file, as: AudioURLPattern.init)
                alternates.append(Reciter.Alternate(bitrate: alternate.bitrate, pattern: pattern))
            }
            var surahs: [SurahNumber] = []
            for surah in self.surahs ?? [] { surahs.append(try known(surah, in: file, as: SurahNumber.init)) }
            let granularity = try known(granularity, in: file, as: Reciter.Granularity.init)
            let pattern = try known(url_pattern, in: file, as: AudioURLPattern.init)
            guard pattern.namesAyah == (granularity == .ayah) else {
                throw ContentError(.format, file: file, "the URL pattern of \(id) does not fit its granularity")
            }
            return Reciter(
                id: try known(id, in: file, as: { ReciterID($0) }), nameEnglish: name_en, nameArabic: name_ar,
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
