public import NIOCore

/// All of these throw what ``send(_:timeout:)`` throws.
extension RedisClient {
    /// `PUBLISH`.
    /// - Returns: How many subscribers of this server got it.
    @discardableResult
    public func publish(
        _ message: ByteBuffer, to channel: String, timeout: Duration? = nil
    ) async throws(RedisError) -> Int {
        Int(try await send(RedisCommand("PUBLISH", key: channel, .buffer(message)), timeout: timeout).integer())
    }

    /// `INFO`: the fields of a section, such as `memory`, or of the usual ones.
    public func info(_ section: String? = nil, timeout: Duration? = nil) async throws(RedisError) -> [String: String] {
        let arguments = section.map { [RedisArgument.string($0)] } ?? []
        let text = try await send(RedisCommand("INFO", arguments), timeout: timeout).text()
        var fields: [String: String] = [:]
        for line in text.utf8.split(whereSeparator: { $0 == 0x0A || $0 == 0x0D }) where line.first != UInt8(ascii: "#")
        {
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { continue }
            fields[String(Substring(line[..<colon]))] = String(Substring(line[line.index(after: colon)...]))
        }
        return fields
    }

    /// `EVAL`: runs a Lua script on the server, which caches it by its text.
    /// - Throws: Also `.server` for an error in the script.
    public func eval(
        _ script: String, keys: [String] = [], arguments: [RedisArgument] = [], timeout: Duration? = nil
    ) async throws(RedisError) -> RedisValue {
        let all = [.string(script), .integer(Int64(keys.count))] + keys.map { RedisArgument.string($0) } + arguments
        return try await send(RedisCommand("EVAL", all), timeout: timeout)
    }
}
