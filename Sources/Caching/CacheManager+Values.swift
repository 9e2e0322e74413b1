import Foundation
import NIOCore

/// A value as its loader read it, and what it was made of.
public struct Versioned<Value: Sendable>: Sendable {
    public let value: Value
    public let versions: [CacheTag: CacheVersion]
    public let readAt: FeedPosition

    /// - Parameters:
    ///   - versions: the versions of all that the value was made of, from the snapshot that it was read in; empty for
    ///     a value that only expires.
    ///   - readAt: where in the store's history that was.
    public init(
        _ value: Value, versions: [CacheTag: CacheVersion] = [:], readAt: FeedPosition = FeedPosition(0)
    ) {
        self.value = value
        self.versions = versions
        self.readAt = readAt
    }
}

extension CacheManager {
    /// The value under a key, loaded if there is none that is fresh: ``answer(for:load:)`` for Swift values.
    ///
    /// Both tiers hold the value as JSON, which is decoded for every call: several microseconds for a kilobyte. What is to
    /// be served as bytes is better cached as bytes.
    ///
    /// ```swift
    /// let surah = try await cache.value(for: CacheKey(surahs, "2"), as: Surah.self) {
    ///     let snapshot = try await store.surah(2)
    ///     return Versioned(snapshot.surah, versions: snapshot.versions, readAt: snapshot.position)
    /// }
    /// ```
    ///
    /// - Parameter load: reads the value and its versions in one snapshot. `nil` says that there is no such thing, which
    ///   is remembered for ``CachePolicy/negativeTimeToLive``.
    /// - Returns: the value, which may be stale as the policy allows; use ``answer(for:load:)`` where that matters.
    /// - Throws: as ``answer(for:load:)``, and `EncodingError`.
    public func value<Value: Codable & Sendable>(
        for key: CacheKey, as type: Value.Type = Value.self,
        load: @escaping @Sendable () async throws -> Versioned<Value?>
    ) async throws -> Value? {
        let encodedLoad: Loader = {
            let loaded = try await load()
            return CacheFill(
                body: ByteBuffer(bytes: try JSONEncoder().encode(loaded.value)), contentType: "application/json",
                isNegative: loaded.value == nil, versions: loaded.versions, readAt: loaded.readAt)
        }
        let found = try await answer(for: key, load: encodedLoad).entry
        do {
            return try JSONDecoder().decode(Value?.self, from: Data(found.body.readableBytesView))
        } catch is DecodingError {
            // Another release of the program stored it, when the type had another shape.
            await delete(key)
            let loaded = try await answer(for: key, load: encodedLoad).entry
            return try JSONDecoder().decode(Value?.self, from: Data(loaded.body.readableBytesView))
        }
    }

    /// The value under a key of which there always is one.
    public func value<Value: Codable & Sendable>(
        for key: CacheKey, as type: Value.Type = Value.self,
        load: @escaping @Sendable () async throws -> Versioned<Value>
    ) async throws -> Value {
        // Twice, as under this key there may still be that there was nothing.
        for _ in 0..<2 {
            let found = try await value(for: key, as: type) { () -> Versioned<Value?> in
                let loaded = try await load()
                return Versioned<Value?>(loaded.value, versions: loaded.versions, readAt: loaded.readAt)
            }
            if let found { return found }
            await delete(key)
        }
        return try await load().value
    }
}
