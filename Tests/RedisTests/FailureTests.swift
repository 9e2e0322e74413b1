import NIOCore
import Redis
import ServiceLifecycle
import Synchronization
import TestSupport
import Testing

@Suite struct `When Redis fails` {
    @Test func `commands without a connection fail at once with notConnected`() async throws {
        let port = try Port.free()
        try await withClient(url: "redis://127.0.0.1:\(port)", waitsForConnection: false) { client async throws in
            let error = try await redisError { _ = try await client.get("k") }
            #expect(error.code == .notConnected)
            #expect(client.statistics.connected == 0)
            #expect(!client.isConnected)
        }
    }

    @Test func `a client that doesn't run, or no longer, doesn't send`() async throws {
        let configuration = try RedisConfiguration(url: SharedRedis.url)
        let client = try RedisClient(configuration: configuration, eventLoopGroup: eventLoops, logger: silentLogger)
        #expect(try await redisError { _ = try await client.get("k") }.code == .notConnected)
        try await whileRunning(client) {}
        #expect(try await redisError { _ = try await client.get("k") }.code == .shutDown)
        #expect(client.statistics.connected == 0)
    }

    @Test func `a client comes back after a restart of the server`() async throws {
        try await PrivateRedis.run { server async throws in
            try await withClient(url: server.url) { client async throws in
                for _ in 1...2 {
                    try await client.set("k", ByteBuffer(string: "v"))
                    await server.stop()
                    try await eventually("the loss is noticed") { client.statistics.connected == 0 }
                    #expect(try await redisError { _ = try await client.get("k") }.code == .notConnected)
                    try await server.start()
                    let start = ContinuousClock.now
                    try await eventually("connected again") { client.statistics.connected == 2 }
                    #expect(ContinuousClock.now - start < .seconds(5))
                    #expect(try await client.get("k") == nil)
                }
                #expect(client.statistics.reconnects == 4)
            }
        }
    }

    @Test func `connections that are killed on the server are replaced`() async throws {
        try await PrivateRedis.run { server async throws in
            try await withClient(url: server.url) { client async throws in
                try await withClient(url: server.url) { killer async throws in
                    _ = try await killer.send(RedisCommand("CLIENT", ["KILL", "TYPE", "normal", "SKIPME", "yes"]))
                }
                try await eventually("all are replaced") {
                    client.statistics.reconnects >= 2 && client.statistics.connected == 2
                }
                #expect(try await client.get("k") == nil)
            }
        }
    }

    @Test func `a server that stops answering costs the timeout, then the connection, then nothing`() async throws {
        try await PrivateRedis.run { server async throws in
            try await withClient(url: server.url) {
                $0.commandTimeout = .milliseconds(50)
                $0.connectTimeout = .milliseconds(300)
            } _: { client async throws in
                try await client.set("k", ByteBuffer(string: "v"), timeout: .seconds(20))
                await server.pause()
                let start = ContinuousClock.now
                #expect(try await redisError { _ = try await client.get("k") }.code == .timedOut)
                let waited = ContinuousClock.now - start
                #expect(waited >= .milliseconds(50))
                try await eventually("the timeout is counted") { client.statistics.timeouts == 1 }
                // The other connection is given up only if a command waits on it too.
                try await eventually("the connections are given up") {
                    _ = try await redisError { _ = try await client.get("k") }
                    return client.statistics.connected == 0
                }
                #expect(try await redisError { _ = try await client.get("k") }.code == .notConnected)
                await server.proceed()
                try await eventually("connected again") { client.statistics.connected == 2 }
                #expect(try await client.get("k", timeout: .seconds(20)) == ByteBuffer(string: "v"))
            }
        }
    }

    @Test func `late replies are discarded and later ones still go to those who asked`() async throws {
        try await HostileServer.run { channel, input in
            if input.contains("second") { channel.say("$5\r\nfirst\r\n$6\r\nsecond\r\n") }
        } _: { server async throws in
            try await withClient(url: server.url) {
                $0.connections = 1
            } _: { client async throws in
                let error = try await redisError { _ = try await client.get("first", timeout: .milliseconds(500)) }
                #expect(error.code == .timedOut)
                #expect(client.statistics.pending == 1)
                #expect(try await client.get("second") == ByteBuffer(string: "second"))
                #expect(client.statistics.reconnects == 0)
                try await eventually("nothing waits") { client.statistics.pending == 0 }
            }
        }
    }

    @Test func `a pipeline that isn't answered in full keeps what came`() async throws {
        try await HostileServer.run { channel, _ in
            channel.say("+one\r\n:2\r\n")
        } _: { server async throws in
            try await withClient(url: server.url) { client async throws in
                let replies = await client.pipeline(
                    Array(repeating: RedisCommand("PING"), count: 4), timeout: .milliseconds(300))
                #expect(try replies[0].get() == .simple("one"))
                #expect(try replies[1].get() == .integer(2))
                for reply in replies[2...] {
                    let error = #expect(throws: RedisError.self) { try reply.get() }
                    #expect(error?.code == .timedOut)
                }
            }
        }
    }

    @Test func `cancelling the task ends its waiting at once, and the connection goes on`() async throws {
        let asked = Mutex(false)
        try await HostileServer.run { channel, input in
            if input.contains("first") { asked.withLock { $0 = true } }
            if input.contains("second") { channel.say("$5\r\nfirst\r\n$6\r\nsecond\r\n") }
        } _: { server async throws in
            try await withClient(url: server.url) {
                $0.connections = 1
            } _: { client async throws in
                let task = Task { try await client.get("first", timeout: .seconds(3600)) }
                try await eventually("the command is under way") { asked.withLock { $0 } }
                task.cancel()
                #expect(try await redisError { _ = try await task.value }.code == .cancelled)
                #expect(try await client.get("second") == ByteBuffer(string: "second"))

                let cancelled = Task {
                    withUnsafeCurrentTask { $0?.cancel() }
                    return await client.pipeline([RedisCommand("PING"), RedisCommand("PING")])
                }
                #expect(await cancelled.value.count == 2)
                try await eventually("nothing is pending") { client.statistics.pending == 0 }
            }
        }
    }

    @Test func `what is more than allowed fails at once with overloaded`() async throws {
        try await HostileServer.run { _, _ in
        } _: { server async throws in
            try await withClient(url: server.url) {
                $0.connections = 1
                $0.maximumPending = 3
                $0.maximumPendingBytes = 10_000
            } _: { client async throws in
                let pipeline = Task { await client.pipeline([RedisCommand("PING"), RedisCommand("PING")]) }
                try await eventually("two wait") { client.statistics.pending == 2 }
                let large = try await redisError { try await client.set("k", ByteBuffer(repeating: 0, count: 20_000)) }
                #expect(large.code == .overloaded)
                let third = Task { try await client.get("third") }
                try await eventually("three wait") { client.statistics.pending == 3 }
                #expect(try await redisError { _ = try await client.get("fourth") }.code == .overloaded)
                #expect(client.statistics.overloads == 2)
                pipeline.cancel()
                third.cancel()
                _ = await pipeline.value
            }
        }
    }

    @Test func `on graceful shutdown commands that are under way finish, new ones don't begin`() async throws {
        let waiting = Mutex<(any Channel)?>(nil)
        try await HostileServer.run { channel, _ in
            waiting.withLock { if $0 == nil { $0 = channel } }
        } _: { server async throws in
            var configuration = try RedisConfiguration(url: server.url)
            configuration.commandTimeout = .seconds(20)
            let client = try RedisClient(configuration: configuration, eventLoopGroup: eventLoops, logger: silentLogger)
            let services = ServiceGroup(services: [client], logger: silentLogger)
            let running = Task { try await services.run() }
            try await eventually("connected") { client.statistics.connected == 2 }
            let command = Task { try await client.get("k") }
            try await eventually("under way") { waiting.withLock { $0 } != nil }
            await services.triggerGracefulShutdown()
            try await eventually("refused") {
                do {
                    return try await redisError { _ = try await client.get("k", timeout: .milliseconds(1)) }.code
                        == .shutDown
                }
            }
            waiting.withLock { $0 }?.say("$1\r\nv\r\n")
            #expect(try await command.value == ByteBuffer(string: "v"))
            try await running.value
            #expect(client.statistics.connected == 0)
        }
    }
}
