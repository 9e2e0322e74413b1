public import Caching
import JSON
import NIOCore
public import Quran
import Storage

extension ContentService {
    /// `{"surahs": […], "editions": […], "pagination": {…}}`: all surahs, with their basmalas in a script.
    public func surahs(script: EditionID? = nil, page request: PageRequest = .first) async throws -> Answer {
        let options = TextOptions(script: script)
        let page = try Page(request, of: SurahNumber.count)
        let held = heldStructure
        return try await answer(
            namespaces.quran, "surahs:list", options: options.keySuffix, request.keySuffix, asOf: held
        ) { reader in
            let repository = EditionRepository(reader)
            guard let script = try repository.edition(options.script, kind: .quran) else {
                throw ContentServiceError.unknownEdition(options.script, .quran)
            }
            // The structure's own surah stands in for a row that someone has just deleted.
            let stored = try StructureRepository(reader).surahs().map { ($0.number, $0) }
            let byNumber = Dictionary(uniqueKeysWithValues: stored)
            let surahs = held.value.surahs.map { byNumber[$0.number] ?? $0 }
            return (surahs, script, try repository.basmalas(of: script.edition))
        } write: { loaded, json in
            let (surahs, script, basmalas) = loaded
            json.key("surahs")
            json.array(surahs[page.rows]) { json, surah in
                json.object { surah.writeMembers(basmala: basmalas[surah.number], to: &$0) }
            }
            json.key("editions")
            json.array([script]) { json, script in script.writeQuoted(to: &json) }
            page.write(to: &json)
        }
    }

    /// `{"surah": {…, "ayahs": […]}, "editions": […], "pagination": {…}}`.
    public func surah(
        _ number: SurahNumber, options: TextOptions = TextOptions(), page request: PageRequest = .first
    ) async throws -> Answer {
        let held = heldStructure
        let structure = held.value
        let (range, page) = try ayahs(of: structure.range(of: number), page: request)
        return try await answer(
            namespaces.quran, "surah:\(number)", options: options.keySuffix, request.keySuffix, asOf: held
        ) { reader in
            // The structure's own surah is the fallback of a row that someone has just deleted.
            let surah = try StructureRepository(reader).surah(number) ?? structure.surah(number)
            let content = try AyahContent(range, options: options, from: reader)
            let basmala = try EditionRepository(reader).basmalas(of: content.script.edition.edition, surah: number)
            return (surah, content, basmala[number])
        } write: { loaded, json in
            let (surah, content, basmala) = loaded
            json.reserve(content.estimatedSize)
            json.key("surah")
            json.object { json in
                surah.writeMembers(basmala: basmala, to: &json)
                json.key("audio")
                if let reciter = content.reciter, let url = reciter.url(ofSurah: number) {
                    json.object { json in
                        json.member("reciter", reciter.id.name)
                        json.member("url", url)
                    }
                } else {
                    json.null()
                }
                content.writeAyahs(structure: structure, to: &json)
            }
            content.writeEditions(to: &json)
            page.write(to: &json)
        }
    }

    /// `{"ayah": {…}, "editions": […]}`.
    public func ayah(_ number: AyahNumber, options: TextOptions = TextOptions()) async throws -> Answer {
        let held = heldStructure
        let key = held.value.key(of: number)
        return try await answer(namespaces.quran, "ayah:\(key)", options: options.keySuffix, asOf: held) { reader in
            guard let range = AyahRange(number, through: number) else { preconditionFailure("a range of one ayah") }
            return try AyahContent(range, options: options, from: reader)
        } write: { content, json in
            json.key("ayah")
            content.write(number, structure: held.value, to: &json)
            content.writeEditions(to: &json)
        }
    }

    /// `{"ayahs": […], "editions": […], "pagination": {…}}`.
    public func ayahs(
        in range: AyahRange, options: TextOptions = TextOptions(), page request: PageRequest = .first
    ) async throws -> Answer {
        let (shown, page) = try ayahs(of: range, page: request)
        let id = "ayahs:\(range.first)-\(range.last)"
        let held = heldStructure
        return try await answer(namespaces.quran, id, options: options.keySuffix, request.keySuffix, asOf: held) {
            reader in
            try AyahContent(shown, options: options, from: reader)
        } write: { content, json in
            json.reserve(content.estimatedSize)
            content.writeAyahs(structure: held.value, to: &json)
            content.writeEditions(to: &json)
            page.write(to: &json)
        }
    }

    /// `{"juzs": […], "pagination": {…}}`, and likewise for the other kinds.
    public func divisions(
        of kind: DivisionKind, scheme: String? = nil, page request: PageRequest = .first
    ) async throws -> Answer {
        let held = heldStructure
        let structure = held.value
        let scheme = try structure.scheme(named: scheme, of: kind)
        let page = try Page(request, of: kind.count)
        let id = "\(kind.pluralName):list"
        return try await answer(namespaces.quran, id, options: "scheme=\(scheme)", request.keySuffix, asOf: held) {
            reader in
            reader.dependsOnStructure()
        } write: { _, json in
            json.key(kind.pluralName)
            json.array(page.rows) { json, row in
                guard let range = structure.range(of: kind, part: row + 1, scheme: scheme) else { return }
                json.object { json in
                    structure.writeMembers(of: kind, part: row + 1, range: range, scheme: scheme, to: &json)
                }
            }
            page.write(to: &json)
        }
    }

    /// `{"juz": {…, "ayahs": […]}, "editions": […], "pagination": {…}}`, and likewise for the other kinds.
    ///
    /// - Returns: `nil` if the kind has no such part.
    public func division(
        _ kind: DivisionKind, part: Int, scheme: String? = nil, options: TextOptions = TextOptions(),
        page request: PageRequest = .first
    ) async throws -> Answer? {
        let held = heldStructure
        let structure = held.value
        let scheme = try structure.scheme(named: scheme, of: kind)
        guard let range = structure.range(of: kind, part: part, scheme: scheme) else { return nil }
        let (shown, page) = try ayahs(of: range, page: request)
        return try await answer(
            namespaces.quran, "\(kind.rawValue):\(part)", options: "scheme=\(scheme)", options.keySuffix,
            request.keySuffix,
            asOf: held
        ) { reader in
            try AyahContent(shown, options: options, from: reader)
        } write: { content, json in
            json.reserve(content.estimatedSize)
            json.key(kind.name)
            json.object { json in
                structure.writeMembers(of: kind, part: part, range: range, scheme: scheme, to: &json)
                content.writeAyahs(structure: structure, to: &json)
            }
            content.writeEditions(to: &json)
            page.write(to: &json)
        }
    }

    /// `{"sajdas": […]}`.
    public func sajdas() async throws -> Answer {
        let held = heldStructure
        return try await answer(namespaces.quran, "sajdas:list", asOf: held) { reader in
            reader.dependsOnStructure()
        } write: { _, json in
            let structure = held.value
            json.key("sajdas")
            json.array(structure.sajdas) { json, sajda in
                json.object { json in
                    json.member("number", sajda.number)
                    json.member("ayah", sajda.ayah.description)
                    json.member("ayah_number", structure.number(of: sajda.ayah)?.value)
                    json.member("kind", sajda.kind.rawValue)
                    json.member("scheme", sajda.scheme.name)
                }
            }
        }
    }

    private func ayahs(of range: AyahRange, page request: PageRequest) throws -> (AyahRange, Page) {
        let page = try Page(request, of: range.count)
        guard let shown = range.page(request.page, size: request.size) else {
            throw ContentServiceError.noSuchPage(request.page, of: page.totalPages)
        }
        return (shown, page)
    }
}

extension QuranStructure {
    /// - Parameter name: `nil` for the default.
    fileprivate func scheme(named name: String?, of kind: DivisionKind) throws -> DivisionScheme {
        guard let name else { return defaultScheme(of: kind) }
        let schemes = schemes(of: kind)
        guard let scheme = schemes.first(where: { $0.name == name }) else {
            throw ContentServiceError.unknownScheme(name, kind, known: schemes.map(\.name))
        }
        return scheme
    }
}

extension DivisionKind {
    /// The name of the list in JSON and in paths.
    public var pluralName: StaticString {
        switch self {
        case .juz: "juzs"
        case .hizb: "hizbs"
        case .rub: "rubs"
        case .manzil: "manzils"
        case .ruku: "rukus"
        case .page: "pages"
        }
    }

    fileprivate var name: StaticString {
        switch self {
        case .juz: "juz"
        case .hizb: "hizb"
        case .rub: "rub"
        case .manzil: "manzil"
        case .ruku: "ruku"
        case .page: "page"
        }
    }
}
