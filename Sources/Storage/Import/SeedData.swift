import Crypto
public import Foundation
public import Quran

/// The facts in `seed-data/`: structure, and the catalogues of editions and reciters.
public struct SeedData: Sendable {
    /// An edition of the catalogue, and where its text comes from.
    public struct CatalogueEntry: Sendable {
        public let edition: Edition
        /// The names that its file may have in a content folder, best first.
        public let files: [String]
        /// The hash that its content must have, as ``PublishedText/sha256(structure:)`` computes it.
        public let sha256: String?
        /// The address that the publisher offers it under, with `{base}` for ``SeedData/downloadBase``.
        public let download: String?
    }

    public let structure: QuranStructure
    public let catalogue: [CatalogueEntry]
    public let downloadBase: String
    public let reciters: [Reciter]
    /// SHA-256 over the files.
    public let digest: String

    /// Reads `surahs.json`, `divisions.json`, `sajdas.json`, `editions.json` and `reciters.json`.
    ///
    /// - Throws: ``ContentError``, or `StructureError` if the facts break an invariant.
    public init(folder: URL) throws {
        var hash = SHA256()
        func load<Record: Decodable>(_ file: String, as type: Record.Type) throws -> Record {
            let data = try readFile(folder.appending(path: file), name: file)
            hash.update(data: data)
            return try decodeJSON(data, file: file)
        }
        let surahs = try load("surahs.json", as: SurahRecords.self).surahs.map { try $0.surah() }
        let divisions = try load("divisions.json", as: DivisionRecords.self).divisions.map { try $0.division() }
        let sajdaRecords = try load("sajdas.json", as: SajdaRecords.self)
        let sajdas = try sajdaRecords.sajdas.map { try $0.sajda(scheme: sajdaRecords.scheme) }
        structure = try QuranStructure(surahs: surahs, divisions: divisions, sajdas: sajdas)
        let editions = try load("editions.json", as: EditionRecords.self)
        downloadBase = editions.downloadBase
        catalogue = try editions.editions.map { try $0.entry() }
        try Self.requireUnique(catalogue.map(\.edition.id), in: "editions.json")
        reciters = try load("reciters.json", as: ReciterRecords.self).reciters.map { try $0.reciter() }
        try Self.requireUnique(reciters.map(\.id), in: "reciters.json")
        digest = hash.finalize().hexadecimal
    }

    private static func requireUnique<ID: Hashable>(_ ids: [ID], in file: String) throws(ContentError) {
        var seen: Set<ID> = []
        for id in ids where !seen.insert(id).inserted {
            throw ContentError(.format, file: file, "\(id) stands twice")
        }
    }
}

/// - Throws: ``ContentError`` (`unreadable`).
func readFile(_ url: URL, name: String) throws(ContentError) -> Data {
    do {
        return try Data(contentsOf: url)
    } catch {
        throw ContentError(.unreadable, file: name, "the file \(url.path) cannot be read")
    }
}

/// - Throws: ``ContentError`` (`format`) that says where the JSON is not what was expected.
func decodeJSON<Record: Decodable>(_ data: Data, file: String, as type: Record.Type = Record.self) throws(ContentError)
    -> Record
{
    do {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(type, from: data)
    } catch let error as DecodingError {
        let context: DecodingError.Context? =
            switch error {
            case .typeMismatch(_, let context), .valueNotFound(_, let context), .keyNotFound(_, let context),
                .dataCorrupted(let context):
                context
            @unknown default: nil
            }
        let path = (context?.codingPath ?? []).map(\.stringValue).joined(separator: ".")
        throw ContentError(.format, file: file, "\(path): \(context?.debugDescription ?? "not the expected JSON")")
    } catch {
        throw ContentError(.format, file: file, "\(error)")
    }
}

/// JSON as the store keeps it: names in snake case and in order, so that equal values are equal texts.
func encodeJSON(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
}
