import Crypto
import Foundation
public import Quran

/// How far a seed is.
public enum SeedProgress: Sendable, Hashable {
    case reading(file: String)
    /// Rows of text stored, of how many.
    case storing(edition: EditionID, rows: Int, of: Int)
}

/// What a seed did.
public struct SeedReport: Sendable, Hashable {
    public struct Item: Sendable, Hashable {
        public enum State: String, Sendable {
            case loaded, unchanged
        }

        public let edition: EditionID
        public let file: String
        public let sha256: String
        public let isPinned: Bool
        public let state: State
    }

    /// Whether structure and catalogue were written, or were there already.
    public let facts: Item.State
    public let editions: [Item]
    /// Editions of the catalogue for which the folder has no file.
    public let missing: [EditionID]
    public let reciterCount: Int
    /// The digest of the whole data set, as ``datasetDigest(structure:editions:)`` computes it.
    public let digest: String
}

/// Fills a store: the facts of `seed-data`, and the texts of a content folder. All or nothing, and nothing twice.
public struct Seeder: Sendable {
    private let database: any Database
    private let seedData: SeedData

    /// How long the transaction may take.
    private static let deadline = Duration.seconds(900)
    /// Rows an `INSERT`: well under SQLite's 32,766 and PostgreSQL's 65,535 values a statement.
    private static let batch = 500

    public init(database: any Database, seedData: SeedData) {
        self.database = database
        self.seedData = seedData
    }

    /// Reads and checks everything, then stores it in one transaction.
    ///
    /// - Parameters:
    ///   - folder: where the texts are; `nil` stores only the facts.
    ///   - allowUnpinned: admit a complete text whose hash is not the pinned one.
    ///   - progress: called on whatever thread does the work.
    /// - Throws: ``ContentError`` if any of the content is refused, ``StorageError`` otherwise; the store is then as it
    ///   was before.
    public func seed(
        from folder: ContentFolder?, allowUnpinned: Bool = false,
        progress: @escaping @Sendable (SeedProgress) -> Void = { _ in }
    ) async throws -> SeedReport {
        try folder?.checkMetadata(against: seedData.structure)
        let reciters = merge(seedData.reciters, with: try folder?.reciters() ?? [])
        var imported: [ImportedEdition] = []
        var missing: [EditionID] = []
        for entry in seedData.catalogue {
            guard let folder, let file = folder.file(of: entry) else {
                missing.append(entry.edition.id)
                continue
            }
            progress(.reading(file: file))
            imported.append(
                try folder.text(of: entry, file: file, structure: seedData.structure, allowUnpinned: allowUnpinned))
        }
        if let folder, imported.isEmpty {
            throw ContentError(
                .incomplete, file: folder.url.path, "the folder has none of the files that the catalogue names")
        }
        let digest = factsDigest(reciters: reciters)
        return try await database.writeExclusively(deadline: Self.deadline) { [seedData, imported, missing] sql in
            let facts = try Self.storeFacts(seedData, reciters: reciters, digest: digest, in: sql)
            let items = try imported.map { edition in
                try Self.store(edition, in: sql, progress: progress)
            }
            let editions = try EditionRepository(ContentReader(sql)).editions()
            return SeedReport(
                facts: facts, editions: items, missing: missing, reciterCount: reciters.count,
                digest: datasetDigest(structure: seedData.structure, editions: editions))
        }
    }

    /// Later records replace earlier ones of the same id.
    private func merge(_ reciters: [Reciter], with others: [Reciter]) -> [Reciter] {
        var byID = Dictionary(uniqueKeysWithValues: reciters.map { ($0.id, $0) })
        for reciter in others { byID[reciter.id] = reciter }
        return byID.values.sorted { $0.id < $1.id }
    }

    private func factsDigest(reciters: [Reciter]) -> String {
        var hash = SHA256()
        hash.update(data: Array(seedData.digest.utf8))
        for reciter in reciters { hash.update(data: Array("\(reciter)\n".utf8)) }
        return hash.finalize().hexadecimal
    }

    private static func storeFacts(
        _ seedData: SeedData, reciters: [Reciter], digest: String, in sql: any SQLWriter
    ) throws -> SeedReport.Item.State {
        let stored = try sql.first("SELECT sha256 FROM seeds WHERE name = 'facts'") { try $0.text(0) }
        guard stored != digest else { return .unchanged }
        // Only what differs is written: a new pin or reciter must not outdate every surah in every cache.
        let reader = ContentReader(sql)
        let surahs = Set((try readable { try StructureRepository(reader).surahs() } ?? []).map(exactly))
        let structure = try readable { try StructureRepository(reader).structure() }
        let editions = Set(
            (try readable { try EditionRepository(reader).editions() } ?? []).map { exactly($0.edition) })
        let storedReciters = Set((try readable { try ReciterRepository(reader).reciters() } ?? []).map(exactly))
        for surah in seedData.structure.surahs where !surahs.contains(exactly(surah)) {
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
        if structure?.divisions != seedData.structure.divisions { try storeDivisions(of: seedData.structure, in: sql) }
        if structure?.sajdas != seedData.structure.sajdas { try storeSajdas(of: seedData.structure, in: sql) }
        for entry in seedData.catalogue where !editions.contains(exactly(entry.edition)) {
            try store(entry.edition, in: sql)
        }
        for reciter in reciters where !storedReciters.contains(exactly(reciter)) { try store(reciter, in: sql) }
        try sql.execute(
            """
            INSERT INTO seeds (name, sha256, seeded_at) VALUES ('facts', \(digest), \(timestamp()))
            ON CONFLICT (name) DO UPDATE SET sha256 = excluded.sha256, seeded_at = excluded.seeded_at
            """)
        return .loaded
    }

    /// A record in bytes: `==` takes two spellings of a name for the same if they are canonically equivalent.
    private static func exactly(_ record: some Sendable) -> [UInt8] { Array("\(record)".utf8) }

    /// What the store holds; `nil` if it can't be understood, and so has to be written anew.
    private static func readable<Value>(_ read: () throws -> Value) throws -> Value? {
        do {
            return try read()
        } catch is StructureError {
            return nil
        } catch let error as StorageError where error.code == .unexpectedResult {
            return nil
        }
    }

    private static func storeDivisions(of structure: QuranStructure, in sql: any SQLWriter) throws {
        try sql.execute("DELETE FROM divisions")
        for division in structure.divisions {
            let rows = division.starts.enumerated().map { index, start -> [SQLValue] in
                [
                    .text(division.kind.rawValue), .text(division.scheme.name), .integer(division.isDefault ? 1 : 0),
                    .integer(Int64(index + 1)), .text(start.description),
                ]
            }
            for batch in batches(of: rows) {
                try sql.execute(
                    "INSERT INTO divisions (kind, scheme, is_default, number, first_ayah) VALUES \(rows: batch)")
            }
        }
    }

    private static func storeSajdas(of structure: QuranStructure, in sql: any SQLWriter) throws {
        try sql.execute("DELETE FROM sajdas")
        let sajdas = structure.sajdas.map { sajda -> [SQLValue] in
            [
                .integer(Int64(sajda.number)), .text(sajda.ayah.description), .text(sajda.kind.rawValue),
                .text(sajda.scheme.name),
            ]
        }
        try sql.execute("INSERT INTO sajdas (number, ayah, kind, scheme) VALUES \(rows: sajdas)")
    }

    private static func store(_ edition: Edition, in sql: any SQLWriter) throws {
        try sql.execute(
            """
            INSERT INTO editions (id, kind, name, name_native, author, language, direction, published_year, licence,
                licence_url, redistributable, source, source_url, version, attribution)
            VALUES (\(edition.id.name), \(edition.kind.rawValue), \(edition.name), \(edition.nameNative),
                \(edition.author), \(edition.language), \(edition.direction.rawValue), \(edition.publishedYear),
                \(edition.licence), \(edition.licenceURL), \(edition.redistributable.rawValue), \(edition.source),
                \(edition.sourceURL), \(edition.version), \(edition.attribution))
            ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, name = excluded.name,
                name_native = excluded.name_native, author = excluded.author, language = excluded.language,
                direction = excluded.direction, published_year = excluded.published_year, licence = excluded.licence,
                licence_url = excluded.licence_url, redistributable = excluded.redistributable,
                source = excluded.source, source_url = excluded.source_url, version = excluded.version,
                attribution = excluded.attribution
            """)
    }

    private static func store(_ reciter: Reciter, in sql: any SQLWriter) throws {
        let alternates = reciter.alternates.map {
            AlternateRecord(bitrate: $0.bitrate, urlPattern: $0.pattern.description)
        }
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let surahs = reciter.isComplete ? nil : try encoder.encode(reciter.surahs.map(\.value))
        try sql.execute(
            """
            INSERT INTO reciters (id, name_english, name_arabic, style, riwayah, granularity, provider, url_pattern,
                bitrate, alternates, surahs)
            VALUES (\(reciter.id.name), \(reciter.nameEnglish), \(reciter.nameArabic), \(reciter.style),
                \(reciter.riwayah), \(reciter.granularity.rawValue), \(reciter.provider),
                \(reciter.pattern.description), \(reciter.bitrate),
                \(String(decoding: try encoder.encode(alternates), as: UTF8.self)),
                \(surahs.map { String(decoding: $0, as: UTF8.self) }))
            ON CONFLICT (id) DO UPDATE SET name_english = excluded.name_english, name_arabic = excluded.name_arabic,
                style = excluded.style, riwayah = excluded.riwayah, granularity = excluded.granularity,
                provider = excluded.provider, url_pattern = excluded.url_pattern, bitrate = excluded.bitrate,
                alternates = excluded.alternates, surahs = excluded.surahs
            """)
    }

    private static func store(
        _ imported: ImportedEdition, in sql: any SQLWriter, progress: (SeedProgress) -> Void
    ) throws -> SeedReport.Item {
        let id = imported.edition.id
        let stored = try sql.first("SELECT sha256, pinned FROM edition_contents WHERE edition = \(id.name)") { row in
            (sha256: try row.text(0), isPinned: try row.bool(1))
        }
        let item = { state in
            SeedReport.Item(
                edition: id, file: imported.file, sha256: imported.sha256, isPinned: imported.isPinned, state: state)
        }
        if let stored, stored == (imported.sha256, imported.isPinned) { return item(.unchanged) }
        if stored?.sha256 != imported.sha256 { try storeText(imported, in: sql, progress: progress) }
        try sql.execute(
            """
            INSERT INTO edition_contents (edition, file, sha256, pinned, notice, loaded_at)
            VALUES (\(id.name), \(imported.file), \(imported.sha256), \(imported.isPinned), \(imported.notice),
                \(timestamp()))
            ON CONFLICT (edition) DO UPDATE SET file = excluded.file, sha256 = excluded.sha256,
                pinned = excluded.pinned, notice = excluded.notice, loaded_at = excluded.loaded_at
            """)
        return item(.loaded)
    }

    private static func storeText(
        _ imported: ImportedEdition, in sql: any SQLWriter, progress: (SeedProgress) -> Void
    ) throws {
        let id = imported.edition.id
        let rows = imported.text.ayahs.enumerated().map { index, text -> [SQLValue] in
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
            progress(.storing(edition: id, rows: done, of: rows.count))
        }
        try sql.execute("DELETE FROM basmalas WHERE edition = \(id.name)")
        let basmalas = imported.text.basmalas.sorted { $0.key < $1.key }.map { surah, text -> [SQLValue] in
            [.text(id.name), .integer(Int64(surah.value)), .text(text)]
        }
        if !basmalas.isEmpty {
            try sql.execute("INSERT INTO basmalas (edition, surah, text) VALUES \(rows: basmalas)")
        }
    }

    private static func batches(of rows: [[SQLValue]]) -> [ArraySlice<[SQLValue]>] {
        stride(from: 0, to: rows.count, by: batch).map { rows[$0..<min($0 + batch, rows.count)] }
    }
}
