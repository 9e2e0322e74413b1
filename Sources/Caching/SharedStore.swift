public import NIOCore

/// The tier that instances share, such as Redis. It may lose, rewind, delay or resurrect anything: entries carry their
/// versions, so an old one simply fails the comparison.
public protocol SharedStore: Sendable {
    func get(_ keys: [String]) async throws -> [ByteBuffer?]
    func set(_ values: [(key: String, value: ByteBuffer, expiresIn: Duration)]) async throws
    /// Sets a key that no other instance holds.
    ///
    /// - Returns: whether it was free.
    func claim(_ key: String, for time: Duration) async throws -> Bool
    /// - Returns: how many existed.
    func delete(_ keys: [String]) async throws -> Int
    /// - Parameter pattern: a glob over whole keys.
    /// - Returns: how many existed.
    func delete(matching pattern: String) async throws -> Int
    func exists(_ key: String) async throws -> Bool
    /// Sets a number, in decimal digits, unless it is greater already. One that may be read with ``get(_:)``.
    func raise(_ key: String, to number: Int64, expiresIn: Duration) async throws
    /// Adds to named counters under a key, which are forgotten some time after the last addition.
    func add(_ amounts: [String: Int], to key: String, expiresIn: Duration) async throws
    func counters(under key: String) async throws -> [String: Int]
}
