public import NIOCore

/// All of these throw what ``send(_:timeout:)`` throws, and `.server(prefix: "WRONGTYPE")` for a key of another type.
extension RedisClient {
    /// `GET`: the value, or nil if the key doesn't exist.
    public func get(_ key: String, timeout: Duration? = nil) async throws(RedisError) -> ByteBuffer? {
        try await send(RedisCommand("GET", key: key), timeout: timeout).bytes()
    }

    /// `MGET`: for each key, in order, its value, or nil if it doesn't exist or isn't a string.
    ///
    /// One reply holds all values, so together they must stay below ``RedisConfiguration/maximumReplySize``.
    public func getMany(_ keys: [String], timeout: Duration? = nil) async throws(RedisError) -> [ByteBuffer?] {
        guard !keys.isEmpty else { return [] }
        let reply = try await send(RedisCommand("MGET", keys: keys), timeout: timeout).array()
        guard reply.count == keys.count else {
            throw RedisError(.protocolViolation, "MGET of \(keys.count) keys gave \(reply.count) values")
        }
        var values: [ByteBuffer?] = []
        values.reserveCapacity(reply.count)
        for value in reply { values.append(try value.bytes()) }
        return values
    }

    /// `SET`, with `PX` and `NX` as asked.
    /// - Parameters:
    ///   - expiresIn: In milliseconds, rounded up; nil: never.
    ///   - ifAbsent: Only if the key doesn't exist.
    /// - Returns: Whether it was set: false only with `ifAbsent`.
    @discardableResult
    public func set(
        _ key: String, _ value: ByteBuffer, expiresIn: Duration? = nil, ifAbsent: Bool = false, timeout: Duration? = nil
    ) async throws(RedisError) -> Bool {
        let entry = RedisEntry(key: key, value: value, expiresIn: expiresIn)
        return try await send(entry.command(ifAbsent: ifAbsent), timeout: timeout) != .null
    }

    /// Sets many keys with a pipeline of `SET`. It's no transaction.
    /// - Throws: The first error, after all were tried.
    public func setMany(_ entries: [RedisEntry], timeout: Duration? = nil) async throws(RedisError) {
        let replies = await pipeline(entries.map { $0.command(ifAbsent: false) }, timeout: timeout)
        for reply in replies { _ = try reply.get() }
    }

    /// `INCRBY`, which begins at 0 for a new key.
    /// - Returns: The new number.
    @discardableResult
    public func increment(
        _ key: String, by amount: Int64 = 1, timeout: Duration? = nil
    ) async throws(RedisError) -> Int64 {
        try await send(RedisCommand("INCRBY", key: key, .integer(amount)), timeout: timeout).integer()
    }
}

extension RedisEntry {
    func command(ifAbsent: Bool) -> RedisCommand {
        var arguments: [RedisArgument] = [.string(key), .buffer(value)]
        if let expiresIn { arguments += ["PX", .milliseconds(expiresIn)] }
        if ifAbsent { arguments.append("NX") }
        return RedisCommand("SET", arguments)
    }
}
