import NIOCore
import NIOPosix
import Redis
import Synchronization

/// A TCP server that says what a test wants in place of Redis' replies. The handshake's PING it answers properly.
final class HostileServer: Sendable {
    let port: Int
    private let channel: any Channel
    private let connections: Mutex<Int>

    /// How many connections were accepted so far.
    var accepted: Int { connections.withLock { $0 } }

    private init(channel: any Channel, port: Int) {
        self.channel = channel
        self.port = port
        connections = Mutex(0)
    }

    /// - Parameter answer: Is called for each piece of input after the handshake, with what came; may close the channel.
    static func run<R>(
        answersPing: Bool = true,
        _ answer: @escaping @Sendable (any Channel, String) -> Void,
        _ body: (HostileServer) async throws -> R
    ) async throws -> R {
        let box = Mutex<HostileServer?>(nil)
        let channel = try await ServerBootstrap(group: eventLoops)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { child in
                child.eventLoop.makeCompletedFuture {
                    box.withLock { $0 }?.connections.withLock { $0 += 1 }
                    try child.pipeline.syncOperations.addHandler(Handler(awaitsPing: answersPing, answer: answer))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let server = HostileServer(channel: channel, port: channel.localAddress?.port ?? 0)
        box.withLock { $0 = server }
        do {
            let value = try await body(server)
            try await channel.close()
            return value
        } catch {
            try await channel.close()
            throw error
        }
    }

    var url: String { "redis://127.0.0.1:\(port)" }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private var awaitsPing: Bool
        private let answer: (any Channel, String) -> Void

        init(awaitsPing: Bool, answer: @escaping (any Channel, String) -> Void) {
            self.awaitsPing = awaitsPing
            self.answer = answer
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let text = String(buffer: unwrapInboundIn(data))
            guard awaitsPing else {
                answer(context.channel, text)
                return
            }
            awaitsPing = false
            context.channel.say("+PONG\r\n")
        }
    }
}

extension Channel {
    func say(_ text: String) {
        writeAndFlush(ByteBuffer(string: text), promise: nil)
    }
}
