/// Where a piece of work stands in a trace that may span several services: W3C Trace Context, level 1.
public struct TraceContext: Hashable, Sendable {
    /// 16 bytes in lower-case hexadecimal, not all zero: the same in all services that a request passes.
    public let traceID: String
    /// 8 bytes likewise: this piece of work.
    public let spanID: String
    /// The piece of work that asked for this one; `nil` for the first of a trace.
    public let parentSpanID: String?
    /// Whether whoever asked records its part of the trace.
    public let isSampled: Bool
    /// What other systems attached to the trace; passed on as it came.
    public let state: String?

    /// The first piece of a new trace.
    public init() {
        traceID = Self.identifier(bytes: 16)
        spanID = Self.identifier(bytes: 8)
        parentSpanID = nil
        isSampled = false
        state = nil
    }

    /// A piece of work that another service asked for.
    ///
    /// - Parameters:
    ///   - traceparent: the header's value: `00-<trace>-<span>-<flags>`, or of a later version that begins so.
    ///   - tracestate: its companion's; dropped if it is longer than 512 bytes or not visible ASCII.
    /// - Returns: `nil` if the first is malformed: a new trace begins then.
    public init?(traceparent: String, tracestate: String? = nil) {
        let parts = traceparent.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        guard parts.count >= 4, let version = Self.hexadecimal(parts[0], count: 2), version != "ff",
            version != "00" || parts.count == 4,
            let trace = Self.hexadecimal(parts[1], count: 32), trace.utf8.contains(where: { $0 != UInt8(ascii: "0") }),
            let parent = Self.hexadecimal(parts[2], count: 16),
            parent.utf8.contains(where: { $0 != UInt8(ascii: "0") }),
            let flags = Self.hexadecimal(parts[3], count: 2).flatMap({ UInt8($0, radix: 16) })
        else { return nil }
        traceID = trace
        spanID = Self.identifier(bytes: 8)
        parentSpanID = parent
        isSampled = flags & 1 == 1
        state = tracestate.flatMap { state in
            (1...512).contains(state.utf8.count) && state.utf8.allSatisfy { (0x20...0x7E).contains($0) } ? state : nil
        }
    }

    /// A piece of work that a service asked for that knows Sentry's header alone, `sentry-trace`.
    ///
    /// - Parameter sentryTrace: `<trace>-<span>`, and `-1` or `-0` for whether it is recorded.
    /// - Returns: `nil` if it is malformed.
    public init?(sentryTrace: String) {
        let parts = sentryTrace.split(separator: "-", omittingEmptySubsequences: false)
        guard (2...3).contains(parts.count), parts.count == 2 || ["0", "1"].contains(parts[2]) else { return nil }
        self.init(traceparent: "00-\(parts[0])-\(parts[1])-0\(parts.count == 3 ? parts[2] : "0")")
    }

    /// A piece of a trace that this service began, without asking whether it is the first.
    ///
    /// - Parameter seed: at least 16 bytes that name the trace, such as a digest; they are not all zero.
    public init(seed: some Sequence<UInt8>) {
        traceID = Self.hexadecimal(of: seed.prefix(16))
        spanID = Self.identifier(bytes: 8)
        parentSpanID = nil
        isSampled = false
        state = nil
    }

    /// What a service that is asked from here is sent as `traceparent`.
    public var traceparent: String { "00-\(traceID)-\(spanID)-\(isSampled ? "01" : "00")" }

    /// What requests that are made for this piece of work carry.
    public var headers: [(name: String, value: String)] {
        [("traceparent", traceparent)] + (state.map { [("tracestate", $0)] } ?? [])
    }

    /// Whether a text is the id of a trace, as they are here.
    static func isTraceID(_ text: String) -> Bool { text.utf8.count == 32 && text.utf8.allSatisfy(digits.contains) }

    /// An id that is not all zero, as both formats want.
    public static func identifier(bytes count: Int) -> String {
        var bytes = (0..<count).map { _ in UInt8.random(in: 0...255) }
        if bytes.allSatisfy({ $0 == 0 }) { bytes[count - 1] = 1 }
        return hexadecimal(of: bytes)
    }

    private static let digits = Array("0123456789abcdef".utf8)

    private static func hexadecimal(of bytes: some Sequence<UInt8>) -> String {
        String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    private static func hexadecimal(_ text: Substring.UTF8View, count: Int) -> String? {
        guard text.count == count, text.allSatisfy(digits.contains) else { return nil }
        return String(Substring(text))
    }
}
