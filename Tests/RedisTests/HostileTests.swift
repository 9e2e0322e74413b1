import NIOCore
import NIOPosix
import Redis
import Synchronization
import TestSupport
import Testing

@Suite struct `A server that is hostile or broken` {
    static let answers: [(name: String, answer: String)] = [
        ("garbage", "HTTP/1.1 400 Bad Request\r\n\r\n"),
        ("a null byte", "\u{0}"),
        ("a bulk length of 1 GB", "$1073741824\r\n"),
        ("a bulk length above the limit", "$67108865\r\n"),
        ("a bulk length of 2^63", "$9223372036854775808\r\n"),
        ("a bulk length of 2^64 + 5", "$18446744073709551621\r\n"),
        ("a negative bulk length", "$-2\r\n"),
        ("an array of 2^60 elements", "*1152921504606846976\r\n"),
        ("an array of 2^31 elements", "*2147483648\r\n"),
        ("an array above the limit", "*1048577\r\n"),
        ("many large arrays", String(repeating: "*1000000\r\n", count: 2)),
        ("arrays nested 100,000 deep", String(repeating: "*1\r\n", count: 100_000)),
        ("a line without an end", "+" + String(repeating: "x", count: 100_000)),
        ("a number without an end", ":" + String(repeating: "1", count: 100)),
        ("a number that is none", ":12a\r\n"),
        ("an empty number", "$\r\n"),
        ("bytes longer than announced", "$1\r\nab\r\n"),
        ("a RESP 3 map", "%1\r\n+a\r\n+b\r\n"),
    ]

    @Test(arguments: answers)
    func `costs only its connection`(name: String, answer: String) async throws {
        try await HostileServer.run { channel, _ in
            channel.say(answer)
        } _: { server async throws in
            try await withClient(url: server.url) {
                $0.connections = 1
            } _: { client async throws in
                let error = try await redisError { _ = try await client.get("k") }
                #expect(error.code == .protocolViolation, "\(name): \(error)")
                try await eventually("the connection is replaced") { client.statistics.reconnects >= 1 }
            }
        }
    }

    @Test func `that closes in the middle of a reply fails it and is asked again`() async throws {
        try await HostileServer.run { channel, _ in
            channel.writeAndFlush(ByteBuffer(string: "$10\r\nhalf"), promise: nil)
            channel.close(promise: nil)
        } _: { server async throws in
            try await withClient(url: server.url) {
                $0.connections = 1
            } _: { client async throws in
                #expect(try await redisError { _ = try await client.get("k") }.code == .connectionClosed)
                try await eventually("the connection is replaced") { client.statistics.reconnects >= 1 }
            }
        }
    }

    @Test func `that answers half a reply and falls silent is given up after the timeout`() async throws {
        try await HostileServer.run { channel, _ in
            channel.say("$10\r\nhalf")
        } _: { server async throws in
            try await withClient(url: server.url) {
                $0.connections = 1
                $0.commandTimeout = .milliseconds(30)
            } _: { client async throws in
                #expect(try await redisError { _ = try await client.get("k") }.code == .timedOut)
                try await eventually("the connection is replaced") { client.statistics.reconnects >= 1 }
            }
        }
    }

    @Test func `that replies without a command loses the connection`() async throws {
        let open = Mutex<(any Channel)?>(nil)
        try await HostileServer.run { channel, _ in
            open.withLock { $0 = channel }
            channel.say("+OK\r\n+OK\r\n")
        } _: { server async throws in
            try await withClient(url: server.url) {
                $0.connections = 1
            } _: { client async throws in
                #expect(try await client.send(RedisCommand("PING")) == .simple("OK"))
                try await eventually("the connection is replaced") { client.statistics.reconnects >= 1 }
            }
        }
    }

    @Test func `that never answers the handshake, or wrongly, isn't used`() async throws {
        for answer in [
            "", "+OK\r\n", "-LOADING Redis is loading the dataset in memory\r\n",
            "-NOAUTH Authentication required.\r\n",
        ] {
            try await HostileServer.run(answersPing: false) { channel, _ in
                if !answer.isEmpty { channel.say(answer) }
            } _: { server async throws in
                try await withClient(url: server.url, waitsForConnection: false) {
                    $0.connectTimeout = .milliseconds(100)
                } _: { client async throws in
                    try await eventually("several attempts") { server.accepted >= 4 }
                    #expect(client.statistics.connected == 0)
                    let code = try await redisError { _ = try await client.get("k") }.code
                    switch answer.first.map({ _ in answer.prefix(3) }) {
                    case "-LO": #expect(code == .server(prefix: "LOADING"))
                    case "-NO": #expect(code == .authenticationFailed)
                    default: #expect(code == .notConnected)
                    }
                }
            }
        }
    }

    @Test(arguments: ["LOADING", "READONLY", "MASTERDOWN", "OOM", "NOSCRIPT"])
    func `that says it can't at the moment is told apart`(prefix: String) async throws {
        try await HostileServer.run { channel, _ in
            channel.say("-\(prefix) not now\r\n")
        } _: { server async throws in
            try await withClient(url: server.url) { client async throws in
                let error = try await redisError { _ = try await client.get("k") }
                #expect(error.code == .server(prefix: prefix))
                #expect(error.message == "\(prefix) not now")
                #expect(client.statistics.reconnects == 0)
            }
        }
    }

    @Test func `that accepts and closes at once is not asked in a hot loop`() async throws {
        let clock = CountingClock()
        try await HostileServer.run(answersPing: false) { channel, _ in
            channel.say("+PONG\r\n")
            channel.close(promise: nil)
        } _: { server async throws in
            let configuration = try RedisConfiguration(url: server.url)
            let client = try RedisClient(
                configuration: configuration, eventLoopGroup: eventLoops.next(), logger: silentLogger, clock: clock,
                random: { 1 })
            try await whileRunning(client) {
                try await eventually("seven waits") { clock.waits.count >= 7 }
            }
        }
        #expect(Array(clock.waits.prefix(7)) == [50, 100, 200, 400, 500, 500, 500])
    }
}
