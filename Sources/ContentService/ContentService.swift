public import Caching
import NIOCore
public import Quran
public import Storage

/// The content as it is asked for: each question has a key, tags that its repositories collect, and a loader; all
/// answers are read through the cache, as the bytes that a client gets.
public struct ContentService: Sendable {
    /// The version of this program.
    public static let version = "0.1.0"

    let database: any Database
    let cache: CacheManager
    /// The structure of the Quran, checked when the service was made.
    public let structure: QuranStructure

    static let quran = CacheNamespace.shared("quran")
    static let editions = CacheNamespace.shared("editions")
    static let reciters = CacheNamespace.shared("reciters")
    static let reciter = CacheNamespace.shared("reciter")

    /// An answer, and where it came from.
    public typealias Answer = CacheManager.Answer

    /// Reads the structure from the store.
    ///
    /// - Throws: `StructureError` if the store breaks an invariant: it is not to be served then. `StorageError`
    ///   (`missing`) if nothing was ever seeded.
    public init(database: any Database, cache: CacheManager) async throws {
        self.database = database
        self.cache = cache
        structure = try await database.snapshot { reader in
            guard try reader.isSeeded() else {
                throw StorageError(.missing, "the store is empty; fill it with: quran seed")
            }
            return try StructureRepository(reader).structure()
        }.value
    }

    /// Reads through the cache: `load` in one snapshot, `write` away from the database.
    func answer<Loaded: Sendable>(
        _ namespace: CacheNamespace, _ id: String, options: String...,
        load: @escaping @Sendable (ContentReader) throws -> Loaded,
        write: @escaping @Sendable (Loaded, inout JSONWriter) throws -> Void
    ) async throws -> Answer {
        let suffix = options.filter { !$0.isEmpty }.joined(separator: "&")
        let key = CacheKey(namespace, suffix.isEmpty ? id : "\(id)?\(suffix)")
        return try await cache.answer(for: key) { [database] in
            let snapshot = try await database.snapshot(load)
            var json = JSONWriter()
            try json.object { try write(snapshot.value, &$0) }
            let versions = snapshot.versions.map { (CacheTag($0.key.description), CacheVersion($0.value)) }
            return CacheFill(
                body: json.buffer, contentType: "application/json",
                versions: Dictionary(uniqueKeysWithValues: versions))
        }
    }
}
