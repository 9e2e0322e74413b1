import NIOCore
import NIOPosix
import Synchronization

/// Listens where a Redis should be, and does not speak its language, or lies in it.
final class NonsenseListener: Sendable {
    enum Speech: Sendable {
        /// What a web server says to a Redis client.
        case noise
        /// `+OK` to every command, whatever it asks for.
        case consent
    }

    private let channel: any Channel
    private let connections: Connections

    init(port: Int, speaking speech: Speech) async throws {
        let connections = Connections()
        self.connections = connections
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { child in
                connections.take(child)
                return child.eventLoop.makeCompletedFuture {
                    try child.pipeline.syncOperations.addHandler(Speaker(speech))
                }
            }
            .bind(host: "127.0.0.1", port: port).get()
    }

    /// Ends all its connections and leaves the port to others.
    func close() async throws {
        try await channel.close()
        for connection in connections.refuse() where connection.isActive {
            do { try await connection.close() } catch ChannelError.alreadyClosed {
                // Its client was faster.
            }
        }
    }

    private final class Connections: Sendable {
        private let all = Mutex<[any Channel]?>([])

        /// One that was accepted just before the end may come after it.
        func take(_ connection: any Channel) {
            let isTaken = all.withLock { all in
                all?.append(connection)
                return all != nil
            }
            if !isTaken { connection.close(promise: nil) }
        }

        /// Takes no more.
        ///
        /// - Returns: those that were taken.
        func refuse() -> [any Channel] {
            all.withLock { all in
                defer { all = nil }
                return all ?? []
            }
        }
    }

    private final class Speaker: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private let speech: Speech

        init(_ speech: Speech) { self.speech = speech }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            // A command is an array, and each array begins with an asterisk.
            let commands = unwrapInboundIn(data).readableBytesView.count { $0 == UInt8(ascii: "*") }
            let reply =
                switch speech {
                case .noise: "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"
                case .consent: String(repeating: "+OK\r\n", count: commands)
                }
            context.channel.writeAndFlush(ByteBuffer(string: reply), promise: nil)
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }
}
