public import Caching
public import Compression
import JSON
public import Logging
public import NIOCore
public import Quran
public import Storage
import Synchronization

/// The content as it is asked for: each question has a key, tags that its repositories collect, and a loader; all
/// answers are read through the cache, as the bytes that a client gets.
public struct ContentService: Sendable {
    /// The version of this program.
    public static let version = "0.1.0"

    let database: any Database
    let cache: CacheManager
    private let structures: StructureHolder
    let indexDemand = SearchIndexDemand()
    /// What is asked for is only made ready, which counts as no read.
    private var warming: Warming?

    private struct Warming {
        let asksShared: Bool
    }

    /// The structure of the Quran: the newest that was found sound.
    public var structure: QuranStructure { structures.current.value }

    /// The same with the versions that it was read at. A question takes it once: what it works out with the value, and what its
    /// answer says to be made of, must be of one moment.
    var heldStructure: Snapshot<QuranStructure> { structures.current }

    /// Grows when another structure is taken over: an address may ask for something else then.
    public var structureGeneration: UInt64 { structures.generation }

    let namespaces: ContentNamespaces

    /// An answer, and where it came from.
    public typealias Answer = CacheAnswer

    /// Reads the structure from the store.
    ///
    /// - Throws: `StructureError` if the store breaks an invariant: it is not to be served then. `StorageError`
    ///   (`missing`) if nothing was ever seeded.
    public init(
        database: any Database, cache: CacheManager, lifetimes: CacheLifetimes = CacheLifetimes()
    ) async throws {
        namespaces = ContentNamespaces(lifetimes)
        self.database = database
        self.cache = cache
        let snapshot = try await database.snapshot { reader in
            guard try reader.isSeeded() else {
                throw StorageError(.missing, "the store is empty; fill it with: quran seed")
            }
            return try StructureRepository(reader).structure()
        }
        structures = StructureHolder(snapshot)
    }

    /// Reads through the cache: `load` in one snapshot, `write` away from the database.
    ///
    /// - Parameters:
    ///   - held: the structure that `load` and `write` work with, if they do.
    ///   - tags: what whoever asks may have written: the answer holds that, on whatever instance they did.
    ///   - validator: the entity tag; by default one of the bytes.
    func answer<Loaded: Sendable>(
        _ namespace: CacheNamespace, _ id: String, options: String..., asOf held: Snapshot<QuranStructure>? = nil,
        holdingWritesOf tags: [ContentTag] = [], validator: (@Sendable (Loaded) -> String)? = nil,
        load: @escaping @Sendable (ContentReader) throws -> Loaded,
        write: @escaping @Sendable (Loaded, inout JSONWriter) throws -> Void
    ) async throws -> Answer {
        let suffix = options.filter { !$0.isEmpty }.joined(separator: "&")
        let key = CacheKey(namespace, suffix.isEmpty ? id : "\(id)?\(suffix)")
        let written = tags.map { CacheTag($0.description) }
        // As of the question: an answer that a newer structure overtakes, even while it waits to be loaded, is outdated at once.
        let structureVersion = held?.versions[.structure]
        let load: CacheManager.Loader = { [database] in
            let snapshot: Snapshot<Result<Loaded, ContentServiceError>>
            do {
                snapshot = try await database.snapshot { reader in
                    reader.touch(.all)
                    reader.touch(.namespace(namespace.name))
                    // What does not exist is an answer too, and was made of what was looked for.
                    do { return .success(try load(reader)) } catch let error as ContentServiceError {
                        return .failure(error)
                    }
                }
            } catch let error as StorageError where error.isTransient {
                throw StoreUnavailable(cause: error)
            }
            let versions = Dictionary(
                uniqueKeysWithValues: snapshot.versions.map { tag, version in
                    // Numbers of juz, page and so on come from the structure in memory, as of its own version.
                    let own = tag == .structure ? structureVersion ?? version : version
                    return (CacheTag(tag.description), CacheVersion(own))
                })
            let position = FeedPosition(snapshot.position)
            switch snapshot.value {
            case .success(let loaded):
                var json = JSONWriter()
                try json.object { try write(loaded, &$0) }
                let body = json.buffer
                return CacheFill(
                    body: body, contentType: "application/json", entityTag: validator?(loaded) ?? strongTag(of: body),
                    versions: versions, readAt: position, changedAt: snapshot.changedAt)
            case .failure(let error):
                return CacheFill(
                    body: ByteBuffer(string: error.code), contentType: "text/plain", isNegative: true,
                    versions: versions, readAt: position)
            }
        }
        let answer =
            if let warming {
                try await cache.warm(key, asksShared: warming.asksShared, load: load)
            } else {
                try await cache.answer(for: key, holdingWritesOf: written, load: load)
            }
        guard !answer.entry.isNegative else {
            throw ContentServiceError(code: String(buffer: answer.entry.body)) ?? .unreadable
        }
        return answer
    }

    /// The same answer, with its body in a coding, too.
    ///
    /// - Throws: `CompressionError`, or `CancellationError`.
    public func encoded(_ answer: Answer, as coding: ContentCoding) async throws -> Answer {
        try await cache.encoded(answer, as: coding)
    }

    /// Offers what is fresh in memory to someone who may take it: see ``CacheManager/offerHit(for:to:)``.
    public func offerHit(for key: CacheKey, to take: (Answer) -> Bool) -> CacheOffer {
        cache.offerHit(for: key, to: take)
    }

    /// Fetches what is fresh in the tier that instances share: see ``CacheManager/fetchShared(_:)``.
    public func fetchShared(_ key: CacheKey) async -> Answer? { await cache.fetchShared(key) }

    public func countSharedHit(_ answer: Answer) { cache.countSharedHit(answer) }

    /// The same service, which only makes ready what it is asked for.
    ///
    /// - Parameter asksShared: whether the shared tier is asked about what memory has.
    func warming(asksShared: Bool) -> Self {
        var copy = self
        copy.warming = Warming(asksShared: asksShared)
        return copy
    }

    /// Follows changes of the structure. One that breaks an invariant is not taken over: the last sound one stays.
    public func follow(_ hooks: ContentHooks, logger: Logger) {
        hooks.subscribe(to: [.structure, .surah]) { [database, structures] _ in
            Task {
                do {
                    structures.take(try await database.snapshot { try StructureRepository($0).structure() })
                } catch {
                    logger.error("the structure changed and is not taken over", metadata: ["error": "\(error)"])
                }
            }
        }
    }
}

/// The structure that answers are made with, and the versions that it was read at.
private final class StructureHolder: Sendable {
    private let state: Mutex<Snapshot<QuranStructure>>
    private let taken = Atomic<UInt64>(0)

    var generation: UInt64 { taken.load(ordering: .acquiring) }

    init(_ structure: Snapshot<QuranStructure>) { state = Mutex(structure) }

    var current: Snapshot<QuranStructure> { state.withLock { $0 } }

    /// Takes over a newer one.
    func take(_ structure: Snapshot<QuranStructure>) {
        state.withLock {
            guard structure.position >= $0.position else { return }
            $0 = structure
            taken.wrappingAdd(1, ordering: .acquiringAndReleasing)
        }
    }
}

/// The store can't be asked just now.
public struct StoreUnavailable: SourceUnavailable {
    public let cause: StorageError

    public init(cause: StorageError) { self.cause = cause }
}

/// A strong validator: 128 bits that are made of the body.
public func strongTag(of body: ByteBuffer) -> String { Checksum.digits(of: body) }
