import NIOCore
import NIOPosix
import Synchronization

/// A server on 127.0.0.1 that answers each request for keys as a test tells it to, byte by byte.
final class KeyServer: Sendable {
    enum Answer: Sendable {
        case keys(String)
        case status(Int)
        case redirect(to: String)
        /// Says nothing, until the client hangs up.
        case silence
        /// Sends the head of an answer and half of a body, then says nothing.
        case half(String)
        /// Promises the whole length and hangs up in the middle.
        case truncated(String)
        /// Sends without end, until the client hangs up.
        case endless
        /// Speaks no HTTP.
        case noise
    }

    private struct State {
        var answer: Answer
        var requests = 0
    }

    private let channel: any Channel
    private let state: Answers

    /// How many requests there were.
    var requests: Int { state.value.withLock(\.requests) }

    var address: String { "http://127.0.0.1:\(port)/keys?key=QUERY-CANARY" }

    var port: Int { channel.localAddress?.port ?? 0 }

    func answer(with answer: Answer) { state.value.withLock { $0.answer = answer } }

    static func with<Value>(
        _ answer: Answer, _ test: (KeyServer) async throws -> Value
    ) async throws -> Value {
        let server = try await KeyServer(answer)
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

    private init(_ answer: Answer) async throws {
        let state = Answers(answer)
        self.state = state
        channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .serverChannelOption(.backlog, value: 1024)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Responder(state))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
    }

    private final class Answers: Sendable {
        let value: Mutex<State>

        init(_ answer: Answer) { value = Mutex(State(answer: answer)) }
    }

    /// Answers one request a connection.
    private final class Responder: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        private let answers: Answers
        private var received = ""

        init(_ answers: Answers) { self.answers = answers }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            received += String(buffer: unwrapInboundIn(data))
            guard received.contains("\r\n\r\n") else { return }
            let answer = answers.value.withLock { state in
                state.requests += 1
                return state.answer
            }
            switch answer {
            case .keys(let body): send("200 OK", length: body.utf8.count, body, closes: true, context)
            case .status(let status): send("\(status) Status", length: 5, "sorry", closes: true, context)
            case .redirect(let place):
                send("302 Found\r\nLocation: \(place)", length: 0, "", closes: true, context)
            case .silence: break
            case .half(let body):
                send("200 OK", length: body.utf8.count, body.prefix(body.count / 2), closes: false, context)
            case .truncated(let body):
                send("200 OK", length: body.utf8.count, body.prefix(body.count / 2), closes: true, context)
            case .endless:
                let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: head)), promise: nil)
                sendMore(context)
            case .noise:
                context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: "220 ready\r\n\0\0\0\r\n\r\n")), promise: nil)
            }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

        private func send(
            _ status: String, length: Int, _ body: some StringProtocol, closes: Bool, _ context: ChannelHandlerContext
        ) {
            let text = "HTTP/1.1 \(status)\r\nContent-Length: \(length)\r\nConnection: close\r\n\r\n\(body)"
            let closing = NIOLoopBound(context, eventLoop: context.eventLoop)
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text))).whenComplete { _ in
                if closes { closing.value.close(promise: nil) }
            }
        }

        private func sendMore(_ context: ChannelHandlerContext) {
            var chunk = ByteBuffer(string: "40000\r\n")
            chunk.writeRepeatingByte(UInt8(ascii: " "), count: 1 << 18)
            chunk.writeString("\r\n")
            let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
            context.writeAndFlush(wrapOutboundOut(chunk)).whenSuccess {
                let (responder, context) = bound.value
                responder.sendMore(context)
            }
        }
    }
}
