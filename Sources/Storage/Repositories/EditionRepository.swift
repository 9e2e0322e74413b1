public import Quran

/// An edition with what is loaded of it.
public struct StoredEdition: Sendable, Hashable {
    /// Where an edition's text came from.
    public struct Content: Sendable, Hashable {
        /// The name of the file that was imported.
        public let file: String
        /// SHA-256 of its content, as ``ContentHash`` defines it.
        public let sha256: String
        /// Whether that is the hash that the catalogue pins.
        public let isPinned: Bool
        /// The copyright notice that came with the file.
        public let notice: String?
        /// ISO 8601.
        public let loadedAt: String
    }

    public let edition: Edition
    public let status: Edition.Status
    /// The hash that the catalogue of the seed pins.
    public let pin: String?
    /// `nil` if no text is loaded.
    public let content: Content?
}

/// The catalogue of editions, and their texts.
public struct EditionRepository {
    private let reader: ContentReader
    /// Those that it finds.
    private let statuses: [Edition.Status]

    /// - Parameter statuses: whoever reads for the public sees what is published.
    public init(_ reader: ContentReader, statuses: [Edition.Status] = [.published]) {
        self.reader = reader
        self.statuses = statuses
    }

    private var isVisible: SQL { "status IN \(list: statuses.map(\.rawValue))" }

    private static let columns: SQL = """
        id, kind, name, name_native, author, language, direction, published_year, licence, licence_url, redistributable,
        source, source_url, version, attribution, status, pin, file, sha256, pinned, notice, loaded_at
        """

    /// One edition of a kind.
    ///
    /// - Returns: `nil` if the catalogue has no such edition of that kind.
    public func edition(_ id: EditionID, kind: Edition.Kind) throws -> StoredEdition? {
        reader.touch(.edition(kind, id))
        return try reader.sql.first(
            """
            SELECT \(Self.columns) FROM editions LEFT JOIN edition_contents ON edition = id
            WHERE id = \(id.name) AND kind = \(kind.rawValue) AND \(isVisible)
            """, Self.edition)
    }

    /// An edition of whatever kind.
    public func edition(_ id: EditionID) throws -> StoredEdition? {
        for kind in Edition.Kind.allCases {
            if let edition = try edition(id, kind: kind) { return edition }
        }
        return nil
    }

    /// The catalogue, by kind and id.
    public func editions(kind: Edition.Kind? = nil) throws -> [StoredEdition] {
        reader.touch(.editions)
        let all = try reader.sql.all(
            """
            SELECT \(Self.columns) FROM editions LEFT JOIN edition_contents ON edition = id
            WHERE \(isVisible) ORDER BY id
            """, Self.edition)
        return Edition.Kind.allCases.filter { kind == nil || $0 == kind }.flatMap { kind in
            all.filter { $0.edition.kind == kind }
        }
    }

    /// The texts of an edition in a range.
    ///
    /// - Returns: one element for each ayah of the range, `nil` where the edition lacks it.
    public func texts(of edition: Edition, in range: AyahRange) throws -> [String?] {
        reader.touch(.edition(edition.kind, edition.id))
        var texts = [String?](repeating: nil, count: range.count)
        try reader.sql.forEach(
            """
            SELECT ayah, text FROM ayah_texts WHERE edition = \(edition.id.name)
            AND ayah BETWEEN \(range.first.value) AND \(range.last.value)
            """
        ) { row in
            texts[try row.int(0) - range.first.value] = try row.text(1)
        }
        return texts
    }

    /// The texts of an edition at some ayahs, as far as it has them.
    public func texts(of edition: Edition, at ayahs: [AyahNumber]) throws -> [AyahNumber: String] {
        reader.touch(.edition(edition.kind, edition.id))
        let rows = try reader.sql.all(
            """
            SELECT ayah, text FROM ayah_texts WHERE edition = \(edition.id.name)
            AND ayah IN \(numbers: ayahs.map(\.value))
            """
        ) { row in (try decode(row.int(0), as: { AyahNumber($0) }), try row.text(1)) }
        return Dictionary(uniqueKeysWithValues: rows)
    }

    /// The basmalas that stand before the surahs of a script.
    public func basmalas(of edition: Edition, surah: SurahNumber? = nil) throws -> [SurahNumber: String] {
        reader.touch(.edition(edition.kind, edition.id))
        let rows = try reader.sql.all(
            """
            SELECT surah, text FROM basmalas WHERE edition = \(edition.id.name)
            AND surah BETWEEN \(surah?.value ?? 1) AND \(surah?.value ?? SurahNumber.count)
            """
        ) { row in (try decode(row.int(0), as: SurahNumber.init), try row.text(1)) }
        return Dictionary(uniqueKeysWithValues: rows)
    }

    private static func edition(_ row: any SQLRow) throws -> StoredEdition {
        StoredEdition(
            edition: Edition(
                id: try decode(row.text(0), as: { EditionID($0) }),
                kind: try decode(row.text(1), as: Edition.Kind.init),
                name: try row.text(2), nameNative: try row.optionalText(3), author: try row.optionalText(4),
                language: try row.text(5), direction: try decode(row.text(6), as: Edition.Direction.init),
                publishedYear: try row.optionalInt(7), licence: try row.text(8), licenceURL: try row.optionalText(9),
                redistributable: try decode(row.text(10), as: Edition.Redistributable.init),
                source: try row.text(11), sourceURL: try row.optionalText(12), version: try row.optionalText(13),
                attribution: try row.text(14)),
            status: try decode(row.text(15), as: Edition.Status.init), pin: try row.optionalText(16),
            content: row.isNull(17)
                ? nil
                : StoredEdition.Content(
                    file: try row.text(17), sha256: try row.text(18), isPinned: try row.bool(19),
                    notice: try row.optionalText(20), loadedAt: try row.text(21)))
    }
}
