import NIOCore
import Redis
import Synchronization
import TestSupport
import Testing

@Suite struct `A subscriber` {
    @Test func `gets the messages of its channels and patterns`() async throws {
        try await PrivateRedis.run { server async throws in
            try await withSubscriber(server.url, ["news", "more"], patterns: ["user:*"]) { events async throws in
                try await eventually("it is connected") { events.all == [.connected(again: false)] }
                try await withClient(url: server.url) { client async throws in
                    #expect(try await client.publish(ByteBuffer(bytes: [0, 255]), to: "news") == 1)
                    #expect(try await client.publish(ByteBuffer(), to: "user:42") == 1)
                    #expect(try await client.publish(ByteBuffer(), to: "other") == 0)
                    #expect(try await client.publish(ByteBuffer(string: "x"), to: "more") == 1)
                }
                try await eventually("the messages come") { events.all.count >= 4 }
                // The client's two connections send in no common order, yet each reply came before the next command.
                #expect(
                    events.all[1...] == [
                        .message(channel: "news", payload: ByteBuffer(bytes: [0, 255])),
                        .message(channel: "user:42", payload: ByteBuffer()),
                        .message(channel: "more", payload: ByteBuffer(string: "x")),
                    ])
            }
        }
    }

    @Test func `notices a paused server and recovers when it goes on`() async throws {
        try await PrivateRedis.run { server async throws in
            try await withSubscriber(server.url, ["news"], pingInterval: .milliseconds(50)) { events async throws in
                try await eventually("it is connected") { events.all.count == 1 }
                await server.pause()
                try await eventually("the silence is noticed") { events.all.last == .disconnected }
                await server.proceed()
                try await eventually("it is connected again") { events.all.last == .connected(again: true) }
                try await withClient(url: server.url) { client async throws in
                    try await client.publish(ByteBuffer(string: "back"), to: "news")
                }
                try await eventually("a message comes") {
                    events.all.last == .message(channel: "news", payload: ByteBuffer(string: "back"))
                }
            }
        }
    }

    @Test func `comes back after a restart of the server`() async throws {
        try await PrivateRedis.run { server async throws in
            try await withSubscriber(server.url, ["news"]) { events async throws in
                try await eventually("it is connected") { events.all.count == 1 }
                await server.stop()
                try await eventually("the loss is told") { events.all.last == .disconnected }
                try await server.start()
                try await eventually("it is connected again") { events.all.last == .connected(again: true) }
                #expect(events.all.count == 3)
            }
        }
    }

    @Test(arguments: [
        "*3\r\n$7\r\nmessage\r\n:1\r\n:2\r\n", "*0\r\n", "$-1\r\n", "-NOPERM no\r\n", "*1\r\n*-1\r\n", "x",
    ])
    func `isn't broken by what a server sends`(answer: String) async throws {
        try await HostileServer.run { channel, input in
            if input.contains("SUBSCRIBE") { channel.say(answer) }
        } _: { server async throws in
            try await withSubscriber(server.url, ["news"]) { events async throws in
                try await eventually("several attempts") { server.accepted >= 3 }
                #expect(events.all.isEmpty)
            }
        }
    }

    private func withSubscriber(
        _ url: String, _ channels: [String], patterns: [RedisGlob] = [], pingInterval: Duration = .seconds(1),
        _ body: (Events) async throws -> Void
    ) async throws {
        var configuration = try RedisConfiguration(url: url)
        configuration.pingInterval = pingInterval
        let events = Events()
        let subscriber = try RedisSubscriber(
            configuration: configuration, channels: channels, patterns: patterns, eventLoopGroup: eventLoops,
            logger: silentLogger, onEvent: events.append)
        try await whileRunning(subscriber) { try await body(events) }
    }

    private final class Events: Sendable {
        private let events = Mutex<[RedisSubscriber.Event]>([])

        var all: [RedisSubscriber.Event] { events.withLock { $0 } }

        @Sendable func append(_ event: RedisSubscriber.Event) { events.withLock { $0.append(event) } }
    }
}
