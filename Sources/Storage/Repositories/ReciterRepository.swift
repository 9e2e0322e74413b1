import Foundation
public import Quran

/// The catalogue of recitations.
public struct ReciterRepository {
    private let reader: ContentReader

    public init(_ reader: ContentReader) { self.reader = reader }

    public func reciter(_ id: ReciterID) throws -> Reciter? {
        reader.touch(.reciter(id))
        return try reader.sql.first(
            """
            SELECT id, name_english, name_arabic, style, riwayah, granularity, provider, url_pattern, bitrate,
                alternates, surahs
            FROM reciters WHERE id = \(id.name)
            """, Self.reciter)
    }

    /// By id.
    public func reciters() throws -> [Reciter] {
        reader.touch(.reciters)
        return try reader.sql.all(
            """
            SELECT id, name_english, name_arabic, style, riwayah, granularity, provider, url_pattern, bitrate,
                alternates, surahs
            FROM reciters ORDER BY id
            """, Self.reciter)
    }

    static func store(_ reciter: Reciter, in sql: any SQLWriter) throws {
        let alternates = reciter.alternates.map {
            AlternateRecord(bitrate: $0.bitrate, urlPattern: $0.pattern.description)
        }
        let surahs = reciter.isComplete ? nil : try encodeJSON(reciter.surahs)
        try sql.execute(
            """
            INSERT INTO reciters (id, name_english, name_arabic, style, riwayah, granularity, provider, url_pattern,
                bitrate, alternates, surahs)
            VALUES (\(reciter.id.name), \(reciter.nameEnglish), \(reciter.nameArabic), \(reciter.style),
                \(reciter.riwayah), \(reciter.granularity.rawValue), \(reciter.provider),
                \(reciter.pattern.description), \(reciter.bitrate), \(try encodeJSON(alternates)), \(surahs))
            ON CONFLICT (id) DO UPDATE SET name_english = excluded.name_english, name_arabic = excluded.name_arabic,
                style = excluded.style, riwayah = excluded.riwayah, granularity = excluded.granularity,
                provider = excluded.provider, url_pattern = excluded.url_pattern, bitrate = excluded.bitrate,
                alternates = excluded.alternates, surahs = excluded.surahs
            """)
    }

    static func remove(_ id: ReciterID, in sql: any SQLWriter) throws {
        try sql.execute("DELETE FROM reciters WHERE id = \(id.name)")
    }

    private static func reciter(_ row: any SQLRow) throws -> Reciter {
        let alternates = try decodeJSON(
            Data(row.text(9).utf8), file: "reciters.alternates", as: [AlternateRecord].self)
        let surahs = try row.optionalText(10).map {
            try decodeJSON(Data($0.utf8), file: "reciters.surahs", as: [Int].self)
        }
        return Reciter(
            id: try decode(row.text(0), as: { ReciterID($0) }), nameEnglish: try row.text(1),
            nameArabic: try row.text(2), style: try row.text(3), riwayah: try row.text(4),
            granularity: try decode(row.text(5), as: Reciter.Granularity.init), provider: try row.text(6),
            pattern: try decode(row.text(7), as: AudioURLPattern.init), bitrate: try row.optionalText(8),
            alternates: try alternates.map { record in
                Reciter.Alternate(
                    bitrate: record.bitrate, pattern: try decode(record.urlPattern, as: AudioURLPattern.init))
            },
            surahs: try surahs?.map { try decode($0, as: SurahNumber.init) } ?? Array(SurahNumber.all))
    }
}

/// Another quality of a recitation, as the store and the published lists write it.
struct AlternateRecord: Codable {
    let bitrate: String
    let urlPattern: String
}
