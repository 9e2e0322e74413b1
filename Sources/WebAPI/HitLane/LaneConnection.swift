import Caching
import Compression
import ContentService
import Foundation
import HTTPTypes
import Logging
import Metrics
import NIOCore
import Observability

/// One connection's side of the ``HitLane``: takes its bytes before the parser does, answers what it can, and hands on the rest as it is.
///
/// It answers only what stands at the beginning of a request while nothing that was handed on is still to be answered. So it follows where
/// requests begin in what it hands on; as soon as it does not know that for sure, it hands on everything, for as long as the
/// connection lasts.
final class LaneConnection {
    private let lane: HitLane
    private let desk: LaneDesk
    private let limits: ConnectionLimits
    private let logger: Logger
    private let peer: IPAddress?
    private var isLost = false
    /// Bytes of a head that was handed on and is not whole yet.
    private var partial = ByteBuffer()
    /// Bytes of a body that are still to come.
    private var bodyRest = 0
    /// What waits for the shared tier.
    private var waiting: Waiting?
    private var waits = 0
    /// What was sent last as `Accept-Encoding`, and what it means: clients do not change it.
    private var accepted: (value: String, coding: ContentCoding?) = ("", nil)
    /// The same for whom a proxy asks.
    private var forwarded: (value: String, client: ClientAddresses.Client)?

    /// A longer head is the parser's.
    private static let longestHead = 8 << 10
    /// A body up to here is copied behind its head: that is faster than to write two pieces.
    private static let longestCopiedBody = 16 << 10
    /// As much is written before it is looked whether the client takes it.
    private static let batch = 32 << 10
    /// Who sends more than this while the shared tier is waited for is the router's.
    private static let mostWaiting = 64 << 10
    /// For a head without its tags.
    private static let headRoom = 2 << 10

    init(_ lane: HitLane, desk: LaneDesk, limits: ConnectionLimits, peer: IPAddress?, logger: Logger) {
        self.lane = lane
        self.desk = desk
        self.limits = limits
        self.peer = peer
        self.logger = logger
    }

    // MARK: Following

    /// Whether a request waits for the shared tier: whatever comes now comes after it.
    var isWaiting: Bool { waiting != nil }

    func read(_ bytes: ByteBuffer, _ meter: ConnectionMeter) {
        guard waiting == nil else { return wait(with: bytes, meter) }
        var rest = bytes
        while rest.readableBytes > 0, !isLost, waiting == nil {
            if bodyRest > 0 {
                let count = min(bodyRest, rest.readableBytes)
                bodyRest -= count
                handOn(count, of: &rest, meter)
            } else if partial.readableBytes > 0 {
                finishPartial(&rest, meter)
            } else {
                begin(&rest, meter)
            }
        }
        write(meter)
        if rest.readableBytes > 0 { meter.handOn(rest) }
    }

    /// What there is for a request.
    private enum Found {
        /// Nothing was looked at yet.
        case unknown(startedAt: Int64)
        /// What the shared tier had.
        case fetched(CacheAnswer?, startedAt: Int64)
    }

    private enum Outcome {
        case answered
        /// Memory has nothing under this key: the shared tier may.
        case absent(CacheKey)
        /// It is the router's.
        case declined
    }

    /// Reads on at the beginning of a request.
    private func begin(_ rest: inout ByteBuffer, _ meter: ConnectionMeter, _ found: Found? = nil) {
        let found = found ?? .unknown(startedAt: RateLimiter.monotonicNanoseconds())
        var outcome = Outcome.declined
        let scan = rest.withUnsafeReadableBytes { bytes in
            let scan = PlainHead.scan(bytes)
            if case .whole(let head) = scan, head.isForLane, meter.isAtRest {
                if desk.output.readableBytes >= Self.batch { write(meter) }
                if meter.isWritable { outcome = answer(head, bytes, found, meter) }
            }
            return scan
        }
        switch (scan, outcome) {
        case (.whole(let head), .answered): rest.moveReaderIndex(forwardBy: head.length)
        case (.whole, .absent(let key)):
            if case .unknown(let startedAt) = found { wait(for: key, with: rest, startedAt: startedAt, meter) }
            rest = ByteBuffer()
        case (.whole(let head), .declined):
            bodyRest = head.bodyLength
            handOn(head.length, of: &rest, meter)
        case (.partial, _):
            partial = ByteBuffer(buffer: rest)
            isLost = partial.readableBytes > Self.longestHead
            handOn(rest.readableBytes, of: &rest, meter)
        case (.strange, _): isLost = true
        }
    }

    // MARK: Waiting for the shared tier

    private struct Waiting {
        let number: Int
        /// From the head of the request on, with all that has come since.
        var bytes: ByteBuffer
        let startedAt: Int64
    }

    private func wait(for key: CacheKey, with bytes: ByteBuffer, startedAt: Int64, _ meter: ConnectionMeter) {
        write(meter)
        waits += 1
        waiting = Waiting(number: waits, bytes: bytes, startedAt: startedAt)
        meter.hold()
        desk.fetch(key, from: lane.content) { [number = waits] answer in
            // Unless it took too long for what came meanwhile.
            if self.waiting?.number == number { self.resume(with: answer, meter) }
        }
    }

    /// - Parameter answer: what the shared tier had; the router answers if there is none.
    private func resume(with answer: CacheAnswer?, _ meter: ConnectionMeter) {
        guard let waited = waiting else { return }
        waiting = nil
        guard meter.release() else { return }
        var rest = waited.bytes
        begin(&rest, meter, .fetched(answer, startedAt: waited.startedAt))
        read(rest, meter)
        meter.finishWaiting()
    }

    private func wait(with bytes: ByteBuffer, _ meter: ConnectionMeter) {
        waiting?.bytes.writeImmutableBuffer(bytes)
        if let waiting, waiting.bytes.readableBytes > Self.mostWaiting { resume(with: nil, meter) }
    }

    /// Looks for the end of a head whose beginning was handed on.
    private func finishPartial(_ rest: inout ByteBuffer, _ meter: ConnectionMeter) {
        let before = partial.readableBytes
        partial.writeImmutableBuffer(rest)
        switch partial.withUnsafeReadableBytes(PlainHead.scan) {
        case .whole(let head):
            partial = ByteBuffer()
            bodyRest = head.bodyLength
            handOn(head.length - before, of: &rest, meter)
        case .partial:
            isLost = partial.readableBytes > Self.longestHead
            handOn(rest.readableBytes, of: &rest, meter)
        case .strange: isLost = true
        }
        if isLost { partial = ByteBuffer() }
    }

    private func handOn(_ count: Int, of rest: inout ByteBuffer, _ meter: ConnectionMeter) {
        // What was answered stands before what is handed on.
        write(meter)
        if let bytes = rest.readSlice(length: count) { meter.handOn(bytes) }
    }

    private func write(_ meter: ConnectionMeter, flushing: Bool = true) {
        guard desk.output.readableBytes > 0 else { return }
        meter.writeAnswers(desk.output, flushing: flushing)
        // The room is used again, unless the client did not take all of it yet: then there is other room, and not as much.
        desk.output.clear(minimumCapacity: Self.headRoom)
    }

    // MARK: Answering

    private func answer(
        _ head: PlainHead, _ bytes: UnsafeRawBufferPointer, _ found: Found, _ meter: ConnectionMeter
    ) -> Outcome {
        guard head.length <= min(Self.longestHead, limits.headerField, limits.headerList),
            head.fieldCount <= limits.headerCount,
            head.target.count <= min(limits.target, LaneTargets.longest),
            let target = lane.targets.find(
                UnsafeRawBufferPointer(rebasing: bytes[head.target]), generation: lane.content.structureGeneration)
        else { return .declined }
        switch found {
        case .unknown(let startedAt):
            let request = Request(head: head, bytes: bytes, target: target, startedAt: startedAt)
            switch lane.content.offerHit(for: target.key, to: { answer(request, with: $0, meter) }) {
            case .taken: return .answered
            case .declined: return .declined
            // Nobody beyond their rate causes work.
            case .absent: return desk.mayFetch(target.key) && isWithinRate(request) ? .absent(target.key) : .declined
            }
        case .fetched(let fetched?, let startedAt) where fetched.key == target.key:
            let request = Request(head: head, bytes: bytes, target: target, startedAt: startedAt)
            guard answer(request, with: fetched, meter) else { return .declined }
            lane.content.countSharedHit(fetched)
            return .answered
        case .fetched: return .declined
        }
    }

    private struct Request {
        let head: PlainHead
        let bytes: UnsafeRawBufferPointer
        let target: LaneTargets.Target
        /// Nanoseconds on a clock that never goes back.
        let startedAt: Int64

        func text(_ field: PlainHead.Field) -> String? {
            head.place(of: field).map { String(decoding: bytes[$0], as: UTF8.self) }
        }
    }

    /// - Returns: whether it was answered; if not, nothing was written.
    private func answer(_ request: Request, with answer: CacheAnswer, _ meter: ConnectionMeter) -> Bool {
        let content = ContentHead(answer, accepting: acceptedCoding(request))
        let time = Date.now
        let now = Int64(time.timeIntervalSince1970)
        let known = request.head.place(of: .ifNoneMatch).map { EntityTagList(bytes: request.bytes[$0]) }
        let isNotModified = known.map { content.isAmong($0) } ?? false
        guard let body = content.body ?? (isNotModified ? ByteBuffer() : nil) else { return false }
        let client = client(of: request)
        var rate: RateLimitDecision?
        if let limiter = lane.admission.addresses, let key = lane.admission.key(for: client) {
            let decision = limiter.take(for: key)
            // The router says so.
            guard decision.isAllowed else { return false }
            rate = decision
        }
        let id = RequestID.of(request.text(.requestID))
        let room = Self.headRoom + 2 * answer.entry.tagNames.utf8.count
        let isWritten = writeHead(room: room, now: now) { fields in
            fields.text(isNotModified ? "HTTP/1.1 304 Not Modified\r\n" : "HTTP/1.1 200 OK\r\n")
            content.write(
                to: &fields, isNotModified: isNotModified, caching: lane.caching,
                variesByOrigin: lane.cors.dependsOnOrigin,
                now: now)
            if !isNotModified {
                fields.begin(Self.contentLength)
                fields.number(Int64(body.readableBytes))
                fields.end()
            }
            if let name = RequestMiddleware.requestIDName { fields.field(name, id) }
            if let rate, let limiter = lane.admission.addresses { limiter.write(rate, to: &fields) }
            lane.cors.write(to: &fields, area: .content, origin: request.text(.origin))
        }
        guard isWritten else { return false }
        if !isNotModified, !request.head.isHead { write(body, meter) }
        tell(request, answer, id: id, isNotModified: isNotModified, length: body.readableBytes, client, at: time)
        return true
    }

    private func isWithinRate(_ request: Request) -> Bool {
        guard let limiter = lane.admission.addresses, let key = lane.admission.key(for: client(of: request)) else {
            return true
        }
        return limiter.allows(key)
    }

    /// Puts a head behind what is ready to be written.
    ///
    /// - Returns: whether it had room.
    private func writeHead(room: Int, now: Int64, _ write: (inout HeadBytesWriter) -> Void) -> Bool {
        let dates = (desk.dates, desk.changeDates)
        let written = desk.output.writeWithUnsafeMutableBytes(minimumWritableBytes: room) { room in
            var fields = HeadBytesWriter(room, dates: dates.1)
            write(&fields)
            fields.field(Self.date, dates.0.text(of: now))
            fields.text("\r\n")
            return fields.isOverfull ? 0 : fields.count
        }
        return written > 0
    }

    private static let contentLength = FieldName(.contentLength)
    private static let date = FieldName(.date)

    private func write(_ body: ByteBuffer, _ meter: ConnectionMeter) {
        if body.readableBytes <= Self.longestCopiedBody {
            desk.output.writeImmutableBuffer(body)
        } else {
            write(meter, flushing: false)
            meter.writeAnswers(body)
        }
    }

    /// Counts what was answered, and tells who wants to know more.
    private func tell(
        _ request: Request, _ answer: CacheAnswer, id: String, isNotModified: Bool, length: Int,
        _ client: ClientAddresses.Client, at time: Date
    ) {
        let (method, status) = (request.head.isHead ? "HEAD" : "GET", isNotModified ? 304 : 200)
        let route = request.target.route
        let duration = RateLimiter.monotonicNanoseconds() - request.startedAt
        let series =
            request.head.isHead
            ? lane.reporter.metrics.series(method: method, route: route, status: status)
            : isNotModified ? request.target.notModified : request.target.series
        lane.answers.increment()
        series.add(duration: duration, bytes: isNotModified ? 0 : length)
        guard lane.reporter.wantsMore(logger) else { return }
        let step = RequestStep(answer.step, offset: .zero, duration: .nanoseconds(duration))
        let record = RequestRecord(
            id: id,
            trace: .of(traceparent: request.text(.traceparent), sentryTrace: request.text(.sentryTrace)),
            method: method, route: route, status: status, startedAt: time,
            duration: .nanoseconds(duration), responseBytes: isNotModified ? 0 : length, steps: [step])
        lane.reporter.tell(record, path: Self.path(request), client: client, logger: logger)
    }

    /// The target without its query.
    private static func path(_ request: Request) -> String {
        String(decoding: request.bytes[request.head.target].prefix { $0 != UInt8(ascii: "?") }, as: UTF8.self)
    }

    private func acceptedCoding(_ request: Request) -> ContentCoding? {
        guard let place = request.head.place(of: .acceptEncoding) else { return nil }
        if !request.bytes[place].elementsEqual(accepted.value.utf8) {
            let value = String(decoding: request.bytes[place], as: UTF8.self)
            accepted = (value, ContentCoding.accepted(value))
        }
        return accepted.coding
    }

    private func client(of request: Request) -> ClientAddresses.Client {
        let clients = lane.admission.clients
        let place = request.head.place(of: clients.header == .forwarded ? .forwarded : .xForwardedFor)
        if let forwarded, request.bytes[place ?? 0..<0].elementsEqual(forwarded.value.utf8) { return forwarded.client }
        let value = place.map { String(decoding: request.bytes[$0], as: UTF8.self) }
        let client = clients.client(peer: peer, values: value.map { [$0] } ?? [])
        forwarded = (value ?? "", client)
        return client
    }
}
