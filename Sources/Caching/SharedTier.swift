import Metrics
import NIOCore

/// The shared store as a cache tier: entries in and out, behind a circuit breaker. Nothing here ever throws: a tier that
/// fails is a tier that has nothing.
final class SharedTier: Sendable {
    let breaker: CircuitBreaker
    private let store: any SharedStore
    private let clock: CacheClock
    private let lookUpDuration = Timer(label: "quran_cache_shared_lookup_duration_seconds")

    init(store: any SharedStore, clock: CacheClock) {
        self.store = store
        self.clock = clock
        breaker = CircuitBreaker(clock: clock)
    }

    func entry(for key: CacheKey) async -> CacheEntry? { await entries(for: [key])[key] }

    /// Those of the entries that are there and whole.
    func entries(for keys: [CacheKey]) async -> [CacheKey: CacheEntry] {
        let found =
            await breaker.attempt { () async throws -> [ByteBuffer?] in
                let start = clock.now()
                defer { lookUpDuration.record(duration: clock.now() - start) }
                return try await store.get(keys.map(\.description))
            } ?? []
        let (now, wallTime) = (clock.now(), clock.wallTime())
        var entries: [CacheKey: CacheEntry] = [:]
        for (key, encoded) in zip(keys, found) {
            entries[key] = encoded.flatMap { EntryCodec.decode($0, now: now, wallTime: wallTime) }
        }
        return entries
    }

    func store(_ entries: [CacheKey: CacheEntry]) async {
        let (now, wallTime) = (clock.now(), clock.wallTime())
        let values = entries.compactMap { key, entry -> (key: String, value: ByteBuffer, expiresIn: Duration)? in
            let rest = entry.servableUntil - now
            guard rest > .zero else { return nil }
            return (key.description, EntryCodec.encode(entry, now: now, wallTime: wallTime), rest)
        }
        guard !values.isEmpty else { return }
        _ = await breaker.attempt { try await store.set(values) }
    }

    /// - Returns: whether this instance has the lease and is to load; `nil` if the tier can't say, or failed just now:
    ///   to ask it again would only cost its timeout again.
    func claim(_ key: CacheKey, for time: Duration) async -> Bool? {
        guard !breaker.isFailing else { return nil }
        return await breaker.attempt { try await store.claim(lease(key), for: time) }
    }

    func release(_ key: CacheKey) async { _ = await breaker.attempt { try await store.delete([lease(key)]) } }

    func delete(_ key: CacheKey) async -> Bool {
        await breaker.attempt { try await store.delete([key.description]) > 0 } ?? false
    }

    /// - Returns: how many there were; `nil` if the tier can't be asked.
    func delete(matching pattern: String) async -> Int? {
        await breaker.attempt { try await store.delete(matching: pattern) }
    }

    func exists(_ key: CacheKey) async -> Bool {
        await breaker.attempt { try await store.exists(key.description) } ?? false
    }

    func add(_ amounts: [String: Int], to key: String, expiresIn: Duration) async -> Bool {
        await breaker.attempt { try await store.add(amounts, to: key, expiresIn: expiresIn) } != nil
    }

    func counters(under key: String) async -> [String: Int]? {
        await breaker.attempt { try await store.counters(under: key) }
    }

    /// Remembers what writers made of some tags; two of them may get here in either order.
    func note(written versions: [CacheTag: CacheVersion], for time: Duration) async {
        for (tag, version) in versions {
            _ = await breaker.attempt { try await store.raise(written(tag), to: version.value, expiresIn: time) }
        }
    }

    /// The newest versions that writers made of some tags; without those that nobody wrote lately. `nil` if the tier can't
    /// say.
    func newestWritten(_ tags: [CacheTag]) async -> [CacheTag: CacheVersion]? {
        guard let found = await breaker.attempt({ try await store.get(tags.map(written)) }) else { return nil }
        var versions: [CacheTag: CacheVersion] = [:]
        for (tag, number) in zip(tags, found) {
            versions[tag] = number.flatMap { Int64(String(buffer: $0)) }.map { CacheVersion($0) }
        }
        return versions
    }

    private func written(_ tag: CacheTag) -> String { "\(CacheKey.notesPrefix)written:\(tag)" }

    private func lease(_ key: CacheKey) -> String { "\(CacheKey.notesPrefix)lease:\(key.description)" }
}
