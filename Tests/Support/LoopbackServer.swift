import NIOCore
import NIOPosix
import Synchronization

/// A web server on 127.0.0.1 that answers each request as a test tells it to, byte by byte, and remembers what it was asked.
public final class LoopbackServer: Sendable {
    public struct Request: Sendable {
        public let method: String
        /// With its query.
        public let path: String
        /// By names in lower case.
        public let headers: [String: String]
        public let body: [UInt8]
    }

    public enum Answer: Sendable, CustomStringConvertible {
        case content([UInt8])
        case status(Int, headers: [String: String] = [:])
        /// Says nothing, until the client hangs up.
        case silence
        /// Sends the head of an answer and half of a body, then says nothing.
        case half([UInt8])
        /// Promises the whole length, and hangs up in the middle.
        case truncated([UInt8])
        /// Sends without end, until the client hangs up.
        case endless
        /// Speaks no HTTP.
        case noise

        /// Short, as the names of test cases are printed.
        public var description: String {
            switch self {
            case .content(let bytes): "\(bytes.count) bytes"
            case .status(let status, _): "status \(status)"
            case .silence: "silence"
            case .half(let bytes): "half of \(bytes.count) bytes"
            case .truncated(let bytes): "\(bytes.count) bytes, truncated"
            case .endless: "an endless body"
            case .noise: "noise"
            }
        }

        public static func text(_ text: String) -> Self { .content(Array(text.utf8)) }

        public static func redirect(to place: String) -> Self { .status(302, headers: ["Location": place]) }
    }

    public typealias Respond = @Sendable (Request) -> Answer

    private final class State: Sendable {
        let value: Mutex<(respond: Respond, requests: [Request])>

        init(_ respond: @escaping Respond) { value = Mutex((respond, [])) }

        func answer(to request: Request) -> Answer {
            let respond = value.withLock { state in
                state.requests.append(request)
                return state.respond
            }
            return respond(request)
        }
    }

    private let channel: any Channel
    private let state: State

    /// What it was asked, in order.
    public var requests: [Request] { state.value.withLock { $0.requests } }

    public var port: Int { channel.localAddress?.port ?? 0 }

    public var base: String { "http://127.0.0.1:\(port)" }

    public func answer(with answer: Answer) { respond { _ in answer } }

    public func respond(_ respond: @escaping Respond) { state.value.withLock { $0.respond = respond } }

    /// Runs a server that answers every request alike, until `test` is done.
    public static func with<Value>(
        _ answer: Answer, _ test: (LoopbackServer) async throws -> Value
    ) async throws -> Value {
        try await with({ _ in answer }, test)
    }

    /// Runs a server until `test` is done.
    public static func with<Value>(
        _ respond: @escaping Respond, _ test: (LoopbackServer) async throws -> Value
    ) async throws -> Value {
        let server = try await LoopbackServer(respond)
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

    private init(_ respond: @escaping Respond) async throws {
        let state = State(respond)
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

    /// Answers one request a connection.
    private final class Responder: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        private let state: State
        private var received = ByteBuffer()

        init(_ state: State) { self.state = state }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            received.writeImmutableBuffer(unwrapInboundIn(data))
            guard let request = Request(received) else { return }
            received.clear()
            switch state.answer(to: request) {
            case .content(let body): send("200 OK", body, closes: true, context)
            case .status(let status, let headers):
                let lines = headers.map { "\r\n\($0): \($1)" }.joined()
                send("\(status) Status\(lines)", Array("sorry".utf8), closes: true, context)
            case .silence: break
            case .half(let body): send("200 OK", body, sending: body.count / 2, closes: false, context)
            case .truncated(let body): send("200 OK", body, sending: body.count / 2, closes: true, context)
            case .endless:
                let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: head)), promise: nil)
                sendMore(context)
            case .noise:
                context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: "220 ready\r\n\0\0\0\r\n\r\n")), promise: nil)
            }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

        /// - Parameter sending: how many bytes of the body; all by default.
        private func send(
            _ status: String, _ body: [UInt8], sending count: Int = .max, closes: Bool, _ context: ChannelHandlerContext
        ) {
            let head = "HTTP/1.1 \(status)\r\nContent-Length: \(body.count)\r\nConnection: close\r\n\r\n"
            var buffer = ByteBuffer(string: head)
            buffer.writeBytes(body.prefix(count))
            let closing = NIOLoopBound(context, eventLoop: context.eventLoop)
            context.writeAndFlush(wrapOutboundOut(buffer)).whenComplete { _ in
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

extension LoopbackServer.Request {
    /// - Returns: `nil` while the request is not complete.
    fileprivate init?(_ received: ByteBuffer) {
        let bytes = received.readableBytesView
        guard let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else { return nil }
        let lines = String(decoding: bytes[..<end.lowerBound], as: UTF8.self).split(separator: "\r\n")
        let start = (lines.first ?? "").split(separator: " ").map(String.init)
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { continue }
            headers[line[..<colon].lowercased()] = String(line[colon...].dropFirst().drop { $0 == " " })
        }
        let body = bytes[end.upperBound...]
        guard start.count == 3, body.count >= headers["content-length"].flatMap({ Int($0) }) ?? 0 else { return nil }
        self.init(method: start[0], path: start[1], headers: headers, body: Array(body))
    }
}
