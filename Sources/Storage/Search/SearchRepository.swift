public import Quran

/// Why the index can't be searched; see ``SearchIndex``.
public enum SearchIndexError: Error, Sendable, Hashable {
    /// It lacks something that the search needs.
    case outdated
    /// A newer program made it, and this one can't read it.
    case newer
}

/// What a search finds, best first.
public struct SearchHits: Sendable {
    public struct Hit: Hashable, Sendable {
        /// Which of the searched editions it is.
        public let edition: Int
        public let ayah: AyahNumber

        public init(edition: Int, ayah: AyahNumber) {
            self.edition = edition
            self.ayah = ayah
        }
    }

    /// What was found: the query, or the same in its loose form.
    public let query: SearchQuery
    private let ranked: [UInt64]

    fileprivate init(of query: SearchQuery, ranked: [UInt64]) {
        self.query = query
        self.ranked = ranked
    }

    public var count: Int { ranked.count }

    public subscript(range: Range<Int>) -> [Hit] {
        ranked[range].compactMap { rank in
            AyahNumber(Int(rank >> 16 & 0x1FFF)).map { Hit(edition: Int(rank & 0xFFFF), ayah: $0) }
        }
    }
}

/// Looks into the search index.
public struct SearchRepository {
    private let engine: DatabaseEngine
    private let reader: ContentReader

    public init(_ engine: DatabaseEngine, _ reader: ContentReader) {
        self.engine = engine
        self.reader = reader
    }

    /// The ayahs that a query finds; if nothing is spelled so, those of ``SearchQuery/loosened``.
    ///
    /// In this order: those with the words themselves before those with words that begin so; with all words of the query one
    /// after the other before others; the shorter texts, by powers of two; by ayah, and then by edition.
    ///
    /// - Parameter editions: where to look; in one ayah their hits come in this order. At most 65,536.
    /// - Throws: ``SearchIndexError`` unless the index has these texts as they are.
    public func hits(of query: SearchQuery, in editions: [Edition], ayahs: AyahRange = .all) throws -> SearchHits {
        for edition in editions { reader.touch(.edition(edition.kind, edition.id)) }
        let version = try SearchIndexState(reader.sql).version
        guard version <= SearchFolding.version else { throw SearchIndexError.newer }
        guard version == SearchFolding.version,
            try !SearchIndexState.isPending(of: editions.map(\.id), reader.sql)
        else { throw SearchIndexError.outdated }
        let scope = try Scope(editions, ayahs, reader.sql)
        var query = query
        var found = try rows(of: query, in: scope)
        if found.isEmpty, let loosened = query.loosened {
            // What is found and excluded is spelled so.
            guard try query.excluded.isEmpty || rows(of: query.withoutExclusions, in: scope).isEmpty else {
                return SearchHits(of: query, ranked: [])
            }
            query = loosened
            found = try rows(of: query, in: scope)
        }
        guard !found.isEmpty else { return SearchHits(of: query, ranked: []) }
        return SearchHits(of: query, ranked: try ranked(found, by: query, in: scope))
    }

    /// The rows of whole texts that a query finds.
    private func rows(of query: SearchQuery, in scope: Scope) throws -> Set<SearchRow> {
        let expression = SearchExpression(engine: engine)
        var found = try rows(expression.matches(wordsOf: query), in: scope)
        for phrase in query.required where phrase.isPhrase && !found.isEmpty {
            found.formIntersection(try rows(expression.matches(phrase, query.form), ofParts: true, in: scope))
        }
        for phrase in query.excluded where phrase.isPhrase && !found.isEmpty {
            found.subtract(try rows(expression.matches(phrase, .folded), ofParts: true, in: scope))
        }
        return found
    }

    private func rows(_ condition: SQL, ofParts: Bool = false, in scope: Scope) throws -> Set<SearchRow> {
        var rows: Set<SearchRow> = []
        let parts: SQL = ofParts ? "" : "AND rowid & \(.integer(SearchRow.partMask)) = 0"
        try reader.sql.forEach(
            """
            SELECT rowid FROM search_texts WHERE \(condition) \(parts)
            AND rowid BETWEEN \(.integer(scope.bounds.lowerBound)) AND \(.integer(scope.bounds.upperBound))
            """
        ) { row in
            let row = SearchRow(number: try row.integer(0)).whole
            if scope.contains(row) { rows.insert(row) }
        }
        return rows
    }

    private func ranked(_ found: Set<SearchRow>, by query: SearchQuery, in scope: Scope) throws -> [UInt64] {
        let expression = SearchExpression(engine: engine)
        let isPrefix = query.required.contains { $0.words.contains(where: \.isPrefix) }
        // For each of these nothing is asked where all hits have it. What is excluded is in no hit.
        let whole = isPrefix ? try rows(of: query.withoutExclusions.whole, in: scope) : found
        let adjacent =
            try query.joined.map { try rows(expression.matches($0, query.form), ofParts: true, in: scope) } ?? found
        return found.map { row in
            let lacks = (whole.contains(row) ? 0 : 2) + (adjacent.contains(row) ? 0 : 1)
            return UInt64(lacks) << 33 | UInt64(row.lengthClass) << 29 | UInt64(row.ayah) << 16
                | UInt64(scope.position(of: row))
        }.sorted()
    }

    /// The rows that a search is about.
    private struct Scope {
        let bounds: ClosedRange<Int64>
        private let ayahs: ClosedRange<Int>
        private let positions: [Int: Int]

        init(_ editions: [Edition], _ ayahs: AyahRange, _ sql: any SQLReader) throws {
            let numbers = try sql.all(
                "SELECT number, edition FROM search_editions WHERE edition IN \(list: editions.map(\.id.name))"
            ) { (try $0.text(1), try $0.int(0)) }
            let byName = Dictionary(uniqueKeysWithValues: numbers)
            var positions: [Int: Int] = [:]
            for (position, edition) in editions.enumerated() {
                if let number = byName[edition.id.name] { positions[number] = position }
            }
            self.positions = positions
            self.ayahs = ayahs.first.value...ayahs.last.value
            let (lowest, highest) = (positions.keys.min() ?? 0, positions.keys.max() ?? 0)
            bounds =
                SearchRow.numbers(edition: lowest, ayahs: self.ayahs)
                .lowerBound...SearchRow.numbers(
                    edition: highest, ayahs: self.ayahs
                ).upperBound
        }

        func contains(_ row: SearchRow) -> Bool { positions[row.edition] != nil && ayahs.contains(row.ayah) }

        func position(of row: SearchRow) -> Int { positions[row.edition] ?? 0 }
    }
}
