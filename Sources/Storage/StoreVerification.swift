import Crypto
public import Quran

/// What a store holds, checked from the ground up: structure, completeness, and the bytes of every text.
public struct StoreVerification: Sendable, Hashable {
    public struct EditionResult: Sendable, Hashable {
        public enum State: Sendable, Hashable {
            /// Complete, and the bytes have the recorded hash.
            case intact
            case notLoaded
            case incomplete(missing: Int)
            /// Complete, but the bytes have another hash than was recorded.
            case altered(found: String)
        }

        public let edition: EditionID
        public let kind: Edition.Kind
        public let state: State
        /// The recorded hash.
        public let sha256: String?
        public let isPinned: Bool
    }

    /// The structural invariants that the store breaks.
    public let violations: [String]
    public let editions: [EditionResult]
    /// One hash over the structure and the hashes of all loaded editions; `nil` if the structure is broken.
    public let digest: String?

    public var isSound: Bool {
        violations.isEmpty
            && editions.allSatisfy { result in
                switch result.state {
                case .intact, .notLoaded: true
                case .incomplete, .altered: false
                }
            }
    }

    /// Reads the whole store in one snapshot.
    public static func verify(_ database: any Database) async throws -> StoreVerification {
        try await database.snapshot(deadline: .seconds(120)) { reader in
            let structure: QuranStructure
            do {
                structure = try StructureRepository(reader).structure()
            } catch let error as StructureError {
                return StoreVerification(violations: error.violations, editions: [], digest: nil)
            }
            let repository = EditionRepository(reader, statuses: Edition.Status.allCases)
            let stored = try repository.editions()
            let results = try stored.map { stored in
                EditionResult(
                    edition: stored.edition.id, kind: stored.edition.kind,
                    state: try state(of: stored, in: repository, structure: structure),
                    sha256: stored.content?.sha256, isPinned: stored.content?.isPinned ?? false)
            }
            return StoreVerification(
                violations: [], editions: results, digest: datasetDigest(structure: structure, editions: stored))
        }.value
    }

    private static func state(
        of stored: StoredEdition, in repository: EditionRepository, structure: QuranStructure
    ) throws -> EditionResult.State {
        let texts = try repository.texts(of: stored.edition, in: .all)
        let present = texts.compactMap(\.self)
        guard let content = stored.content else {
            return present.isEmpty ? .notLoaded : .incomplete(missing: texts.count - present.count)
        }
        guard present.count == texts.count else { return .incomplete(missing: texts.count - present.count) }
        let text = EditionText(ayahs: present, basmalas: try repository.basmalas(of: stored.edition))
        let found = text.published(structure: structure).sha256(structure: structure)
        return found == content.sha256 ? .intact : .altered(found: found)
    }
}

/// The digest of a data set: SHA-256, in hexadecimal, over one line for each surah, division, sajda and published edition
/// whose text is loaded, joined by LF. Two stores with the same digest serve the same content.
public func datasetDigest(structure: QuranStructure, editions: [StoredEdition]) -> String {
    var lines = structure.surahs.map { surah in
        "surah|\(surah.number)|\(surah.ayahCount)|\(surah.revelationPlace.rawValue)|\(surah.revelationOrder)"
    }
    for division in structure.divisions {
        let starts = division.starts.map(\.description).joined(separator: ",")
        lines.append("division|\(division.kind.rawValue)|\(division.scheme)|\(starts)")
    }
    lines += structure.sajdas.map { "sajda|\($0.number)|\($0.ayah)|\($0.kind.rawValue)|\($0.scheme)" }
    lines += editions.filter { $0.status == .published }.compactMap { stored in
        stored.content.map { "edition|\(stored.edition.kind.rawValue)|\(stored.edition.id)|\($0.sha256)" }
    }.sorted()
    return SHA256.hash(data: Array(lines.joined(separator: "\n").utf8)).hexadecimal
}
