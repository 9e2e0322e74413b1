public import Quran

/// The index lacks something that a search needs; see ``SearchIndex``.
public struct SearchIndexOutdated: Error, Sendable {}

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

    private let ranked: [UInt64]

    fileprivate init(ranked: [UInt64]) { self.ranked = ranked }

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

    /// The ayahs that a query finds.
    ///
    /// In this order: those with the last word itself before those with one that begins with it; with all words of the query
    /// one after the other before others; with the words as they are spelled; the shorter texts, by powers of two; by ayah, and
    /// then by edition.
    ///
    /// - Parameter editions: where to look; in one ayah their hits come in this order. At most 65,536.
    /// - Throws: ``SearchIndexOutdated`` unless the index has these texts as they are.
    public func hits(of query: SearchQuery, in editions: [Edition], ayahs: AyahRange = .all) throws -> SearchHits {
        for edition in editions { reader.touch(.edition(edition.kind, edition.id)) }
        let version = try SearchIndexState(reader.sql).version
        guard version <= SearchFolding.version else { throw SearchIndexState.newer }
        guard version == SearchFolding.version,
            try !SearchIndexState.isPending(of: editions.map(\.id), reader.sql)
        else { throw SearchIndexOutdated() }
        let scope = try Scope(editions, ayahs, reader.sql)
        let found = try rows(of: query, in: scope)
        guard !found.isEmpty else { return SearchHits(ranked: []) }
        return SearchHits(ranked: try ranked(found, by: query, in: scope))
    }

    /// The rows of whole texts that a query finds.
    private func rows(of query: SearchQuery, in scope: Scope) throws -> Set<SearchRow> {
        let expression = SearchExpression(engine: engine, form: .folded)
        var found = try rows(expression, expression.words(of: query), in: scope)
        for phrase in query.required where phrase.isPhrase && !found.isEmpty {
            found.formIntersection(try rows(expression, expression.phrase(phrase), ofParts: true, in: scope))
        }
        for phrase in query.excluded where phrase.isPhrase && !found.isEmpty {
            found.subtract(try rows(expression, expression.phrase(phrase), ofParts: true, in: scope))
        }
        return found
    }

    private func rows(
        _ expression: SearchExpression, _ text: String, ofParts: Bool = false, in scope: Scope
    ) throws -> Set<SearchRow> {
        var rows: Set<SearchRow> = []
        let parts: SQL = ofParts ? "" : "AND rowid & \(.integer(SearchRow.partMask)) = 0"
        try reader.sql.forEach(
            """
            SELECT rowid FROM search_texts WHERE \(expression.matches(text)) \(parts)
            AND rowid BETWEEN \(.integer(scope.bounds.lowerBound)) AND \(.integer(scope.bounds.upperBound))
            """
        ) { row in
            let row = SearchRow(number: try row.integer(0)).whole
            if scope.contains(row) { rows.insert(row) }
        }
        return rows
    }

    private func ranked(_ found: Set<SearchRow>, by query: SearchQuery, in scope: Scope) throws -> [UInt64] {
        let folded = SearchExpression(engine: engine, form: .folded)
        let spelled = SearchExpression(engine: engine, form: .spelled)
        let words = query.required.flatMap(\.words)
        // For each of these nothing is asked where all hits have it, or none can.
        let whole = words.contains { $0.prefix != nil } ? try rows(of: query.whole, in: scope) : found
        let adjacent = try query.joined.map { try rows(folded, folded.phrase($0), ofParts: true, in: scope) } ?? found
        let asSpelled =
            words.contains(where: \.isArabic)
            ? try rows(spelled, spelled.words(of: query.withoutExclusions), in: scope) : found
        return found.map { row in
            let lacks =
                (whole.contains(row) ? 0 : 4) + (adjacent.contains(row) ? 0 : 2) + (asSpelled.contains(row) ? 0 : 1)
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
