import Quran

/// The search index, as it is brought up to date: each text that changed is folded and stored anew.
///
/// One transaction at a time does that, of whatever instance. What it has not done yet is noted in the store, so it may
/// stop anywhere.
public struct SearchIndex {
    private let sql: any SQLWriter
    private let engine: DatabaseEngine

    /// Texts a transaction that others may wait for.
    public static let batch = 250

    /// The bytes of a text's words that are indexed: what comes after them in so long a text is not found.
    static let maximumBytes = 1_000_000

    public init(_ engine: DatabaseEngine, _ sql: any SQLWriter) {
        self.engine = engine
        self.sql = sql
    }

    /// Indexes texts that changed.
    ///
    /// - Parameter limit: how many changes to follow at most.
    /// - Returns: whether all were followed.
    /// - Throws: ``StorageError`` (`unavailable`) if a newer program made the index.
    @discardableResult
    public func update(atMost limit: Int = .max) throws -> Bool {
        guard try !isCurrent() else { return true }
        // A SQLite write transaction excludes every other; PostgreSQL needs a lock, held until commit.
        if engine == .postgres { try sql.execute(script: "SELECT pg_advisory_xact_lock(7133701809754865665)") }
        try restartIfOutdated()
        var left = limit
        while left > 0 {
            let done = try indexBatch(of: min(left, Self.batch))
            if done == 0 { break }
            left -= done
        }
        return try isCurrent()
    }

    private func isCurrent() throws -> Bool {
        try SearchIndexState(sql).version == SearchFolding.version && !SearchIndexState.isPending(sql)
    }

    /// Notes all texts as changed if another folding made the index.
    private func restartIfOutdated() throws {
        let version = try SearchIndexState(sql).version
        guard version != SearchFolding.version else { return }
        guard version < SearchFolding.version else { throw SearchIndexState.newer }
        try sql.execute("DELETE FROM search_pending")
        // Whoever truncates the texts waits here, and not for the version.
        try sql.execute("INSERT INTO search_pending (edition, ayah) SELECT edition, ayah FROM ayah_texts")
        try sql.execute("DELETE FROM search_texts")
        try sql.execute("UPDATE search_index SET version = \(SearchFolding.version)")
    }

    /// - Returns: how many changes were followed.
    private func indexBatch(of count: Int) throws -> Int {
        let pending = try sql.all(
            "SELECT number, edition, ayah FROM search_pending ORDER BY number LIMIT \(count)"
        ) { (number: try $0.int(0), edition: try $0.text(1), ayah: try $0.int(2)) }
        guard !pending.isEmpty else { return 0 }
        for (edition, changes) in Dictionary(grouping: pending, by: \.edition).sorted(by: { $0.key < $1.key }) {
            try index(Set(changes.map(\.ayah)).sorted(), of: edition)
        }
        try sql.execute("DELETE FROM search_pending WHERE number IN \(numbers: pending.map(\.number))")
        return pending.count
    }

    private func index(_ ayahs: [Int], of edition: String) throws {
        let texts = try sql.all(
            "SELECT ayah, text FROM ayah_texts WHERE edition = \(edition) AND ayah IN \(numbers: ayahs) ORDER BY ayah"
        ) { (ayah: try $0.int(0), text: try $0.text(1)) }
        let number = try self.number(of: edition)
        for run in ayahs.runs {
            let rows = SearchRow.numbers(edition: number, ayahs: run)
            try sql.execute(
                """
                DELETE FROM search_texts
                WHERE rowid BETWEEN \(.integer(rows.lowerBound)) AND \(.integer(rows.upperBound))
                """)
        }
        let rows = texts.flatMap { self.rows(of: $0.text, edition: number, ayah: $0.ayah) }
        for batch in EditionRepository.batches(of: rows) { try sql.execute(insertion(of: batch)) }
    }

    private func insertion(of rows: ArraySlice<[SQLValue]>) -> SQL {
        switch engine {
        case .sqlite: "INSERT INTO search_texts (rowid, folded, spelled) VALUES \(rows: rows)"
        case .postgres:
            """
            INSERT INTO search_texts (rowid, folded, spelled)
            SELECT rowid::bigint, folded::tsvector, spelled::tsvector
            FROM (VALUES \(rows: rows)) AS rows (rowid, folded, spelled)
            """
        }
    }

    /// The number of an edition, which it keeps.
    private func number(of edition: String) throws -> Int {
        let known = try sql.first("SELECT number FROM search_editions WHERE edition = \(edition)") { try $0.int(0) }
        if let known { return known }
        let next = try sql.first("SELECT COALESCE(MAX(number), 0) + 1 FROM search_editions") { try $0.int(0) } ?? 1
        try sql.execute("INSERT INTO search_editions (number, edition) VALUES (\(next), \(edition))")
        return next
    }

    // MARK: Rows

    private func rows(of text: String, edition: Int, ayah: Int) -> [[SQLValue]] {
        var bytes = 0
        let words = SearchFolding.words(of: text).prefix { word in
            bytes += max(word.folded.utf8.count, word.spelled.utf8.count) + 1
            return bytes <= Self.maximumBytes
        }
        let isArabic = words.contains(where: \.isArabic)
        let length = words.count
        let isLong = length > SearchRow.partLength
        func row(_ part: Int, _ words: ArraySlice<FoldedWord>) -> [SQLValue] {
            let hasPositions = part > 0 || !isLong
            return [
                .integer(SearchRow(edition: edition, ayah: ayah, length: length, part: part).number),
                .text(document(of: words.lazy.map(\.folded), hasPositions: hasPositions)),
                .text(isArabic ? document(of: words.lazy.map(\.spelled), hasPositions: hasPositions) : ""),
            ]
        }
        guard isLong else { return [row(0, words)] }
        var rows = [row(0, words)]
        var start = 0
        while start < length {
            let end = min(start + SearchRow.partLength, length)
            rows.append(row(rows.count, words[start..<end]))
            if end == length { break }
            start = end - SearchRow.overlap
        }
        return rows
    }

    /// Words as the engine takes them.
    private func document(of words: some Sequence<String>, hasPositions: Bool) -> String {
        switch engine {
        case .sqlite: words.joined(separator: " ")
        case .postgres:
            words.enumerated().map { hasPositions ? "'\($1)':\($0 + 1)" : "'\($1)'" }.joined(separator: " ")
        }
    }
}

/// How far the search index is.
struct SearchIndexState {
    /// That of the folding which made it; 0 if none did.
    let version: Int

    init(_ sql: any SQLReader) throws {
        version = try sql.first("SELECT version FROM search_index") { try $0.int(0) } ?? 0
    }

    static func isPending(_ sql: any SQLReader) throws -> Bool {
        try sql.first("SELECT number FROM search_pending LIMIT 1") { _ in true } ?? false
    }

    static func isPending(of editions: [EditionID], _ sql: any SQLReader) throws -> Bool {
        try sql.first("SELECT number FROM search_pending WHERE edition IN \(list: editions.map(\.name)) LIMIT 1") { _ in
            true
        } ?? false
    }

    static let newer = StorageError(.unavailable, "a newer program made the search index, which this one can't read")
}

extension [Int] {
    /// The runs of an ascending list: 1, 2, 3, 7 has 1…3 and 7…7.
    fileprivate var runs: [ClosedRange<Int>] {
        reduce(into: []) { runs, value in
            if let last = runs.last, last.upperBound + 1 == value {
                runs[runs.count - 1] = last.lowerBound...value
            } else {
                runs.append(value...value)
            }
        }
    }
}

extension Database {
    /// Brings the search index up to date, or nearer to it, in a transaction of its own.
    ///
    /// - Returns: as ``SearchIndex/update(atMost:)``, which also says what is thrown.
    @discardableResult
    public func updateSearchIndex(atMost limit: Int) async throws -> Bool {
        try await write { [engine] sql in try SearchIndex(engine, sql).update(atMost: limit) }
    }
}
