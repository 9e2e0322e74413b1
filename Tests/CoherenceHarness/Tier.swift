public import Caching
import NIOCore
import NIOPosix
public import Redis
import ServiceLifecycle
import TestSupport

/// What an instance shares with the others: a store of entries, and a way to hint at changes.
public struct Tier: Sendable {
    let store: any SharedStore
    let services: [any Service]
    let announce: @Sendable (CacheHint) -> Void

    /// Makes an instance's tier; the closure is to be called for each hint.
    public typealias Maker = @Sendable (_ onHint: @escaping @Sendable (CacheHint) -> Void) throws -> Tier

    /// Waits until the store answers.
    func connected() async throws { try await store.connected() }

    /// Nothing but a store: hints never arrive.
    public static func silent(_ store: any SharedStore) -> Maker {
        { _ in Tier(store: store, services: [], announce: { _ in }) }
    }

    /// A client of a real Redis for each instance, with its channel of hints.
    public static func redis(_ configuration: RedisConfiguration) -> Maker {
        { onHint in
            let tier = try RedisTier(
                configuration, eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: .silent, onHint: onHint)
            return Tier(store: tier.store, services: tier.services, announce: { tier.announce($0) })
        }
    }
}

/// Another store behind random delays: before a fill is stored, and before a lookup is answered.
struct DelayingStore: SharedStore {
    let store: any SharedStore
    /// Part of the calls that are delayed, and by how much at most.
    let part: Double
    let delay: Duration

    private func hesitate() async throws {
        guard Double.random(in: 0..<1) < part else { return }
        try await Task.sleep(for: delay * Double.random(in: 0..<1))
    }

    func get(_ keys: [String]) async throws -> [ByteBuffer?] {
        try await hesitate()
        return try await store.get(keys)
    }

    func set(_ values: [(key: String, value: ByteBuffer, expiresIn: Duration)]) async throws {
        try await hesitate()
        try await store.set(values)
    }

    func claim(_ key: String, for time: Duration) async throws -> Bool { try await store.claim(key, for: time) }
    func delete(_ keys: [String]) async throws -> Int { try await store.delete(keys) }
    func delete(matching pattern: String) async throws -> Int { try await store.delete(matching: pattern) }
    func exists(_ key: String) async throws -> Bool { try await store.exists(key) }
    func counters(under key: String) async throws -> [String: Int] { try await store.counters(under: key) }

    func raise(_ key: String, to number: Int64, expiresIn: Duration) async throws {
        try await store.raise(key, to: number, expiresIn: expiresIn)
    }

    func add(_ amounts: [String: Int], to key: String, expiresIn: Duration) async throws {
        try await store.add(amounts, to: key, expiresIn: expiresIn)
    }
}

extension SharedStore {
    /// Waits until the store answers.
    public func connected() async throws {
        try await eventually("the shared tier answers") {
            do { return try await !exists("anything") } catch { return false }
        }
    }
}
