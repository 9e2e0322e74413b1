import Foundation
import Hummingbird
import JSON
import Quran

/// What editors send of an edition: all that the catalogue says, or a merge patch over it.
struct EditionBody {
    private let object: RequestObject

    static let members = [
        "name", "name_native", "author", "language", "direction", "published_year", "licence", "licence_url",
        "redistributable", "source", "source_url", "version", "attribution",
    ]

    init(_ object: RequestObject) { self.object = object }

    /// A new edition, from a body with `id` and `kind`. What may be missing in a draft is empty or `unknown`.
    ///
    /// - Throws: ``Problem``: 400 for what is malformed.
    func newEdition() throws(Problem) -> Edition {
        let idRule = "1 to 64 of a–z 0–9 . - _"
        let id = try object.required(
            "id",
            { name throws(Problem) in
                try object.value(name, allowed: idRule) { EditionID($0) }
            }, allowed: idRule)
        let kind = try object.required(
            "kind",
            { name throws(Problem) in
                try object.value(name, allowed: "translation, tafsir", as: Edition.Kind.init)
            }, allowed: "translation, tafsir")
        return try edition(id, kind, over: nil)
    }

    func merged(over old: Edition) throws(Problem) -> Edition { try edition(old.id, old.kind, over: old) }

    private func edition(_ id: EditionID, _ kind: Edition.Kind, over old: Edition?) throws(Problem) -> Edition {
        Edition(
            id: id, kind: kind, name: try object.merged("name", over: old?.name, line(200)),
            nameNative: try object.mergedOptional("name_native", over: old?.nameNative, line(200)),
            author: try object.mergedOptional("author", over: old?.author, line(200)),
            language: try object.merged("language", over: old?.language, allowed: LanguageTag.rule, language),
            direction: try object.merged("direction", over: old?.direction, allowed: "ltr, rtl") {
                name throws(Problem) in try object.word(name, as: Edition.Direction.self)
            },
            publishedYear: try object.mergedOptional("published_year", over: old?.publishedYear, year),
            licence: try textOfDraft("licence", 200, over: old?.licence),
            licenceURL: try object.mergedOptional("licence_url", over: old?.licenceURL, url),
            redistributable: try object.has("redistributable") || old == nil
                ? object.word("redistributable", as: Edition.Redistributable.self) ?? .unknown
                : old?.redistributable ?? .unknown,
            source: try textOfDraft("source", 500, over: old?.source),
            sourceURL: try object.mergedOptional("source_url", over: old?.sourceURL, url),
            version: try object.mergedOptional("version", over: old?.version, line(100)),
            attribution: try textOfDraft("attribution", 2000, over: old?.attribution))
    }

    private func line(_ limit: Int) -> (String) throws(Problem) -> String? {
        { name throws(Problem) in try object.line(name, upTo: limit) }
    }

    /// A text that may be empty until the edition is published.
    private func textOfDraft(_ name: String, _ limit: Int, over old: String?) throws(Problem) -> String {
        guard object.has(name) else { return old ?? "" }
        return try object.line(name, upTo: limit, mayBeEmpty: true) ?? ""
    }

    private func language(_ name: String) throws(Problem) -> String? {
        try object.value(name, allowed: LanguageTag.rule) { LanguageTag.isValid($0) ? $0 : nil }
    }

    private func year(_ name: String) throws(Problem) -> Int? {
        guard let year = try object.int(name) else { return nil }
        guard (600...2200).contains(year) else {
            throw .invalidBody(object.place(name), "\(year) is no year of a publication", allowed: "600…2200")
        }
        return year
    }

    private func url(_ name: String) throws(Problem) -> String? {
        try object.value(name, allowed: "an http or https URL of at most 2000 characters") { text in
            guard text.utf8.count <= 2000, text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }),
                let parts = URLComponents(string: text), ["http", "https"].contains(parts.scheme?.lowercased()),
                parts.host?.isEmpty == false
            else { return nil }
            return text
        }
    }
}
