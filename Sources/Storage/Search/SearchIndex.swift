import Quran

/// The search index, as it is brought up to date: each text that changed is folded and stored anew.
///
/// One transaction at a time does that, of whatever instance. What it has not done yet is noted in the store, so it may
/// stop anywhere.
public struct SearchIndex {
    private let sql: any SQLWriter
    private let folding = Folding()
    private let engine: DatabaseEngine

    /// Texts a transaction that others may wait for.
    public static let batch = 250

    /// The bytes of a text's words that are indexed: what comes after them in so long a text is not found.
    static let maximumBytes = 1_000_000

    public init(_ engine: DatabaseEngine, _ sql: any SQLWriter) {
        self.engine = engine
        self.sql = sql
    }

    /// What was folded already.
    private final class Folding {
        var memo = FoldingMemo()
    }

    /// How far an update came.
    public struct Progress: Sendable, Hashable {
        /// Whether nothing is left that this program could do.
        public fileprivate(set) var isDone: Bool
        /// The texts that the engine would not index, and which are not found therefore: `edition ayah`.
        public fileprivate(set) var leftOut: [String] = []
    }

    /// The number of the last change that is noted; those that follow have greater ones.
    public func lastChange() throws -> Int {
        try sql.first("SELECT COALESCE(MAX(number), 0) FROM search_pending") { try $0.int(0) } ?? 0
    }

    /// Indexes texts that changed after a change, in an index that this program made; else they stay noted.
    public func follow(after change: Int, atMost limit: Int) throws {
        guard try SearchIndexState(sql).version == SearchFolding.version, try isFree() else { return }
        _ = try index(after: change, atMost: limit)
    }

    /// Indexes texts that changed, or begins to make an index anew that another folding made. One that a newer program made
    /// is left alone, as is one that someone else is updating.
    ///
    /// - Parameter limit: how many changes to follow at most.
    @discardableResult
    public func update(atMost limit: Int = .max) throws -> Progress {
        guard try SearchIndexState.needsUpdate(sql) else { return Progress(isDone: true) }
        guard try isFree() else { return Progress(isDone: false) }
        if try SearchIndexState(sql).version != SearchFolding.version {
            try restart()
            // That was enough for a transaction that others may wait for.
            guard limit > Self.batch else { return Progress(isDone: false) }
        }
        var progress = Progress(isDone: false)
        progress.leftOut = try index(after: 0, atMost: limit)
        progress.isDone = try !SearchIndexState.needsUpdate(sql)
        return progress
    }

    /// Whether nobody else is updating the index; nobody else begins to before the transaction ends then.
    private func isFree() throws -> Bool {
        switch engine {
        case .sqlite: true
        case .postgres:
            try sql.first("SELECT pg_try_advisory_xact_lock(7133701809754865665)::int") { try $0.bool(0) } ?? false
        }
    }

    /// Notes all texts as changed, and all that are indexed. Their rows are replaced one batch after the other.
    private func restart() throws {
        try sql.execute("DELETE FROM search_pending")
        // Whoever truncates the texts waits here, and not for the version.
        try sql.execute(
            """
            INSERT INTO search_pending (edition, ayah)
            SELECT edition, ayah FROM ayah_texts
            UNION
            SELECT search_editions.edition, \(SearchRow.ayahColumn)
            FROM search_texts JOIN search_editions ON search_editions.number = \(SearchRow.editionColumn)
            """)
        try sql.execute("UPDATE search_index SET version = \(SearchFolding.version)")
    }

    /// - Returns: the texts that were left out.
    private func index(after change: Int, atMost limit: Int) throws -> [String] {
        var leftOut: [String] = []
        var (last, left) = (change, limit)
        while left > 0 {
            let pending = try sql.all(
                """
                SELECT number, edition, ayah FROM search_pending WHERE number > \(last)
                ORDER BY number LIMIT \(min(left, Self.batch))
                """
            ) { (number: try $0.int(0), edition: try $0.text(1), ayah: try $0.int(2)) }
            guard let end = pending.last else { break }
            for (edition, changes) in Dictionary(grouping: pending, by: \.edition).sorted(by: { $0.key < $1.key }) {
                leftOut += try index(Set(changes.map(\.ayah)).sorted(), of: edition)
            }
            try sql.execute("DELETE FROM search_pending WHERE number IN \(numbers: pending.map(\.number))")
            last = end.number
            left -= pending.count
        }
        return leftOut
    }

    /// Replaces the rows of some texts; where the engine refuses any, of each by itself, and what it refuses has none.
    ///
    /// - Returns: as ``index(after:atMost:)``.
    private func index(_ ayahs: [Int], of edition: String) throws -> [String] {
        let texts = try sql.all(
            "SELECT ayah, text FROM ayah_texts WHERE edition = \(edition) AND ayah IN \(numbers: ayahs) ORDER BY ayah"
        ) { (ayah: try $0.int(0), text: try $0.text(1)) }
        let number = try self.number(of: edition)
        let rows = texts.map { (ayah: $0.ayah, rows: self.rows(of: $0.text, edition: number, ayah: $0.ayah)) }
        if try isAccepted(rows.flatMap(\.rows), of: ayahs, edition: number) { return [] }
        try remove(ayahs, of: number)
        return try rows.filter { try !isAccepted($0.rows, of: [$0.ayah], edition: number) }.map {
            "\(edition) \($0.ayah)"
        }
    }

    /// Replaces the rows of some texts, or leaves them as they are if the engine refuses the new ones.
    private func isAccepted(_ rows: [[SQLValue]], of ayahs: [Int], edition: Int) throws -> Bool {
        try sql.execute(script: "SAVEPOINT search_rows")
        do {
            try remove(ayahs, of: edition)
            for batch in EditionRepository.batches(of: rows) { try sql.execute(insertion(of: batch)) }
        } catch let error as StorageError where error.code == .statementFailed || error.code == .constraintViolated {
            try sql.execute(script: "ROLLBACK TO SAVEPOINT search_rows; RELEASE SAVEPOINT search_rows")
            return false
        }
        try sql.execute(script: "RELEASE SAVEPOINT search_rows")
        return true
    }

    private func remove(_ ayahs: [Int], of edition: Int) throws {
        for run in ayahs.runs {
            let rows = SearchRow.numbers(edition: edition, ayahs: run)
            try sql.execute(
                """
                DELETE FROM search_texts
                WHERE rowid BETWEEN \(.integer(rows.lowerBound)) AND \(.integer(rows.upperBound))
                """)
        }
    }

    private func insertion(of rows: ArraySlice<[SQLValue]>) -> SQL {
        switch engine {
        case .sqlite: "INSERT INTO search_texts (rowid, folded, loose) VALUES \(rows: rows)"
        case .postgres:
            """
            INSERT INTO search_texts (rowid, folded, loose)
            SELECT rowid::bigint, folded::tsvector, loose::tsvector
            FROM (VALUES \(rows: rows)) AS rows (rowid, folded, loose)
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
        let words = folding.memo.words(of: text).prefix { word in
            bytes += max(word.folded.utf8.count, word.loose.utf8.count) + 1
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
                .text(isArabic ? document(of: words.lazy.map(\.loose), hasPositions: hasPositions) : ""),
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

    /// Whether this program has something to do: cheap enough to be asked every second.
    static func needsUpdate(_ sql: any SQLReader) throws -> Bool {
        let version = try SearchIndexState(sql).version
        if version != SearchFolding.version { return version < SearchFolding.version }
        return try sql.first("SELECT number FROM search_pending LIMIT 1") { _ in true } ?? false
    }

    static func isPending(of editions: [EditionID], _ sql: any SQLReader) throws -> Bool {
        try sql.first("SELECT number FROM search_pending WHERE edition IN \(list: editions.map(\.name)) LIMIT 1") { _ in
            true
        } ?? false
    }
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
    @discardableResult
    public func updateSearchIndex(atMost limit: Int) async throws -> SearchIndex.Progress {
        try await write { [engine] sql in try SearchIndex(engine, sql).update(atMost: limit) }
    }

    /// Whether ``updateSearchIndex(atMost:)`` would find something to do.
    public func searchIndexNeedsUpdate() async throws -> Bool {
        try await read { sql in try SearchIndexState.needsUpdate(sql) }
    }
}
