public import NIOCore
public import Redis

/// Redis as the tier that instances share.
public struct RedisStore: SharedStore {
    private let client: RedisClient

    public init(_ client: RedisClient) { self.client = client }

    public func get(_ keys: [String]) async throws -> [ByteBuffer?] { try await client.getMany(keys) }

    public func set(_ values: [(key: String, value: ByteBuffer, expiresIn: Duration)]) async throws {
        try await client.setMany(values.map { RedisEntry(key: $0.key, value: $0.value, expiresIn: $0.expiresIn) })
    }

    public func claim(_ key: String, for time: Duration) async throws -> Bool {
        try await client.set(key, ByteBuffer(), expiresIn: time, ifAbsent: true)
    }

    public func delete(_ keys: [String]) async throws -> Int { try await client.delete(keys) }

    public func delete(matching pattern: String) async throws -> Int {
        try await client.unlink(matching: Self.glob(pattern))
    }

    /// Brackets, which make classes in Redis, are themselves in the cache's patterns.
    static func glob(_ pattern: String) -> RedisGlob {
        var (glob, isEscaped) = (String.UnicodeScalarView(), false)
        for scalar in pattern.unicodeScalars {
            if !isEscaped, scalar == "[" || scalar == "]" { glob.append("\\") }
            glob.append(scalar)
            isEscaped = !isEscaped && scalar == "\\"
        }
        return RedisGlob(String(glob))
    }

    public func exists(_ key: String) async throws -> Bool { try await client.exists(key) }

    public func raise(_ key: String, to number: Int64, expiresIn: Duration) async throws {
        _ = try await client.eval(
            Self.raising, keys: [key], arguments: [.integer(number), .integer(Int64(expiresIn / .milliseconds(1)))])
    }

    /// Numbers are compared as Redis's scripts can, exactly up to 2^53.
    private static let raising = """
        local old = redis.call('GET', KEYS[1])
        if not old or tonumber(old) < tonumber(ARGV[1]) then
            redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
        else
            redis.call('PEXPIRE', KEYS[1], ARGV[2])
        end
        """

    public func add(_ amounts: [String: Int], to key: String, expiresIn: Duration) async throws {
        try await client.increment(fieldsOf: key, by: amounts.mapValues { Int64($0) })
        try await client.expire(key, in: expiresIn)
    }

    public func counters(under key: String) async throws -> [String: Int] {
        try await client.fields(of: key).compactMapValues { Int(String(buffer: $0)) }
    }
}
