internal import NIOCore

/// The steps of a `SCAN`. Keys are bytes here, as they need not be UTF-8.
struct RedisScan: Sendable {
    let client: RedisClient
    let pattern: RedisGlob
    let timeout: Duration?
    /// Where to go on; nil at the end.
    private var cursor: String? = "0"

    init(client: RedisClient, pattern: RedisGlob, timeout: Duration?) {
        self.client = client
        self.pattern = pattern
        self.timeout = timeout
    }

    /// The keys of the next step, often none; nil at the end.
    mutating func next() async throws(RedisError) -> [ByteBuffer]? {
        guard let cursor else { return nil }
        let command = RedisCommand("SCAN", [.string(cursor), "MATCH", .string(pattern.pattern), "COUNT", 500])
        let reply = try await client.send(command, timeout: timeout).array()
        guard reply.count == 2 else { throw RedisError(.protocolViolation, "SCAN gave \(reply.count) values") }
        let next = try reply[0].text()
        self.cursor = next == "0" ? nil : next
        var keys: [ByteBuffer] = []
        for key in try reply[1].array() {
            if let bytes = try key.bytes() { keys.append(bytes) }
        }
        return keys
    }
}
