public import Caching
public import NIOCore
import Synchronization

/// A shared tier in this process that can be made to lose, delay, rewind and resurrect what it holds. For tests of the
/// cache above it; a real Redis is tested beside it.
public final class MemorySharedStore: SharedStore {
    public struct Failure: Error {}

    private struct State {
        var values: [String: ByteBuffer] = [:]
        var counters: [String: [String: Int]] = [:]
        var isFailing = false
        var calls = 0
    }

    private let state = Mutex(State())

    public init() {}

    /// Makes every call fail, or work again.
    public func fail(_ isFailing: Bool) { state.withLock { $0.isFailing = isFailing } }

    /// Everything that it holds, to put it back later.
    public var contents: [String: ByteBuffer] {
        get { state.withLock { $0.values } }
        set { state.withLock { $0.values = newValue } }
    }

    public var calls: Int { state.withLock { $0.calls } }

    private func working<Value>(_ body: (inout State) -> Value) throws -> Value {
        let value = state.withLock { state -> Value? in
            state.calls += 1
            return state.isFailing ? nil : body(&state)
        }
        guard let value else { throw Failure() }
        return value
    }

    public func get(_ keys: [String]) async throws -> [ByteBuffer?] {
        try working { state in keys.map { state.values[$0] } }
    }

    public func set(_ values: [(key: String, value: ByteBuffer, expiresIn: Duration)]) async throws {
        try working { state in for (key, value, _) in values { state.values[key] = value } }
    }

    public func claim(_ key: String, for time: Duration) async throws -> Bool {
        try working { state in
            guard state.values[key] == nil else { return false }
            state.values[key] = ByteBuffer()
            return true
        }
    }

    public func delete(_ keys: [String]) async throws -> Int {
        try working { state in keys.count { state.values.removeValue(forKey: $0) != nil } }
    }

    public func delete(matching pattern: String) async throws -> Int {
        try working { state in
            let glob = GlobPattern(pattern)
            let keys = state.values.keys.filter { glob.matches($0) }
            for key in keys { state.values[key] = nil }
            return keys.count
        }
    }

    public func exists(_ key: String) async throws -> Bool { try working { $0.values[key] != nil } }

    public func raise(_ key: String, to number: Int64, expiresIn: Duration) async throws {
        try working { state in
            let old = state.values[key].flatMap { Int64(String(buffer: $0)) } ?? .min
            state.values[key] = ByteBuffer(string: String(max(old, number)))
        }
    }

    public func add(_ amounts: [String: Int], to key: String, expiresIn: Duration) async throws {
        try working { $0.counters[key, default: [:]].merge(amounts) { $0 + $1 } }
    }

    public func counters(under key: String) async throws -> [String: Int] {
        try working { $0.counters[key] ?? [:] }
    }
}
