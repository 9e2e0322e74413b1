import Caching
import ContentService
import Foundation
import HTTPTypes
import Hummingbird
import Observability
import Quran

/// The read side of the API: one route for each question that the content service answers.
struct ContentRoutes {
    let content: ContentService

    func add(to api: ContentRouter<some RouterMethods<APIRequestContext>>) {
        addAyahs(to: api)
        for kind in DivisionKind.allCases { add(kind, to: api) }
        addCatalogue(to: api)
        api.read("search", allowing: Query.searchParameters + Query.pageParameters) { query, _ in
            try await content.search(
                try query.search(), in: query.searchScope(), page: query.page(of: Query.searchPageSize))
        }
    }

    private func addAyahs(to api: ContentRouter<some RouterMethods<APIRequestContext>>) {
        api.read("surahs", allowing: ["script"] + Query.pageParameters) { query, _ in
            let options = try query.textOptions()
            return try await content.surahs(script: options.script, page: query.page())
        }
        api.read("surahs/:number", allowing: Query.textParameters + Query.pageParameters) { query, path in
            try await content.surah(try path.surah(), options: query.textOptions(), page: query.page())
        }
        api.read("ayahs", allowing: ["from", "to"] + Query.textParameters + Query.pageParameters) { query, _ in
            let all = AyahRange.all
            let first = try query.ayah("from", structure: content.structure) ?? all.first
            let last = try query.ayah("to", structure: content.structure) ?? all.last
            guard let range = AyahRange(first, through: last) else {
                throw Problem.invalid(
                    "to", "comes before from", allowed: "an ayah from \(content.structure.key(of: first)) on")
            }
            return try await content.ayahs(in: range, options: query.textOptions(), page: query.page())
        }
        api.read("ayahs/:ayah", allowing: Query.textParameters) { query, path in
            try await content.ayah(try path.ayah(structure: content.structure), options: query.textOptions())
        }
        api.read("sajdas") { _, _ in try await content.sajdas() }
    }

    private func add(_ kind: DivisionKind, to api: ContentRouter<some RouterMethods<APIRequestContext>>) {
        let list = "\(kind.pluralName)"
        api.read(RouterPath(list), allowing: ["scheme"] + Query.pageParameters) { query, _ in
            try await content.divisions(of: kind, scheme: query["scheme"], page: query.page())
        }
        let allowed = ["scheme"] + Query.textParameters + Query.pageParameters
        api.read(RouterPath("\(list)/:number"), allowing: allowed) { query, path in
            let part = try path.number("number", of: kind.rawValue, 1...kind.count)
            let answer = try await content.division(
                kind, part: part, scheme: query["scheme"], options: query.textOptions(), page: query.page())
            guard let answer else { throw Problem.notFound("number", "there is no \(kind.rawValue) \(part)") }
            return answer
        }
    }

    private func addCatalogue(to api: ContentRouter<some RouterMethods<APIRequestContext>>) {
        for (list, kind) in [("editions", nil), ("translations", Edition.Kind.translation), ("tafsirs", .tafsir)] {
            api.read(RouterPath(list), allowing: Query.pageParameters) { query, _ in
                try await content.editions(kind: kind, page: query.page())
            }
            api.read(RouterPath("\(list)/:id")) { _, path in
                let id = try path.id("id", as: { EditionID($0) })
                do {
                    return try await content.edition(id, kind: kind)
                } catch ContentServiceError.unknownEdition {
                    throw Problem.notFound("id", "there is no “\(id)”", allowed: "an id from /api/v1/\(list)")
                }
            }
        }
        api.read("reciters", allowing: Query.pageParameters) { query, _ in
            try await content.reciters(page: query.page())
        }
        api.read("reciters/:id") { _, path in
            try await reciter(in: path) { try await content.reciter($0) }
        }
        api.read("reciters/:id/surahs/:number") { _, path in
            let surah = try path.surah()
            return try await reciter(in: path) { try await content.audio(of: surah, by: $0) }
        }
        api.read("meta") { _, _ in try await content.meta() }
    }

    private func reciter(
        in path: Path, _ answer: (ReciterID) async throws -> ContentService.Answer
    ) async throws -> ContentService.Answer {
        let id = try path.id("id", as: { ReciterID($0) })
        do {
            return try await answer(id)
        } catch ContentServiceError.unknownReciter {
            throw Problem.notFound("id", "there is no reciter “\(id)”", allowed: "an id from /api/v1/reciters")
        }
    }
}

/// The path parameters of a request.
struct Path {
    let parameters: Parameters

    func surah() throws(Problem) -> SurahNumber {
        let value = try number("number", of: "surah", 1...SurahNumber.count)
        guard let surah = SurahNumber(value) else { throw .notFound("number", "there is no surah \(value)") }
        return surah
    }

    func ayah(structure: QuranStructure) throws(Problem) -> AyahNumber {
        let text = try text("ayah")
        switch AyahReference(text, structure: structure) {
        case .found(let number): return number
        case .absent(let reason): throw .notFound("ayah", reason, allowed: AyahReference.allowed)
        case .malformed: throw .invalid("ayah", "“\(text)” is no ayah", allowed: AyahReference.allowed)
        }
    }

    /// What stands in the address, where `2%3A255` is `2:255`.
    private func text(_ name: String) throws(Problem) -> String {
        let written = parameters.get(name) ?? ""
        guard let text = written.removingPercentEncoding else { throw .invalid(name, "malformed percent-encoding") }
        return text
    }

    /// A number that must be well-formed (else 400) and in a range (else 404).
    func number(_ name: String, of what: String, _ range: ClosedRange<Int>) throws(Problem) -> Int {
        let text = try text(name)
        let allowed = "\(range.lowerBound)…\(range.upperBound)"
        guard let value = decimal(text.utf8) else { throw .invalid(name, "“\(text)” is no number", allowed: allowed) }
        guard range.contains(value) else { throw .notFound(name, "there is no \(what) \(value)", allowed: allowed) }
        return value
    }

    /// An id that can't exist is as absent as one that does not.
    func id<ID>(_ name: String, as make: (String) -> ID?) throws(Problem) -> ID {
        let text = try text(name)
        guard let id = make(text) else { throw .notFound(name, "there is no “\(text)”") }
        return id
    }
}
