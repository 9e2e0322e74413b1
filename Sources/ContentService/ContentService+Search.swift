public import Caching
import JSON
import NIOCore
public import Quran
import Storage

/// Where a search looks.
public struct SearchScope: Sendable, Hashable {
    /// `nil` for all that are loaded.
    public var editions: [EditionID]?
    /// As the catalogue writes it: `en`.
    public var language: String?
    public var surah: SurahNumber?

    public init(editions: [EditionID]? = nil, language: String? = nil, surah: SurahNumber? = nil) {
        self.editions = editions
        self.language = language
        self.surah = surah
    }

    var keySuffix: String {
        var parts: [String] = []
        if let editions { parts.append("editions=" + editions.map(\.name).sorted().joined(separator: ",")) }
        if let language { parts.append("language=\(language)") }
        if let surah { parts.append("surah=\(surah)") }
        return parts.joined(separator: "&")
    }
}

extension ContentService {
    /// Queries are many, and most are asked once: they are not kept for long, and only a few run at a time.

    /// How long a search waits for the index, if that is not up to date.
    private static let patience = Duration.seconds(1)

    /// `{"query": {…}, "hits": […], "editions": […], "pagination": {…}}`.
    ///
    /// - Throws: ``ContentServiceError`` (`unknownSearchEdition`, `noSuchPage`), `SearchIndexError` while the index is being
    ///   made, or if it is not for this program.
    public func search(
        _ query: SearchQuery, in scope: SearchScope = SearchScope(), page request: PageRequest = .first
    ) async throws -> Answer {
        let end = ContinuousClock.now + Self.patience
        while true {
            do {
                return try await indexedSearch(query, in: scope, page: request)
            } catch SearchIndexError.outdated {
                let left = end - .now
                guard left > .zero else { throw SearchIndexError.outdated }
                await indexDemand.wait(atMost: left)
                try Task.checkCancellation()
            }
        }
    }

    private func indexedSearch(
        _ query: SearchQuery, in scope: SearchScope, page request: PageRequest
    ) async throws -> Answer {
        let held = heldStructure
        return try await answer(
            namespaces.search, "\(query)", options: scope.keySuffix, request.keySuffix, asOf: held
        ) { [engine = database.engine] reader in
            try SearchContent(query, in: scope, page: request, structure: held.value, engine: engine, from: reader)
        } write: { content, json in
            content.write(to: &json)
        }
    }
}

/// What the store has for a page of hits.
private struct SearchContent: Sendable {
    private struct Hit: Sendable {
        let edition: Edition
        let ayah: AyahNumber
        let key: AyahKey
        let text: String
    }

    private let query: SearchQuery
    private let page: Page
    private let hits: [Hit]
    private let editions: [StoredEdition]

    init(
        _ query: SearchQuery, in scope: SearchScope, page request: PageRequest, structure: QuranStructure,
        engine: DatabaseEngine, from reader: ContentReader
    ) throws {
        reader.dependsOnStructure()
        let repository = EditionRepository(reader)
        let searched = try Self.editions(in: scope, repository)
        let found = try SearchRepository(engine, reader).hits(
            of: query, in: searched.map(\.edition), ayahs: scope.surah.map(structure.range) ?? .all)
        self.query = found.query
        page = try Page(request, of: found.count)
        let shown = found[page.rows]
        let texts = try Dictionary(grouping: shown, by: \.edition).map { position, hits in
            (position, try repository.texts(of: searched[position].edition, at: hits.map(\.ayah)))
        }
        let textsByEdition = Dictionary(uniqueKeysWithValues: texts)
        hits = try shown.map { hit in
            guard let text = textsByEdition[hit.edition]?[hit.ayah] else {
                throw StorageError(.unexpectedResult, "the search index knows a text that is not there")
            }
            let edition = searched[hit.edition].edition
            return Hit(edition: edition, ayah: hit.ayah, key: structure.key(of: hit.ayah), text: text)
        }
        editions = Set(shown.map(\.edition)).sorted().map { searched[$0] }
    }

    private static func editions(in scope: SearchScope, _ repository: EditionRepository) throws -> [StoredEdition] {
        let all = try repository.editions()
        for id in scope.editions ?? [] where !all.contains(where: { $0.edition.id == id }) {
            throw ContentServiceError.unknownSearchEdition(id)
        }
        return all.filter { stored in
            stored.content != nil && scope.editions?.contains(stored.edition.id) ?? true
                && (scope.language ?? stored.edition.language) == stored.edition.language
        }
    }

    func write(to json: inout JSONWriter) {
        json.key("query")
        json.object { query.writeMembers(to: &$0) }
        json.key("hits")
        json.array(hits) { json, hit in
            let highlights = SearchHighlights(of: query, in: hit.text)
            json.object { json in
                json.member("number", hit.ayah.value)
                json.member("key", hit.key.description)
                json.member("surah", hit.key.surah.value)
                json.member("ayah", hit.key.ayah)
                json.member("edition", hit.edition.id.name)
                json.member("kind", hit.edition.kind.rawValue)
                json.member("language", hit.edition.language)
                json.member("direction", hit.edition.direction.rawValue)
                json.member("text", hit.text)
                json.key("highlights")
                json.array(highlights.ranges) { json, range in
                    json.array([range.lowerBound, range.upperBound]) { $0.value($1) }
                }
                json.member("html", highlights.html)
            }
        }
        json.key("editions")
        json.array(editions) { json, edition in edition.writeQuoted(to: &json) }
        page.write(to: &json)
    }
}

extension SearchQuery {
    /// What the query was understood as, in folded words.
    fileprivate func writeMembers(to json: inout JSONWriter) {
        func write(_ words: [Word], as form: SearchForm, to json: inout JSONWriter) {
            json.array(words) { json, word in json.value(word[form].prefix.map { "\($0)*" } ?? word[form].whole) }
        }
        json.key("terms")
        write(required.filter { !$0.isPhrase }.flatMap(\.words), as: form, to: &json)
        json.key("phrases")
        json.array(required.filter(\.isPhrase)) { json, phrase in write(phrase.words, as: form, to: &json) }
        json.key("excluded")
        json.array(excluded) { json, clause in write(clause.words, as: .folded, to: &json) }
    }
}
