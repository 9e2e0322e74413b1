public import NIOCore

/// All of these throw what ``send(_:timeout:)`` throws, and `.server(prefix: "WRONGTYPE")` for a key of another type.
extension RedisClient {
    /// `HINCRBY` for each field, in one pipeline. A new field begins at 0.
    /// - Returns: The new numbers.
    /// - Throws: The first error, after all were tried.
    @discardableResult
    public func increment(
        fieldsOf key: String, by amounts: [String: Int64], timeout: Duration? = nil
    ) async throws(RedisError) -> [String: Int64] {
        let fields = Array(amounts)
        let commands = fields.map { RedisCommand("HINCRBY", key: key, .string($0.key), .integer($0.value)) }
        let replies = await pipeline(commands, timeout: timeout)
        var numbers: [String: Int64] = [:]
        for (field, reply) in zip(fields, replies) { numbers[field.key] = try reply.get().integer() }
        return numbers
    }

    /// `HGETALL`: all fields; none if the key doesn't exist.
    public func fields(of key: String, timeout: Duration? = nil) async throws(RedisError) -> [String: ByteBuffer] {
        let reply = try await send(RedisCommand("HGETALL", key: key), timeout: timeout).array()
        var fields: [String: ByteBuffer] = [:]
        for index in stride(from: 0, to: reply.count - 1, by: 2) {
            fields[try reply[index].text()] = try reply[index + 1].bytes()
        }
        return fields
    }
}
