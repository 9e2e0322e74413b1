import ContentService
import Foundation
import Hummingbird
import Quran

/// The query of a request, read strictly: a parameter that the route does not know, stands twice or is malformed is an
/// error, never a silent default.
struct Query {
    private let values: [String: String]

    /// The most editions that one request may name in a list.
    static let maximumEditions = 20

    /// - Parameter allowed: the parameters that the route knows.
    init(_ request: Request, allowed: [String]) throws(Problem) {
        var values: [String: String] = [:]
        for pair in (request.uri.query ?? "").split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = Self.decode(parts[0]), let value = Self.decode(parts.count == 2 ? parts[1] : "") else {
                throw .invalid(String(parts[0]), "malformed percent-encoding")
            }
            guard allowed.contains(name) else {
                let known = allowed.isEmpty ? "no parameter" : allowed.joined(separator: ", ")
                throw .invalid(name, "unknown parameter", allowed: known)
            }
            guard values.updateValue(value, forKey: name) == nil else { throw .invalid(name, "stands twice") }
        }
        self.values = values
    }

    subscript(name: String) -> String? { values[name] }

    /// `page` and `per_page`.
    ///
    /// - Parameter size: of pages where none is asked for.
    func page(of size: Int = PageRequest.maximumSize) throws(Problem) -> PageRequest {
        let page = try positive("page", allowed: "1…") ?? 1
        let size = try positive("per_page", allowed: "1…\(PageRequest.maximumSize)") ?? size
        guard let request = PageRequest(page: page, size: size) else {
            throw .invalid("per_page", "out of bounds", allowed: "1…\(PageRequest.maximumSize)")
        }
        return request
    }

    static let pageParameters = ["page", "per_page"]

    /// `script`, `translations`, `tafsirs` and `reciter`.
    func textOptions() throws(Problem) -> TextOptions {
        TextOptions(
            script: try id("script", as: { EditionID($0) }, allowed: "an id from /api/v1/editions"),
            translations: try editions("translations"), tafsirs: try editions("tafsirs"),
            reciter: try id("reciter", as: { ReciterID($0) }, allowed: "an id from /api/v1/reciters"))
    }

    static let textParameters = ["script", "translations", "tafsirs", "reciter"]

    /// An ayah, as "2:255" or 1…6236.
    func ayah(_ name: String, structure: QuranStructure) throws(Problem) -> AyahNumber? {
        guard let text = values[name] else { return nil }
        switch AyahReference(text, structure: structure) {
        case .found(let number): return number
        case .absent(let reason): throw .invalid(name, reason, allowed: AyahReference.allowed)
        case .malformed: throw .invalid(name, "“\(text)” is no ayah", allowed: AyahReference.allowed)
        }
    }

    func id<ID>(_ name: String, as make: (String) -> ID?, allowed: String) throws(Problem) -> ID? {
        guard let text = values[name] else { return nil }
        guard let id = make(text) else { throw .invalid(name, "“\(text)” is no id", allowed: allowed) }
        return id
    }

    /// A number in a range.
    func number(_ name: String, in range: ClosedRange<Int>) throws(Problem) -> Int? {
        let allowed = "\(range.lowerBound)…\(range.upperBound)"
        guard let value = try positive(name, allowed: allowed) else { return nil }
        guard range.contains(value) else { throw .invalid(name, "is out of bounds", allowed: allowed) }
        return value
    }

    private func positive(_ name: String, allowed: String) throws(Problem) -> Int? {
        guard let text = values[name] else { return nil }
        guard let value = strictDecimal(text.utf8) else {
            throw .invalid(name, "“\(text)” is no positive whole number", allowed: allowed)
        }
        return value
    }

    /// `q`: what is searched for.
    func search() throws(Problem) -> SearchQuery {
        guard let text = values["q"] else { throw .invalid("q", "is missing", allowed: Self.allowedSearch) }
        do {
            return try SearchQuery(text)
        } catch {
            let detail =
                switch error {
                case .tooLong: "has \(text.unicodeScalars.count) code points"
                case .tooManyWords: "has too many words"
                case .noWords: "has no letter or digit"
                case .onlyExclusions: "only says what is not to be found"
                }
            throw .invalid("q", detail, allowed: Self.allowedSearch)
        }
    }

    private static let allowedSearch =
        "1…\(SearchQuery.maximumLength) code points, at most \(SearchQuery.maximumWords) words, at least one that is to be found"

    /// `editions`, `language` and `surah`.
    func searchScope() throws(Problem) -> SearchScope {
        if let language = values["language"], !LanguageTag.isValid(language) {
            throw .invalid("language", "“\(language)” is no language", allowed: LanguageTag.rule)
        }
        return SearchScope(
            editions: values["editions"] == nil ? nil : try editions("editions"), language: values["language"],
            surah: try number("surah", in: 1...SurahNumber.count).flatMap(SurahNumber.init))
    }

    /// Hits are long, and the first ones are the best.
    static let searchPageSize = 20

    static let searchParameters = ["q", "editions", "language", "surah"]

    private func editions(_ name: String) throws(Problem) -> [EditionID] {
        guard let text = values[name] else { return [] }
        var ids: [EditionID] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard let id = EditionID(part) else {
                throw .invalid(name, "“\(part)” is no id", allowed: "ids from /api/v1/\(name), separated by commas")
            }
            guard !ids.contains(id) else { throw .invalid(name, "names “\(id)” twice") }
            ids.append(id)
        }
        guard ids.count <= Self.maximumEditions else {
            throw .invalid(name, "names \(ids.count) editions", allowed: "at most \(Self.maximumEditions)")
        }
        return ids
    }

    private static func decode(_ text: Substring) -> String? {
        text.replacing("+", with: " ").removingPercentEncoding
    }
}

/// How a client names an ayah: by its key ("2:255") or its running number.
enum AyahReference {
    case found(AyahNumber)
    /// Well-formed, but there is no such ayah.
    case absent(String)
    case malformed

    static let allowed = "a key from 1:1 to 114:6, or a number from 1 to 6236"

    init(_ text: String, structure: QuranStructure) {
        let parts = text.utf8.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false).map(decimal)
        switch parts.count {
        case 1:
            guard let value = parts[0] else {
                self = .malformed
                return
            }
            self = AyahNumber(value).map(Self.found) ?? .absent("there is no ayah number \(value)")
        case 2:
            guard let surah = parts[0], let ayah = parts[1] else {
                self = .malformed
                return
            }
            let number = SurahNumber(surah).flatMap { AyahKey(surah: $0, ayah: ayah) }.flatMap(structure.number)
            self = number.map(Self.found) ?? .absent("there is no ayah \(surah):\(ayah)")
        default: self = .malformed
        }
    }
}

/// Reads a number that a client may address something with. Unlike `strictDecimal` this takes a zero, which is a
/// well-formed number of nothing.
func decimal(_ digits: some Collection<UInt8>) -> Int? {
    digits.elementsEqual([UInt8(ascii: "0")]) ? 0 : strictDecimal(digits)
}
