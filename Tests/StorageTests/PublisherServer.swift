import NIOCore
import NIOPosix
import Synchronization

/// A publisher's web server on 127.0.0.1 that answers as a test tells it to, byte by byte.
final class PublisherServer: Sendable {
    enum Answer: Sendable {
        case file([UInt8])
        case status(Int)
        /// Promises the whole length, and hangs up in the middle.
        case truncated([UInt8])
        /// Sends without end, until the client hangs up.
        case endless
    }

    let base: String
    private let channel: any Channel
    private let state: RequestLog

    /// The paths that were asked for, in order.
    var requests: [String] { state.paths.withLock { $0 } }

    /// Serves `answers` by path with query; 404 for any other.
    static func with<Value>(
        _ answers: [String: Answer], _ test: (PublisherServer) async throws -> Value
    ) async throws -> Value {
        let server = try await PublisherServer(answers)
        let value: Value
        do {
            value = try await test(server)
        } catch {
            try await server.channel.close()
            throw error
        }
        try await server.channel.close()
        return value
    }

    private init(_ answers: [String: Answer]) async throws {
        let state = RequestLog()
        self.state = state
        channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Responder(answers: answers, log: state))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        base = "http://127.0.0.1:\(channel.localAddress?.port ?? 0)"
    }

    fileprivate final class RequestLog: Sendable {
        let paths = Mutex<[String]>([])
    }

    /// Answers one request a connection.
    private final class Responder: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        private let answers: [String: Answer]
        private let log: RequestLog
        private var received = ""

        init(answers: [String: Answer], log: RequestLog) {
            self.answers = answers
            self.log = log
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            received += String(buffer: unwrapInboundIn(data))
            guard received.contains("\r\n\r\n") else { return }
            let path = received.split(separator: " ").dropFirst().first.map(String.init) ?? ""
            log.paths.withLock { $0.append(path) }
            switch answers[path] ?? .status(404) {
            case .file(let bytes): send(200, length: bytes.count, bytes, context)
            case .status(let status): send(status, length: 5, Array("sorry".utf8), context)
            case .truncated(let bytes): send(200, length: bytes.count, Array(bytes.prefix(bytes.count / 2)), context)
            case .endless:
                let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: head)), promise: nil)
                sendMore(context)
            }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

        private func send(_ status: Int, length: Int, _ body: [UInt8], _ context: ChannelHandlerContext) {
            let head = "HTTP/1.1 \(status) Status\r\nContent-Length: \(length)\r\nConnection: close\r\n\r\n"
            var buffer = ByteBuffer(string: head)
            buffer.writeBytes(body)
            let closing = NIOLoopBound(context, eventLoop: context.eventLoop)
            context.writeAndFlush(wrapOutboundOut(buffer)).whenComplete { _ in closing.value.close(promise: nil) }
        }

        private func sendMore(_ context: ChannelHandlerContext) {
            var chunk = ByteBuffer(string: "100000\r\n")
            chunk.writeRepeatingByte(UInt8(ascii: "x"), count: 1 << 20)
            chunk.writeString("\r\n")
            let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
            context.writeAndFlush(wrapOutboundOut(chunk)).whenSuccess {
                let (responder, context) = bound.value
                responder.sendMore(context)
            }
        }
    }
}
