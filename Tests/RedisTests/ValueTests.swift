import Foundation
import NIOCore
import Redis
import TestSupport
import Testing

@Suite struct `Against a server` {
    @Test(arguments: [0, 1, 255, 8192, 10 << 20])
    func `values of any bytes come back as they were`(size: Int) async throws {
        try await withKeys { client, prefix async throws in
            let value = ByteBuffer(bytes: (0..<size).map { UInt8(truncatingIfNeeded: $0) })
            #expect(try await client.set(prefix + "v", value))
            #expect(try await client.get(prefix + "v") == value)
        }
    }

    @Test func `the key and value may be any text, with line breaks and without UTF-8`() async throws {
        try await withKeys { client, prefix async throws in
            let key = prefix + "سورة\r\n$5\r\n\u{0}\u{1F54C}"
            let value = ByteBuffer(bytes: [0xFF, 0xFE, 0x0D, 0x0A, 0x24, 0x2D, 0x31, 0x0D, 0x0A, 0x00])
            try await client.set(key, value)
            #expect(try await client.get(key) == value)
            #expect(try await client.exists(key))
            #expect(try await client.delete([key, key + "?"]) == 1)
            #expect(try await client.get(key) == nil)
        }
    }

    @Test func `MGET gives values and misses in the order of the keys`() async throws {
        try await withKeys { client, prefix async throws in
            try await client.setMany([
                RedisEntry(key: prefix + "a", value: ByteBuffer(string: "A")),
                RedisEntry(key: prefix + "c", value: ByteBuffer(), expiresIn: .seconds(100)),
            ])
            let values = try await client.getMany(["c", "b", "a", "a"].map { prefix + $0 })
            #expect(values == [ByteBuffer(), nil, ByteBuffer(string: "A"), ByteBuffer(string: "A")])
            #expect(try await client.getMany([]) == [])
        }
    }

    @Test func `SET NX sets only what is absent, and PX lets it expire`() async throws {
        try await withKeys { client, prefix async throws in
            let key = prefix + "lease"
            #expect(try await client.set(key, ByteBuffer(string: "1"), expiresIn: .seconds(100), ifAbsent: true))
            #expect(try await !client.set(key, ByteBuffer(string: "2"), expiresIn: .seconds(100), ifAbsent: true))
            #expect(try await client.get(key) == ByteBuffer(string: "1"))
            let life = try await client.send(RedisCommand("PTTL", key: key)).integer()
            #expect(life > 90_000 && life <= 100_000)
            #expect(try await client.expire(key, in: .microseconds(1)))
            try await eventually("the key expires") { try await !client.exists(key) }
            #expect(try await !client.expire(key, in: .seconds(1)))
            #expect(try await client.set(key, ByteBuffer(string: "3"), ifAbsent: true))
        }
    }

    @Test func `counters and hashes count`() async throws {
        try await withKeys { client, prefix async throws in
            #expect(try await client.increment(prefix + "n") == 1)
            #expect(try await client.increment(prefix + "n", by: -5) == -4)
            #expect(try await client.fields(of: prefix + "h") == [:])
            #expect(
                try await client.increment(fieldsOf: prefix + "h", by: ["hits": 3, "misses": 1])
                    == ["hits": 3, "misses": 1])
            #expect(try await client.increment(fieldsOf: prefix + "h", by: ["hits": 4]) == ["hits": 7])
            #expect(
                try await client.fields(of: prefix + "h")
                    == ["hits": ByteBuffer(string: "7"), "misses": ByteBuffer(string: "1")])
        }
    }

    @Test func `an error reply is a typed error, and the connection goes on`() async throws {
        try await withKeys { client, prefix async throws in
            try await client.increment(fieldsOf: prefix + "h", by: ["a": 1])
            let error = try await redisError { _ = try await client.get(prefix + "h") }
            #expect(error.code == .server(prefix: "WRONGTYPE"))
            #expect(error.message.hasPrefix("WRONGTYPE Operation"))
            #expect(try await client.getMany([prefix + "h"]) == [nil])
            #expect(client.statistics.reconnects == 0)
        }
    }

    @Test func `a script's reply keeps its nesting and errors`() async throws {
        try await withKeys { client, prefix async throws in
            let script = "return {1, {ARGV[1], false, {KEYS[1]}}, redis.error_reply('MINE it is'), {}}"
            let value = try await client.eval(script, keys: [prefix + "k"], arguments: [.bytes([0, 255])])
            #expect(
                value
                    == .array([
                        .integer(1),
                        .array([
                            .bulk(ByteBuffer(bytes: [0, 255])), .null,
                            .array([.bulk(ByteBuffer(string: prefix + "k"))]),
                        ]),
                        .error(RedisServerError(message: "MINE it is")), .array([]),
                    ]))
            let error = try await redisError { _ = try await client.eval("return redis.call('HGET')") }
            guard case .server = error.code else {
                Issue.record("not a server's error: \(error)")
                return
            }
        }
    }

    @Test func `INFO is read into fields`() async throws {
        try await withClient { client async throws in
            let info = try await client.info("server")
            #expect(info["redis_version"]?.contains(".") == true)
            #expect(info["tcp_port"] != nil)
            #expect(try await client.info().count > info.count)
        }
    }
}
