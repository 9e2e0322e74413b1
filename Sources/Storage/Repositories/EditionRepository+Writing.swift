import Quran

/// What is stored of an edition's text besides its rows.
struct TextRecord {
    let file: String
    let sha256: String
    let isPinned: Bool
    let notice: String?
}

extension EditionRepository {
    static func store(_ edition: Edition, status: Edition.Status, in sql: any SQLWriter) throws {
        try sql.execute(
            """
            INSERT INTO editions (id, kind, name, name_native, author, language, direction, published_year, licence,
                licence_url, redistributable, source, source_url, version, attribution, status)
            VALUES (\(edition.id.name), \(edition.kind.rawValue), \(edition.name), \(edition.nameNative),
                \(edition.author), \(edition.language), \(edition.direction.rawValue), \(edition.publishedYear),
                \(edition.licence), \(edition.licenceURL), \(edition.redistributable.rawValue), \(edition.source),
                \(edition.sourceURL), \(edition.version), \(edition.attribution), \(status.rawValue))
            ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, name = excluded.name,
                name_native = excluded.name_native, author = excluded.author, language = excluded.language,
                direction = excluded.direction, published_year = excluded.published_year, licence = excluded.licence,
                licence_url = excluded.licence_url, redistributable = excluded.redistributable,
                source = excluded.source, source_url = excluded.source_url, version = excluded.version,
                attribution = excluded.attribution, status = excluded.status
            """)
    }

    /// Replaces the text of an edition.
    ///
    /// The record comes first: on PostgreSQL its trigger locks `editions` and then the edition, as whoever else raises both
    /// does, and the rows' triggers the edition alone.
    ///
    /// - Parameter progress: called with how many ayahs are stored.
    static func store(
        _ text: EditionText, _ record: TextRecord, of id: EditionID, in sql: any SQLWriter,
        progress: (Int) -> Void = { _ in }
    ) throws {
        try store(record, of: id, in: sql)
        let rows = text.ayahs.enumerated().map { index, text -> [SQLValue] in
            [.text(id.name), .integer(Int64(index + 1)), .text(text)]
        }
        var done = 0
        for batch in batches(of: rows) {
            try sql.execute(
                """
                INSERT INTO ayah_texts (edition, ayah, text) VALUES \(rows: batch)
                ON CONFLICT (edition, ayah) DO UPDATE SET text = excluded.text
                """)
            done += batch.count
            progress(done)
        }
        try sql.execute("DELETE FROM basmalas WHERE edition = \(id.name)")
        let basmalas = text.basmalas.sorted { $0.key < $1.key }.map { surah, text -> [SQLValue] in
            [.text(id.name), .integer(Int64(surah.value)), .text(text)]
        }
        if !basmalas.isEmpty {
            try sql.execute("INSERT INTO basmalas (edition, surah, text) VALUES \(rows: basmalas)")
        }
    }

    static func store(_ record: TextRecord, of id: EditionID, in sql: any SQLWriter) throws {
        try sql.execute(
            """
            INSERT INTO edition_contents (edition, file, sha256, pinned, notice, loaded_at)
            VALUES (\(id.name), \(record.file), \(record.sha256), \(record.isPinned), \(record.notice), \(timestamp()))
            ON CONFLICT (edition) DO UPDATE SET file = excluded.file, sha256 = excluded.sha256,
                pinned = excluded.pinned, notice = excluded.notice, loaded_at = excluded.loaded_at
            """)
    }

    /// In the order of locks of ``store(_:_:of:in:progress:)``.
    static func removeText(of id: EditionID, in sql: any SQLWriter) throws {
        for table: SQL in ["edition_contents", "ayah_texts", "basmalas"] {
            try sql.execute("DELETE FROM \(table) WHERE edition = \(id.name)")
        }
    }

    static func remove(_ id: EditionID, in sql: any SQLWriter) throws {
        try sql.execute("DELETE FROM editions WHERE id = \(id.name)")
    }

    /// Rows an `INSERT`: well under SQLite's 32,766 and PostgreSQL's 65,535 values a statement.
    private static let batch = 500

    static func batches(of rows: [[SQLValue]]) -> [ArraySlice<[SQLValue]>] {
        stride(from: 0, to: rows.count, by: batch).map { rows[$0..<min($0 + batch, rows.count)] }
    }
}
