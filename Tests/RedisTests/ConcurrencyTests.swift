import NIOCore
import Redis
import TestSupport
import Testing

@Suite struct `Many commands at once` {
    @Test func `a pipeline of 10,000 is answered in order`() async throws {
        try await withKeys { client, prefix async throws in
            let commands = (0..<10_000).map { RedisCommand("INCRBY", key: prefix + "n", .integer(Int64($0))) }
            let replies = await client.pipeline(commands)
            var sum: Int64 = 0
            for (index, reply) in replies.enumerated() {
                sum += Int64(index)
                #expect(try reply.get() == .integer(sum))
            }
            #expect(replies.count == 10_000)
            #expect(await client.pipeline([]).isEmpty)
        }
    }

    @Test func `in a pipeline an error takes only its own place`() async throws {
        try await withKeys { client, prefix async throws in
            let replies = await client.pipeline([
                RedisCommand("SET", key: prefix + "t", "text"), RedisCommand("INCRBY", key: prefix + "t", 1),
                RedisCommand("GET", key: prefix + "t"),
            ])
            #expect(try replies[0].get() == .simple("OK"))
            #expect(throws: RedisError.self) { try replies[1].get() }
            #expect(try replies[2].get() == .bulk(ByteBuffer(string: "text")))
        }
    }

    @Test func `64 tasks each get their own replies`() async throws {
        try await withClient { client async throws in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for task in 0..<64 {
                    group.addTask {
                        for number in 0..<300 {
                            let text = "\(task):\(number):" + String(repeating: "x", count: number * 37 % 5000)
                            let reply = try await client.send(RedisCommand("ECHO", [.string(text)]))
                            #expect(reply == .bulk(ByteBuffer(string: text)))
                        }
                    }
                }
                try await group.waitForAll()
            }
            try await eventually("nothing waits") { client.statistics.pending == 0 }
            #expect(client.statistics.timeouts == 0)
        }
    }

    @Test func `callers take turns on the connections`() async throws {
        try await withClient { client async throws in
            #expect(client.statistics.connections == 2)
            var ids: Set<Int64> = []
            for _ in 0..<10 { ids.insert(try await client.send(RedisCommand("CLIENT", ["ID"])).integer()) }
            #expect(ids.count == 2)
        }
    }

    @Test(arguments: [1, 7, 1000])
    func `the number of connections is bounded`(asked: Int) async throws {
        try await withClient {
            $0.connections = asked
        } _: { client async throws in
            #expect(client.statistics.connected == min(asked, 50))
        }
    }
}
