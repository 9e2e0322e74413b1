import Hummingbird
import Logging
import NIOCore
import NIOHTTP1

/// Holds the requests of one connection to their sizes and times. It stands between the parser and everything that answers.
///
/// A head that is refused is answered here, after the answers that are owed, and ends the connection. What is wrong with a body is told to
/// whoever reads the body, and ends the connection after the answer. There is one timer, which is looked at when it fires and not moved
/// by what happens meanwhile, and one for writing while the client does not take what it asked for.
final class ConnectionGuard: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    private let limits: ConnectionLimits
    private let logger: Logger
    private var context: ChannelHandlerContext?
    private var reading = Reading.idle(since: .now())
    /// Requests that were passed on, and whose answers are not written yet.
    private var owed = 0
    /// Whether the connection ends when nothing is owed.
    private var ends = false
    /// What is answered at the end, when nothing else is owed.
    private var refusal: Problem?
    private var timer: (task: Scheduled<Void>, at: NIODeadline)?
    private var wantsInput = false
    /// Since when the client could send and did not.
    private var silentSince = NIODeadline.now()
    private let stall: WriteStall
    /// Whether the last answer was written, and the connection ends when the client has taken it.
    private var isEnding = false
    /// Set when it has: what still comes is thrown away until then.
    private var lingersUntil: NIODeadline?
    /// Until when that may be put off while something comes.
    private var lingersAtMostUntil = NIODeadline.distantFuture
    /// Whether the request that is answered last was still being sent then.
    private var isSending = false
    /// Where bytes go, until it is removed.
    var meter: ConnectionMeter?
    private var closing: EventLoopPromise<Void>?
    /// Whether the connection has ended, whoever ended it.
    private var isGone = false

    /// What is left of a body may be so much, for the connection to outlive an answer that did not wait for it: clients are not good at
    /// reading an answer while they send.
    private static let restWorthReading = 8 << 20
    /// How long a client may take to read the last answer.
    private static let lingering = TimeAmount.seconds(2)

    init(_ limits: ConnectionLimits, logger: Logger) {
        self.limits = limits
        self.logger = logger
        stall = WriteStall(limits)
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) {
        stop()
        closing?.succeed()
        closing = nil
        self.context = nil
    }

    func channelActive(context: ChannelHandlerContext) {
        reading = .idle(since: .now())
        schedule()
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        stop()
        isGone = true
        closing?.succeed()
        closing = nil
        context.fireChannelInactive()
    }

    private func stop() {
        timer?.task.cancel()
        timer = nil
        stall.stop()
    }
}

// MARK: What comes

extension ConnectionGuard {
    /// Whether nothing is owed, and the client may ask for something.
    var isAtRest: Bool {
        guard owed == 0, !ends, case .idle = reading else { return false }
        return true
    }

    /// A request is owed an answer before it comes here, or will come here later. Until ``release()`` nothing else comes.
    func hold() { owed += 1 }

    /// - Returns: whether the connection is still there.
    func release() -> Bool {
        owed -= 1
        guard !isGone else { return false }
        reading = .idle(since: .now())
        schedule()
        return true
    }

    /// Something was answered before it came here.
    func wroteAnswers(_ bytes: Int) {
        stall.countWritten(bytes)
        if case .idle = reading { reading = .idle(since: .now()) }
    }

    /// Bytes have come and are about to be parsed.
    func willDecode(_ bytes: ByteBuffer) {
        switch reading {
        case .idle: reading = .head(ReadHead(since: .now()))
        case .body(var body):
            body.rawBytes += bytes.readableBytes
            reading = .body(body)
        case .over:
            guard lingersUntil != nil else { break }
            lingersUntil = min(lingersAtMostUntil, .now() + lingering)
        case .head: break
        }
        guard case .head(var head) = reading else { return }
        head.bytes += bytes.readableBytes
        if !head.hasLine { head.hasLine = bytes.readableBytesView.contains(UInt8(ascii: "\n")) }
        reading = .head(head)
    }

    /// What came was parsed.
    func didDecode() {
        switch reading {
        case .head(let head) where head.bytes > 2 * (limits.headerList + limits.target):
            // White space, which the parser does not count.
            refuse(.headTooLarge(limits))
        case .body(let body) where body.rawBytes - body.bytes > (16 << 10) + 16 * body.bytes:
            fail(.malformed("The body's chunks carry more around them than in them."))
        default: break
        }
        schedule()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): read(head, context: context)
        case .body(let bytes): read(bytes, context: context, data)
        case .end:
            guard case .body = reading else {
                if isSending { finishOutput() }
                return
            }
            // Whoever closes after this request sends nothing more.
            reading = ends ? .over : .idle(since: .now())
            context.fireChannelRead(data)
        }
    }

    private func read(_ head: HTTPRequestHead, context: ChannelHandlerContext) {
        guard case .head = reading else {
            // Several requests in one read.
            guard case .idle = reading else { return }
            reading = .head(ReadHead(since: .now(), hasLine: true))
            return read(head, context: context)
        }
        guard head.uri.utf8.count <= limits.target else { return refuse(.targetTooLong(limits)) }
        let hosts = head.headers[canonicalForm: "host"]
        guard hosts.count == 1 || (hosts.isEmpty && head.version.minor == 0) else {
            return refuse(.malformed("A request has one Host."))
        }
        let length = head.headers.first(name: "content-length").map { Int($0) ?? .max }
        var isWelcome = length ?? 0 <= limits.bodies.bytes
        if let expected = head.headers.first(name: "expect") {
            guard expected.lowercased() == "100-continue" else { return refuse(.unmetExpectation) }
            isWelcome = isWelcome && owed == 0 && head.version.minor > 0
            if isWelcome {
                context.writeAndFlush(wrapOutboundOut(.head(.init(version: .http1_1, status: .continue))), promise: nil)
            }
        }
        let encodings = head.headers[canonicalForm: "transfer-encoding"]
        guard encodings.allSatisfy({ $0.lowercased() == "chunked" }), encodings.count <= 1 else {
            return refuse(.malformed("Transfer-Encoding may say chunked."))
        }
        owed += 1
        // After what wants to become something else the parser reads no more.
        if !head.isKeepAlive || head.method == .CONNECT || head.headers.contains(name: "upgrade") { ends = true }
        reading = .body(ReadBody(since: .now(), rest: encodings.isEmpty ? length ?? 0 : nil, isWelcome: isWelcome))
        context.fireChannelRead(wrapInboundOut(.head(head)))
    }

    private func read(_ bytes: ByteBuffer, context: ChannelHandlerContext, _ data: NIOAny) {
        guard case .body(var body) = reading else { return }
        body.bytes += bytes.readableBytes
        body.rest = body.rest.map { $0 - bytes.readableBytes }
        // What follows in the same read is not the body's.
        body.rawBytes = max(body.rawBytes, body.bytes)
        reading = .body(body)
        guard body.bytes <= limits.bodies.bytes else { return fail(.bodyTooLarge(limits.bodies.bytes)) }
        context.fireChannelRead(data)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? HTTPParserError else { return context.fireErrorCaught(error) }
        switch reading {
        case .body: fail(.malformed("The body is malformed, or ends too early."))
        case .over: break
        case .head(let head) where error == .headerOverflow:
            refuse(head.hasLine ? .headTooLarge(limits) : .targetTooLong(limits))
        case .head, .idle: refuse(.malformed("This is no HTTP that is understood here: \(error)."))
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if lingersUntil != nil, case ChannelEvent.inputClosed = event { return close() }
        context.fireUserInboundEventTriggered(event)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        wantsInput = false
        context.fireChannelReadComplete()
        // Nobody else asks for it any more.
        if lingersUntil != nil { context.read() }
    }

    func read(context: ChannelHandlerContext) {
        if !wantsInput { silentSince = .now() }
        wantsInput = true
        context.read()
    }

    /// Answers a head that is not passed on, after what is owed.
    private func refuse(_ problem: Problem) {
        RefusalCounters.countHead(problem)
        logger.debug("request refused", metadata: ["status": "\(problem.status.code)", "kind": "\(problem.kind)"])
        reading = .over
        ends = true
        refusal = problem
        if owed == 0 { end() }
    }

    /// Tells whoever reads the body what is wrong with it.
    private func fail(_ problem: Problem) {
        isSending = true
        reading = .over
        ends = true
        guard owed > 0 else { return end() }
        context?.fireErrorCaught(problem)
    }
}

// MARK: What goes

extension ConnectionGuard {
    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        // What is written when nothing is owed answers nothing: the parser's errors are answered here.
        guard owed > 0 else {
            promise?.succeed()
            return
        }
        switch unwrapOutboundIn(data) {
        case .head(var head) where head.status.code >= 200:
            if owed == 1, case .body(let body) = reading, body.rest != 0, !isWorthReading(body) { ends = true }
            if ends, owed == 1, refusal == nil { head.headers.replaceOrAdd(name: "Connection", value: "close") }
            context.write(wrapOutboundOut(.head(head)), promise: promise)
        case .head, .body: context.write(data, promise: promise)
        case .end:
            owed -= 1
            context.write(data, promise: promise)
            guard owed == 0 else { return }
            if ends { return end() }
            // The client's turn begins now.
            switch reading {
            case .idle: reading = .idle(since: .now())
            case .head(var head):
                head.since = .now()
                reading = .head(head)
            case .body, .over: break
            }
            schedule()
        }
    }

    private func isWorthReading(_ body: ReadBody) -> Bool {
        body.isWelcome && body.rest.map { $0 <= Self.restWorthReading } ?? false
    }

    /// A connection that is closed before all was sent, or while there is something unread, takes the client's answer with it. So
    /// whoever closes waits for the end, which is bounded.
    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        // Nobody is left to wait for.
        guard !isGone else { return context.close(mode: mode, promise: promise) }
        let isTaken = WriteStall.waiting(in: context.channel) == 0
        if owed == 0, !isEnding, mode == .output || (mode == .all && !isTaken) {
            ends = true
            end()
        }
        guard isEnding, mode != .input else { return context.close(mode: mode, promise: promise) }
        guard let promise else { return }
        if mode == .output {
            promise.succeed()
        } else if let closing {
            closing.futureResult.cascade(to: promise)
        } else {
            closing = promise
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if !context.channel.isWritable { watch(context.channel) }
        context.fireChannelWritabilityChanged()
    }

    func countWritten(_ bytes: Int) { stall.countWritten(bytes) }

    private func watch(_ channel: any Channel) {
        stall.watch(channel) {
            self.isEnding ? self.lingersUntil == nil : WriteStall.waiting(in: channel) > 0
        } orElse: {
            self.logger.debug("client takes no answer")
            self.close()
        }
    }

    /// Nothing is owed any more: the last answer goes out, and the connection ends when the client has read it.
    private func end() {
        guard let context, !isEnding else { return }
        isEnding = true
        if case .body = reading { isSending = true }
        reading = .over
        if let refusal {
            var headers = HTTPHeaders(refusal.allHeaders.map { ($0.name.rawName, $0.value) })
            let body = refusal.body
            headers.add(name: "Content-Length", value: "\(body.readableBytes)")
            headers.add(name: "Connection", value: "close")
            let status = HTTPResponseStatus(
                statusCode: refusal.status.code, reasonPhrase: refusal.status.reasonPhrase)
            context.write(
                wrapOutboundOut(.head(.init(version: .http1_1, status: status, headers: headers))), promise: nil)
            context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
            context.write(wrapOutboundOut(.end(nil)), promise: nil)
        }
        watch(context.channel)
        meter?.afterWrites { self.linger() }
    }

    /// All that was written was taken: the client may now read it, and close.
    ///
    /// A client that is still sending is not told of the end before it has sent all: many take that for a failure, and do not read
    /// their answer.
    private func linger() {
        lingersUntil = .now() + lingering
        lingersAtMostUntil = .now() + TimeAmount(limits.bodies.time(for: 0))
        schedule()
        if !isSending { finishOutput() }
        context?.read()
    }

    private var lingering: TimeAmount { min(Self.lingering, TimeAmount(limits.headTimeout)) }

    private func finishOutput() {
        isSending = false
        context?.close(mode: .output, promise: nil)
    }

    private func close() {
        stop()
        context?.close(promise: closing)
        closing = nil
    }
}

// MARK: Time

extension ConnectionGuard {
    /// Until when the client may go on with what it is at; `nil` while it is the server's turn.
    private var deadline: NIODeadline? {
        if let lingersUntil { return lingersUntil }
        switch reading {
        case .idle(let since): return owed > 0 ? nil : since + TimeAmount(limits.idleTimeout)
        case .head(let head): return owed > 0 ? nil : head.since + TimeAmount(limits.headTimeout)
        case .body(let body):
            guard owed <= 1 else { return nil }
            return min(
                body.since + TimeAmount(limits.bodies.time(for: body.bytes)),
                silentSince + TimeAmount(limits.bodies.timeout))
        case .over: return nil
        }
    }

    /// Sees to it that the timer fires no later than the deadline. One that fires too early is set again then.
    private func schedule() {
        guard let context, let deadline else { return }
        if let timer {
            guard deadline < timer.at else { return }
            timer.task.cancel()
        }
        timer = (context.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { self.timerFired() }, deadline)
    }

    private func timerFired() {
        timer = nil
        guard let deadline, deadline <= .now() else { return schedule() }
        if lingersUntil != nil { return close() }
        switch reading {
        case .idle:
            guard let channel = context?.channel, WriteStall.waiting(in: channel) > 0 else { return close() }
            // The client is still taking what it asked for.
            watch(channel)
            reading = .idle(since: .now())
            schedule()
        case .over: close()
        case .head: refuse(.tooSlow("The head of the request took too long."))
        case .body(var body):
            if wantsInput {
                fail(.tooSlow("The body of the request took too long."))
            } else {
                // The server does not read on.
                body.since = .now()
                silentSince = .now()
                reading = .body(body)
                schedule()
            }
        }
    }
}
