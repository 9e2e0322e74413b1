public import Quran

/// Surahs, divisions and sajdas.
public struct StructureRepository {
    private let reader: ContentReader

    public init(_ reader: ContentReader) { self.reader = reader }

    public func surah(_ number: SurahNumber) throws -> Surah? {
        reader.touch(.surah(number))
        return try reader.sql.first(
            """
            SELECT number, name_arabic, name_transliterated, name_english, revelation_place, revelation_order,
                ayah_count, has_basmala
            FROM surahs WHERE number = \(number.value)
            """, Self.surah)
    }

    /// In mushaf order.
    public func surahs() throws -> [Surah] {
        reader.touch(.surahs)
        return try reader.sql.all(
            """
            SELECT number, name_arabic, name_transliterated, name_english, revelation_place, revelation_order,
                ayah_count, has_basmala
            FROM surahs ORDER BY number
            """, Self.surah)
    }

    /// The structure of the whole Quran.
    ///
    /// - Throws: `StructureError` if the store breaks an invariant.
    public func structure() throws -> QuranStructure {
        do {
            return try readStructure()
        } catch let error as StorageError where error.code == .unexpectedResult {
            // A value that the domain does not know breaks the structure as well.
            throw StructureError(violations: [error.message])
        }
    }

    private func readStructure() throws -> QuranStructure {
        let surahs = try surahs()
        reader.touch(.structure)
        let sajdas = try reader.sql.all("SELECT number, ayah, kind, scheme FROM sajdas ORDER BY number") { row in
            Sajda(
                number: try row.int(0), ayah: try decode(row.text(1), as: AyahKey.init),
                kind: try decode(row.text(2), as: Sajda.Kind.init), scheme: DivisionScheme(try row.text(3)))
        }
        return try QuranStructure(surahs: surahs, divisions: divisions(), sajdas: sajdas)
    }

    static func store(_ surah: Surah, in sql: any SQLWriter) throws {
        try sql.execute(
            """
            INSERT INTO surahs (number, name_arabic, name_transliterated, name_english, revelation_place,
                revelation_order, ayah_count, has_basmala)
            VALUES (\(surah.number.value), \(surah.nameArabic), \(surah.nameTransliterated), \(surah.nameEnglish),
                \(surah.revelationPlace.rawValue), \(surah.revelationOrder), \(surah.ayahCount),
                \(surah.hasBasmala))
            ON CONFLICT (number) DO UPDATE SET name_arabic = excluded.name_arabic,
                name_transliterated = excluded.name_transliterated, name_english = excluded.name_english,
                revelation_place = excluded.revelation_place, revelation_order = excluded.revelation_order,
                ayah_count = excluded.ayah_count, has_basmala = excluded.has_basmala
            """)
    }

    private func divisions() throws -> [Division] {
        var divisions: [Division] = []
        var starts: [AyahKey] = []
        var current: (kind: DivisionKind, scheme: DivisionScheme, isDefault: Bool)?
        func close() {
            guard let current else { return }
            divisions.append(
                Division(kind: current.kind, scheme: current.scheme, isDefault: current.isDefault, starts: starts))
            starts = []
        }
        try reader.sql.forEach(
            "SELECT kind, scheme, is_default, number, first_ayah FROM divisions ORDER BY kind, scheme, number"
        ) { row in
            let kind = try decode(row.text(0), as: DivisionKind.init)
            let scheme = DivisionScheme(try row.text(1))
            if current.map({ $0.kind != kind || $0.scheme != scheme }) ?? true {
                close()
                current = (kind, scheme, try row.bool(2))
            }
            guard try row.int(3) == starts.count + 1 else {
                throw StructureError(violations: ["\(kind.rawValue) (\(scheme)) lacks number \(starts.count + 1)"])
            }
            starts.append(try decode(row.text(4), as: AyahKey.init))
        }
        close()
        return divisions
    }

    private static func surah(_ row: any SQLRow) throws -> Surah {
        Surah(
            number: try decode(row.int(0), as: SurahNumber.init), nameArabic: try row.text(1),
            nameTransliterated: try row.text(2), nameEnglish: try row.text(3),
            revelationPlace: try decode(row.text(4), as: Surah.RevelationPlace.init),
            revelationOrder: try row.int(5), ayahCount: try row.int(6), hasBasmala: try row.bool(7))
    }
}

/// Turns a stored value into a domain value.
///
/// - Throws: ``StorageError`` (`unexpectedResult`) if the domain has no such value.
func decode<Stored, Value>(_ stored: Stored, as make: (Stored) -> Value?) throws -> Value {
    guard let value = make(stored) else {
        throw StorageError(.unexpectedResult, "the store holds “\(stored)”, which is no \(Value.self)")
    }
    return value
}
