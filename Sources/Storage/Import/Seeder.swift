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
            /// The store has another text, by an editor, which stays.
            case kept
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
    /// What of the facts editors changed, which stays as they left it.
    public let kept: [AuditSubject]
    /// The digest of the whole data set, as ``datasetDigest(structure:editions:)`` computes it.
    public let digest: String
}

/// Fills a store: the facts of `seed-data`, and the texts of a content folder. All or nothing, and nothing twice.
public struct Seeder: Sendable {
    private let database: any Database
    private let seedData: SeedData

    /// How long the transaction may take.
    private static let deadline = Duration.seconds(900)

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
        return try await database.writeExclusively(deadline: Self.deadline) {
            [seedData, imported, missing, engine = database.engine] sql in
            let edits = try StandingEdits(sql)
            let kept = Self.kept(of: seedData, reciters: reciters, edits: edits)
            let facts = try Self.storeFacts(seedData, reciters: reciters, digest: digest, edits: edits, in: sql)
            let items = try imported.map { edition in
                try Self.store(edition, edits: edits, in: sql, progress: progress)
            }
            try SearchIndex(engine, sql).update()
            let editions = try allEditions(sql).editions()
            return SeedReport(
                facts: facts, editions: items, missing: missing, reciterCount: reciters.count, kept: kept,
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

    /// What editors changed of the facts.
    private static func kept(of seedData: SeedData, reciters: [Reciter], edits: StandingEdits) -> [AuditSubject] {
        let surahs = SurahNumber.all.map(SurahNames.subject).filter { edits.has(.surah, $0) }
        let editions = seedData.catalogue.map { EditionState.subject($0.edition.id) }.filter { edits.has(.edition, $0) }
        return surahs + editions + reciters.map { Reciter.subject($0.id) }.filter { edits.has(.reciter, $0) }
    }

    private static func storeFacts(
        _ seedData: SeedData, reciters: [Reciter], digest: String, edits: StandingEdits, in sql: any SQLWriter
    ) throws -> SeedReport.Item.State {
        // Once an edit is taken back, what was kept from the seed is compared again.
        let digest = kept(of: seedData, reciters: reciters, edits: edits).reduce(digest) { "\($0) \($1)" }
        let stored = try sql.first("SELECT sha256 FROM seeds WHERE name = 'facts'") { try $0.text(0) }
        guard stored != digest else { return .unchanged }
        // Only what differs is written: a new pin or reciter must not outdate every surah in every cache.
        let reader = ContentReader(sql)
        let surahs = try readable { try StructureRepository(reader).surahs() } ?? []
        let structure = try readable { try StructureRepository(reader).structure() }
        let editions = try readable { try allEditions(sql).editions() } ?? []
        let storedReciters = Set((try readable { try ReciterRepository(reader).reciters() } ?? []).map(exactly))
        let storedSurahs = Set(surahs.map(exactly))
        for seeded in seedData.structure.surahs {
            let edited = surahs.first { $0.number == seeded.number && edits.has(.surah, SurahNames.subject($0.number)) }
            let surah = edited.map { seeded.named(as: $0) } ?? seeded
            if !storedSurahs.contains(exactly(surah)) { try StructureRepository.store(surah, in: sql) }
        }
        if structure?.divisions != seedData.structure.divisions { try storeDivisions(of: seedData.structure, in: sql) }
        if structure?.sajdas != seedData.structure.sajdas { try storeSajdas(of: seedData.structure, in: sql) }
        for entry in seedData.catalogue {
            let id = entry.edition.id
            let stored = editions.first { $0.edition.id == id }
            let isEdited = edits.has(.edition, EditionState.subject(id))
            if !isEdited, stored.map({ exactly($0.edition) }) != exactly(entry.edition) {
                try EditionRepository.store(entry.edition, status: stored?.status ?? .published, in: sql)
            }
            if stored?.pin != entry.sha256 {
                try sql.execute("UPDATE editions SET pin = \(entry.sha256) WHERE id = \(id.name)")
            }
        }
        for reciter in reciters
        where !storedReciters.contains(exactly(reciter)) && !edits.has(.reciter, Reciter.subject(reciter.id)) {
            try ReciterRepository.store(reciter, in: sql)
        }
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
            for batch in EditionRepository.batches(of: rows) {
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

    private static func store(
        _ imported: ImportedEdition, edits: StandingEdits, in sql: any SQLWriter, progress: (SeedProgress) -> Void
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
        let record = TextRecord(
            file: imported.file, sha256: imported.sha256, isPinned: imported.isPinned, notice: imported.notice)
        if stored?.sha256 == imported.sha256 {
            try EditionRepository.store(record, of: id, in: sql)
        } else {
            if edits.hasText(of: id) { return item(.kept) }
            let count = imported.text.ayahs.count
            try EditionRepository.store(imported.text, record, of: id, in: sql) { done in
                progress(.storing(edition: id, rows: done, of: count))
            }
        }
        return item(.loaded)
    }
}

extension Surah {
    /// The facts with the names of another.
    fileprivate func named(as other: Surah) -> Surah {
        Surah(
            number: number, nameArabic: other.nameArabic, nameTransliterated: other.nameTransliterated,
            nameEnglish: other.nameEnglish, revelationPlace: revelationPlace, revelationOrder: revelationOrder,
            ayahCount: ayahCount, hasBasmala: hasBasmala)
    }
}
