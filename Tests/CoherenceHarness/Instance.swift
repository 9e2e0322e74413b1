import Caching
import ContentService
public import Logging
import NIOCore
import Quran
import ServiceLifecycle
import Storage

/// An instance of the program as far as its cache goes: wired as the program wires it, over connections of its own.
final class Instance: Sendable {
    let database: any Database
    let system: ContentSystem
    private let services: [any Service]
    private let slowness: Slowness

    /// - Parameters:
    ///   - slowness: of its loads, between reading and storing.
    ///   - losesHint: asked for every hint that it would send.
    init(
        _ database: any Database, tier: Tier.Maker?, options: CoherenceFuzz.Options, slowness: Slowness,
        losesHint: @escaping @Sendable () -> Bool
    ) async throws {
        self.database = database
        self.slowness = slowness
        let hints = HintReceiver()
        let tier = try tier.map { make in try make { hints.take($0) } }
        let store = tier.map { DelayingStore(store: $0.store, part: options.delayedStores, delay: options.storeDelay) }
        // As the program does, it polls once before anything is read.
        system = try await ContentSystem(
            database: database, cacheCapacity: 64 << 20, shared: store, logger: .silent
        ) {
            if !losesHint() { tier?.announce($0) }
        }
        hints.aim(at: system.poller, system.cache)
        services = [system.poller] + (tier?.services ?? [])
    }

    /// Runs what the instance needs until the task is cancelled.
    func run() async {
        await withTaskGroup(of: Void.self) { group in
            for service in services {
                group.addTask { do { try await service.run() } catch { return } }
            }
        }
    }

    /// Whether nothing that it shares is in trouble.
    var isWhole: Bool { system.cache.statistics.sharedTierState ?? "closed" == "closed" }

    /// A key's value through the cache, read as the program reads.
    func answer(_ key: Int) async throws -> CacheAnswer {
        try await system.cache.answer(for: CacheKey(Self.namespace, "\(key)")) { [database, slowness] in
            let id = Row.id(of: key)
            let snapshot = try await Self.transient {
                try await database.snapshot { reader in
                    reader.touch(.all)
                    reader.touch(.namespace(Self.namespace.name))
                    return try ReciterRepository(reader).reciter(id)?.nameEnglish ?? ""
                }
            }
            try await slowness.wait()
            return CacheFill(
                body: ByteBuffer(string: snapshot.value), contentType: "text/plain",
                versions: Dictionary(
                    uniqueKeysWithValues: snapshot.versions.map {
                        (CacheTag($0.key.description), CacheVersion($0.value))
                    }), readAt: FeedPosition(snapshot.position))
        }
    }

    private static let namespace = CacheNamespace.shared("fuzz")

    private static func transient<Value>(_ work: () async throws -> Value) async throws -> Value {
        do { return try await work() } catch let error as StorageError { throw StoreUnavailable(cause: error) }
    }
}

/// A row that the fuzz reads and writes: its name is the number of its version.
enum Row {
    static func id(of key: Int) -> ReciterID {
        guard let id = ReciterID("fuzz.\(key)") else { preconditionFailure("a slug") }
        return id
    }

    static func update(of key: Int, to version: Int) -> SQL {
        "UPDATE reciters SET name_english = \(String(version)) WHERE id = \(id(of: key).name)"
    }

    static func insertion(of key: Int) -> SQL {
        """
        INSERT INTO reciters (id, name_english, name_arabic, style, riwayah, granularity, provider, url_pattern, alternates)
        VALUES (\(id(of: key).name), '0', '', 'murattal', 'hafs_an_asim', 'surah', 'fuzz',
            'https://example.org/{sss}.mp3', '[]')
        """
    }
}

extension Logger {
    /// For what is under test here: its complaints about faults are expected.
    public static let silent = Logger(label: "harness") { _ in SwiftLogNoOpLogHandler() }
}
