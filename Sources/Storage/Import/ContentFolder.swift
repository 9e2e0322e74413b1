public import Foundation
import Quran

/// A folder of published content: texts, and optionally `quran-data.xml` and `reciters.json`.
public struct ContentFolder: Sendable {
    public let url: URL

    /// - Throws: ``ContentError`` (`unreadable`) if there is no such folder.
    public init(_ url: URL) throws(ContentError) {
        var isDirectory = false
        guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isDirectory), isDirectory else {
            throw ContentError(.unreadable, file: url.path, "there is no such folder")
        }
        self.url = url
    }

    /// The first of some folders that exists and has a file of the catalogue.
    public static func first(of candidates: [URL], with seedData: SeedData) -> ContentFolder? {
        candidates.lazy.compactMap { url in
            do throws(ContentError) { return try ContentFolder(url) } catch { return nil }
        }.first { $0.hasContent(of: seedData) }
    }

    /// Whether the folder has the text of any edition of the catalogue.
    public func hasContent(of seedData: SeedData) -> Bool {
        seedData.catalogue.contains { file(of: $0) != nil }
    }

    /// The file of an edition, under the best of its names that exists.
    func file(of entry: SeedData.CatalogueEntry) -> String? { entry.files.first(where: has) }

    func has(_ file: String) -> Bool { FileManager.default.fileExists(atPath: url.appending(path: file).path) }

    /// Reads and checks the text of an edition.
    ///
    /// - Throws: ``ContentError`` that names the file, the line and the reason.
    func text(
        of entry: SeedData.CatalogueEntry, file: String, structure: QuranStructure, allowUnpinned: Bool
    ) throws(ContentError) -> ImportedEdition {
        let data = try readFile(url.appending(path: file), name: file)
        return try ImportedEdition(
            entry, bytes: [UInt8](data), file: file, structure: structure, allowUnpinned: allowUnpinned)
    }

    /// Refuses the folder if a published copy of the metadata contradicts the structure that is stored.
    func checkMetadata(against structure: QuranStructure) throws(ContentError) {
        let file = "quran-data.xml"
        guard has(file) else { return }
        let data = try readFile(url.appending(path: file), name: file)
        try TanzilMetadata.parse([UInt8](data), file: file).check(against: structure, file: file)
    }

    /// The recitations that the folder adds to the catalogue.
    func reciters() throws(ContentError) -> [Reciter] {
        let file = "reciters.json"
        guard has(file) else { return [] }
        let records = try decodeJSON(
            readFile(url.appending(path: file), name: file), file: file, as: ReciterRecords.self)
        var reciters: [Reciter] = []
        for record in records.reciters { reciters.append(try record.reciter()) }
        return reciters
    }
}

/// The text of an edition, complete and matched against its pin.
struct ImportedEdition: Sendable {
    let edition: Edition
    let file: String
    let text: EditionText
    let sha256: String
    let isPinned: Bool
    let notice: String?

    /// Reads the text or XML format, by the name of the file.
    init(
        _ entry: SeedData.CatalogueEntry, bytes: [UInt8], file: String, structure: QuranStructure,
        allowUnpinned: Bool
    ) throws(ContentError) {
        let parsed = try ParsedText(
            reading: bytes, as: file.hasSuffix(".xml") ? .xml : .plain, file: file, structure: structure)
        sha256 = parsed.text.sha256(structure: structure)
        isPinned = sha256 == entry.sha256
        guard isPinned || allowUnpinned else {
            let expected = entry.sha256.map { "the pinned \($0)" } ?? "a pin, and the catalogue has none"
            throw ContentError(
                .hashMismatch, file: file,
                "the content hash \(sha256) is not \(expected); --allow-unpinned admits it all the same")
        }
        text = try EditionText(parsed, kind: entry.edition.kind, structure: structure, file: file)
        edition = entry.edition
        self.file = file
        notice = parsed.text.notice
    }
}
