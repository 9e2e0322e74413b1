internal import NIOCore

/// All of these throw what ``send(_:timeout:)`` throws.
extension RedisClient {
    /// `UNLINK`: removes keys; the server frees their memory in the background.
    /// - Returns: How many there were.
    @discardableResult
    public func delete(_ keys: [String], timeout: Duration? = nil) async throws(RedisError) -> Int {
        guard !keys.isEmpty else { return 0 }
        return Int(try await send(RedisCommand("UNLINK", keys: keys), timeout: timeout).integer())
    }

    /// `EXISTS`.
    public func exists(_ key: String, timeout: Duration? = nil) async throws(RedisError) -> Bool {
        try await send(RedisCommand("EXISTS", key: key), timeout: timeout).integer() > 0
    }

    /// `PEXPIRE`: the key's remaining life, in milliseconds, rounded up.
    /// - Returns: Whether the key exists.
    @discardableResult
    public func expire(
        _ key: String, in duration: Duration, timeout: Duration? = nil
    ) async throws(RedisError) -> Bool {
        try await send(RedisCommand("PEXPIRE", key: key, .milliseconds(duration)), timeout: timeout).integer() > 0
    }

    /// The keys that match, by `SCAN`, which never holds up the server.
    ///
    /// Keys that exist throughout are found; those that come or go meanwhile may be. A key may be found twice.
    /// - Parameter timeout: For each step.
    public func keys(matching pattern: RedisGlob, timeout: Duration? = nil) -> RedisKeys {
        RedisKeys(scan: RedisScan(client: self, pattern: pattern, timeout: timeout))
    }

    /// Removes the keys that match, by `SCAN` and `UNLINK`, so also in a large database without holding up the server.
    /// - Parameter timeout: For each step.
    /// - Returns: How many there were.
    @discardableResult
    public func unlink(matching pattern: RedisGlob, timeout: Duration? = nil) async throws(RedisError) -> Int {
        var scan = RedisScan(client: self, pattern: pattern, timeout: timeout)
        var count = 0
        while let keys = try await scan.next() {
            guard !keys.isEmpty else { continue }
            let command = RedisCommand("UNLINK", keys.map { .buffer($0) })
            count += Int(try await send(command, timeout: timeout).integer())
        }
        return count
    }
}
