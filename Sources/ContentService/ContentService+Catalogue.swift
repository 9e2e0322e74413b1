public import Caching
import JSON
import NIOCore
public import Quran
import Storage

extension ContentService {
    /// `{"editions": […], "pagination": {…}}`, or `translations` or `tafsirs` if only those are asked for.
    public func editions(kind: Edition.Kind? = nil, page request: PageRequest = .first) async throws -> Answer {
        let namespace = namespaces.editions(kind?.pluralName ?? "editions")
        return try await answer(namespace, "list", options: request.keySuffix) { reader in
            let editions = try EditionRepository(reader).editions(kind: kind)
            return (editions, try Page(request, of: editions.count))
        } write: { loaded, json in
            let (editions, page) = loaded
            json.key(kind?.pluralName ?? "editions")
            json.array(editions[page.rows]) { json, edition in edition.write(notice: false, to: &json) }
            page.write(to: &json)
        }
    }

    /// `{"edition": {…}}`, or `translation` or `tafsir` if that kind is asked for.
    ///
    /// - Throws: ``ContentServiceError`` (`unknownEdition`).
    public func edition(_ id: EditionID, kind: Edition.Kind? = nil) async throws -> Answer {
        let namespace = namespaces.editions(kind?.name ?? "edition")
        return try await answer(namespace, id.name) { reader in
            let repository = EditionRepository(reader)
            let found = try kind.map { try repository.edition(id, kind: $0) } ?? repository.edition(id)
            if let found { return found }
            throw ContentServiceError.unknownEdition(id, kind ?? .quran)
        } write: { edition, json in
            json.key(kind?.name ?? "edition")
            edition.write(notice: true, to: &json)
        }
    }

    /// `{"reciters": […], "pagination": {…}}`.
    public func reciters(page request: PageRequest = .first) async throws -> Answer {
        try await answer(namespaces.reciters, "list", options: request.keySuffix) { reader in
            let reciters = try ReciterRepository(reader).reciters()
            return (reciters, try Page(request, of: reciters.count))
        } write: { loaded, json in
            let (reciters, page) = loaded
            json.key("reciters")
            json.array(reciters[page.rows]) { json, reciter in reciter.write(to: &json) }
            page.write(to: &json)
        }
    }

    /// `{"reciter": {…}}`.
    ///
    /// - Throws: ``ContentServiceError`` (`unknownReciter`).
    public func reciter(_ id: ReciterID) async throws -> Answer {
        try await answer(namespaces.reciter, id.name) { reader in
            guard let reciter = try ReciterRepository(reader).reciter(id) else {
                throw ContentServiceError.unknownReciter(id)
            }
            return reciter
        } write: { reciter, json in
            json.key("reciter")
            reciter.write(to: &json)
        }
    }

    /// `{"audio": {"reciter", "surah", "granularity", "url", "ayahs": [{"key", "url"}]}}`: one URL for a recitation that
    /// is stored by surah, one for each ayah otherwise.
    ///
    /// - Throws: ``ContentServiceError`` (`unknownReciter`, `notRecited`).
    public func audio(of surah: SurahNumber, by id: ReciterID) async throws -> Answer {
        let held = heldStructure
        return try await answer(namespaces.reciter, "\(id):surah:\(surah)", asOf: held) { reader in
            guard let reciter = try ReciterRepository(reader).reciter(id) else {
                throw ContentServiceError.unknownReciter(id)
            }
            guard reciter.surahs.contains(surah) else { throw ContentServiceError.notRecited(surah, id) }
            // There is an address for each ayah.
            if reciter.granularity == .ayah { reader.dependsOnStructure() }
            return reciter
        } write: { reciter, json in
            let structure = held.value
            json.key("audio")
            json.object { json in
                json.member("reciter", reciter.id.name)
                json.member("surah", surah.value)
                json.member("granularity", reciter.granularity.rawValue)
                json.member("url", reciter.url(ofSurah: surah))
                json.key("ayahs")
                let ayahs = reciter.granularity == .ayah ? Array(structure.range(of: surah).numbers) : []
                json.array(ayahs) { json, number in
                    let key = structure.key(of: number)
                    json.object { json in
                        json.member("key", key.description)
                        json.member("url", reciter.url(of: key, number: number))
                    }
                }
            }
        }
    }

    /// `{"meta": {…}}`: counts, digest, versions and attribution of the whole data set.
    public func meta() async throws -> Answer {
        let held = heldStructure
        return try await answer(namespaces.quran, "meta", asOf: held) { reader in
            let reciters = try ReciterRepository(reader).reciters().count
            reader.dependsOnStructure()
            return (try EditionRepository(reader).editions(), reciters)
        } write: { loaded, json in
            let (editions, reciters) = loaded
            let structure = held.value
            json.key("meta")
            json.object { json in
                json.member("version", Self.version)
                json.key("counts")
                json.object { json in
                    json.member("surahs", structure.surahs.count)
                    json.member("ayahs", AyahNumber.count)
                    for kind in DivisionKind.allCases { json.member(kind.pluralName, kind.count) }
                    json.member("sajdas", structure.sajdas.count)
                    for kind in Edition.Kind.allCases {
                        json.member(kind.pluralName, editions.filter { $0.edition.kind == kind }.count)
                    }
                    json.member("editions_loaded", editions.filter { $0.content != nil }.count)
                    json.member("reciters", reciters)
                }
                json.key("schemes")
                json.object { json in
                    for kind in DivisionKind.allCases {
                        json.key(kind.pluralName)
                        json.array(structure.schemes(of: kind)) { json, scheme in json.value(scheme.name) }
                    }
                }
                json.member("digest", datasetDigest(structure: structure, editions: editions))
                json.key("editions")
                json.array(editions.filter { $0.content != nil }) { json, edition in
                    json.object { json in
                        json.member("id", edition.edition.id.name)
                        json.member("kind", edition.edition.kind.rawValue)
                        json.member("version", edition.edition.version)
                        json.member("sha256", edition.content?.sha256)
                        json.member("attribution", edition.edition.attribution)
                    }
                }
            }
        }
    }
}

extension Edition.Kind {
    fileprivate var pluralName: StaticString {
        switch self {
        case .quran: "scripts"
        case .translation: "translations"
        case .tafsir: "tafsirs"
        }
    }

    fileprivate var name: StaticString {
        switch self {
        case .quran: "script"
        case .translation: "translation"
        case .tafsir: "tafsir"
        }
    }
}
