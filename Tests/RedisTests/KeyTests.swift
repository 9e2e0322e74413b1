import NIOCore
import Redis
import Testing

@Suite struct `Patterns of keys` {
    @Test func `UNLINK by pattern removes exactly the keys that match, among 10,000`() async throws {
        try await withKeys { client, prefix async throws in
            let special = ["a*b", "a?b", "a[xy]b", "a\\b", "a^b", "axxb", "ab", "a-b", "a]b"]
            let filler = (0..<10_000).map { RedisEntry(key: "\(prefix)filler:\($0)", value: ByteBuffer()) }
            try await client.setMany(filler)
            for name in special {
                for other in special { try await client.set(prefix + other, ByteBuffer()) }
                #expect(try await client.unlink(matching: .literal(prefix + name)) == 1)
                #expect(try await !client.exists(prefix + name))
                for other in special where other != name { #expect(try await client.exists(prefix + other)) }
            }
            for other in special { try await client.set(prefix + other, ByteBuffer()) }
            #expect(try await client.unlink(matching: .literal(prefix) + "a[\\[x]*b") == 2)  // a[xy]b, axxb
            #expect(try await client.unlink(matching: .literal(prefix) + "a?b") == 6)
            #expect(try await client.unlink(matching: .literal(prefix) + "filler:*7") == 1000)
            #expect(try await client.unlink(matching: .literal(prefix) + "*") == 9001)
            #expect(try await client.unlink(matching: .literal(prefix) + "*") == 0)
        }
    }

    @Test func `SCAN finds all keys, step by step`() async throws {
        try await withKeys { client, prefix async throws in
            let keys = Set((0..<2000).map { "\(prefix)\($0)" })
            try await client.setMany(keys.map { RedisEntry(key: $0, value: ByteBuffer()) })
            let binary = RedisArgument.bytes(Array(prefix.utf8) + [0xFF])
            _ = try await client.send(RedisCommand("SET", [binary, ""]))
            var found: Set<String> = []
            for try await key in client.keys(matching: .literal(prefix) + "*") { found.insert(key) }
            #expect(found == keys)
            #expect(try await client.unlink(matching: .literal(prefix) + "*") == 2001)
        }
    }
}
