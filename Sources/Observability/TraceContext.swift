import Synchronization

/// Where a piece of work stands in a trace that may span several services: W3C Trace Context, level 1.
public struct TraceContext: Hashable, Sendable {
    /// The ids as numbers: as texts they are made where they are read, which most are not.
    private let trace: (high: UInt64, low: UInt64)
    private let span: UInt64
    private let parentSpan: UInt64?
    /// Whether whoever asked records its part of the trace.
    public let isSampled: Bool

    /// 16 bytes in lower-case hexadecimal, not all zero: the same in all services that a request passes.
    public var traceID: String { Self.hexadecimal(trace.high) + Self.hexadecimal(trace.low) }
    /// 8 bytes likewise: this piece of work.
    public var spanID: String { Self.hexadecimal(span) }
    /// The piece of work that asked for this one; `nil` for the first of a trace.
    public var parentSpanID: String? { parentSpan.map(Self.hexadecimal) }

    private init(_ trace: (high: UInt64, low: UInt64), parentSpan: UInt64? = nil, isSampled: Bool = false) {
        self.trace = trace
        span = Self.identifier()
        self.parentSpan = parentSpan
        self.isSampled = isSampled
    }

    /// The first piece of a new trace.
    public init() { self.init((Self.identifier(), Self.identifier())) }

    /// A piece of work that another service asked for.
    ///
    /// - Parameter traceparent: the header's value: `00-<trace>-<span>-<flags>`, or of a later version that begins so.
    /// - Returns: `nil` if it is malformed: a new trace begins then.
    public init?(traceparent: String) {
        let parts = traceparent.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        guard parts.count >= 4, let version = Self.number(parts[0], digits: 2), version != 0xFF,
            version != 0 || parts.count == 4, parts[1].count == 32,
            let high = Self.number(parts[1].prefix(16), digits: 16),
            let low = Self.number(parts[1].suffix(16), digits: 16), high | low != 0,
            let parent = Self.number(parts[2], digits: 16), parent != 0,
            let flags = Self.number(parts[3], digits: 2)
        else { return nil }
        self.init((high, low), parentSpan: parent, isSampled: flags & 1 == 1)
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
        let bytes = Array(seed.prefix(16))
        func word(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
        self.init((word(bytes.prefix(8)), word(bytes.dropFirst(8))))
    }

    /// What a service that is asked from here is sent as `traceparent`.
    public var traceparent: String { "00-\(traceID)-\(spanID)-\(isSampled ? "01" : "00")" }

    /// What requests that are made for this piece of work carry.
    public var headers: [(name: String, value: String)] { [("traceparent", traceparent)] }

    /// Whether a text is the id of a trace, as they are here.
    static func isTraceID(_ text: String) -> Bool { text.utf8.count == 32 && text.utf8.allSatisfy(isDigit) }

    /// Some bytes as the ids of traces and events are made of, in hexadecimal.
    ///
    /// - Parameter count: a multiple of 8.
    public static func identifier(bytes count: Int) -> String {
        (0..<count / 8).map { _ in hexadecimal(identifier()) }.joined()
    }

    /// An id as UUIDs are written, of version 4 (RFC 9562) but that it could be guessed.
    public static func uniqueID() -> String {
        let high = identifier() & ~0xF000 | 0x4000
        let low = identifier() & ~(3 << 62) | 2 << 62
        return String(unsafeUninitializedCapacity: 36) { text in
            var (digit, place) = (0, 0)
            while digit < 32 {
                if digit == 8 || digit == 12 || digit == 16 || digit == 20 {
                    text[place] = UInt8(ascii: "-")
                    place += 1
                }
                text[place] = hexadecimalDigit(of: digit < 16 ? high : low, at: digit & 15)
                (digit, place) = (digit + 1, place + 1)
            }
            return 36
        }
    }

    /// - Parameter place: 0 for the highest of 16.
    private static func hexadecimalDigit(of number: UInt64, at place: Int) -> UInt8 {
        let digit = UInt8(truncatingIfNeeded: number >> UInt64(60 - 4 * place)) & 15
        return digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
    }

    /// What the next id is made of. They must differ, and be spread evenly; nobody is kept out by their being hard to guess.
    private static let counter = Atomic(UInt64.random(in: .min ... .max))

    /// Never zero, as both formats want: SplitMix64, without a call of the system for each.
    private static func identifier() -> UInt64 {
        var bits = counter.wrappingAdd(0x9E37_79B9_7F4A_7C15, ordering: .relaxed).newValue
        bits = (bits ^ bits >> 30) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ bits >> 27) &* 0x94D0_49BB_1331_11EB
        return max(1, bits ^ bits >> 31)
    }

    private static func hexadecimal(_ number: UInt64) -> String {
        String(unsafeUninitializedCapacity: 16) { text in
            for index in 0..<16 { text[index] = hexadecimalDigit(of: number, at: index) }
            return 16
        }
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
    }

    private static func number(_ text: Substring.UTF8View, digits: Int) -> UInt64? {
        guard text.count == digits, text.allSatisfy(isDigit) else { return nil }
        return UInt64(Substring(text), radix: 16)
    }

    public static func == (a: Self, b: Self) -> Bool {
        a.trace == b.trace && a.span == b.span && a.parentSpan == b.parentSpan && a.isSampled == b.isSampled
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(trace.low)
        hasher.combine(span)
    }
}
