import NIOCore

/// The head of a request of HTTP/1.1, as far as it is written in the plainest way: where it ends, and where in it the lane finds what
/// it has to know.
///
/// It reads less than a parser: what it does not take for plain is left to one. What it does take, a parser reads the same way.
struct PlainHead {
    /// Where something is in the bytes.
    typealias Place = Range<Int>

    enum Scan {
        case whole(PlainHead)
        /// The bytes end before the head does.
        case partial
        /// To be read by a parser, from here on.
        case strange
    }

    /// Fields whose values are looked at.
    enum Field: Int {
        case acceptEncoding, ifNoneMatch, requestID, traceparent, sentryTrace, origin, xForwardedFor, forwarded
    }

    /// With the empty line.
    fileprivate(set) var length = 0
    /// Of the body that follows.
    fileprivate(set) var bodyLength = 0
    fileprivate(set) var isHead = false
    fileprivate(set) var target: Place = 0..<0
    fileprivate(set) var fieldCount = 0
    /// Whether nothing in it asks for more than the lane knows of.
    fileprivate(set) var isForLane = true
    private var places = InlineArray<8, Place>(repeating: 0..<0)
    private var hasHost = false
    private var hasLength = false

    fileprivate init() {}

    /// Where a field's value is, without white space around it; `nil` if there is no such field.
    func place(of field: Field) -> Place? {
        let place = places[field.rawValue]
        return place.upperBound == 0 ? nil : place
    }

    /// Looks for a head at the start of some bytes.
    static func scan(_ bytes: UnsafeRawBufferPointer) -> Scan {
        var head = PlainHead()
        var reader = LineReader(bytes: bytes)
        switch reader.next() {
        case .line(let line):
            guard head.readRequestLine(line, bytes) else { return .strange }
        case .partial: return .partial
        case .malformed: return .strange
        }
        while true {
            switch reader.next() {
            case .line(let line) where line.isEmpty:
                guard head.hasHost else { return .strange }
                head.length = reader.position
                if head.bodyLength > 0 { head.isForLane = false }
                return .whole(head)
            case .line(let line): guard head.readField(line, bytes) else { return .strange }
            case .partial: return .partial
            case .malformed: return .strange
            }
        }
    }

    /// `GET /path HTTP/1.1`, with one space each.
    private mutating func readRequestLine(_ line: Place, _ bytes: UnsafeRawBufferPointer) -> Bool {
        let end = " HTTP/1.1"
        guard let space = bytes[line].firstIndex(of: UInt8(ascii: " ")), line.count > end.utf8.count,
            bytes[line].suffix(end.utf8.count).elementsEqual(end.utf8)
        else { return false }
        let method = bytes[line.lowerBound..<space]
        target = (space + 1)..<max(space + 1, line.upperBound - end.utf8.count)
        guard bytes[target].first == UInt8(ascii: "/"), bytes[target].allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            return false
        }
        isHead = method.elementsEqual("HEAD".utf8)
        isForLane = isHead || method.elementsEqual("GET".utf8)
        return isForLane || Self.otherMethods.contains { method.elementsEqual($0.utf8) }
    }

    /// Of these it only has to know where they end.
    private static let otherMethods = ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"]

    /// - Returns: whether the line is one that is framed in one way only.
    private mutating func readField(_ line: Place, _ bytes: UnsafeRawBufferPointer) -> Bool {
        var colon = line.lowerBound
        while colon < line.upperBound, isNameByte(bytes[colon]) { colon += 1 }
        guard colon > line.lowerBound, colon < line.upperBound, bytes[colon] == UInt8(ascii: ":") else { return false }
        fieldCount += 1
        var start = colon + 1
        var end = line.upperBound
        while start < end, isBlank(bytes[start]) { start += 1 }
        while end > start, isBlank(bytes[end - 1]) { end -= 1 }
        // The parser leaves it there.
        if end < line.upperBound { isForLane = false }
        let name = UnsafeRawBufferPointer(rebasing: bytes[line.lowerBound..<colon])
        return note(name, start..<end, bytes)
    }

    private func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

    private mutating func note(_ name: UnsafeRawBufferPointer, _ value: Place, _ bytes: UnsafeRawBufferPointer) -> Bool
    {
        switch name.count {
        case 4 where isSame(name, "host"):
            defer { hasHost = true }
            return !hasHost && !value.isEmpty
        case 6 where isSame(name, "expect"), 7 where isSame(name, "upgrade"), 16 where isSame(name, "proxy-connection"),
            17 where isSame(name, "transfer-encoding"):
            return false
        case 10 where isSame(name, "connection"):
            // Anything else may end the connection, or make something else of it.
            return isSame(UnsafeRawBufferPointer(rebasing: bytes[value]), "keep-alive")
        case 14 where isSame(name, "content-length"): return readLength(bytes[value])
        case 5 where isSame(name, "range"), 8 where isSame(name, "if-range") || isSame(name, "if-match"),
            17 where isSame(name, "if-modified-since"), 19 where isSame(name, "if-unmodified-since"):
            isForLane = false
        case 15 where isSame(name, "accept-encoding"): note(.acceptEncoding, value)
        case 13 where isSame(name, "if-none-match"): note(.ifNoneMatch, value)
        case 12 where isSame(name, "x-request-id"): note(.requestID, value)
        case 11 where isSame(name, "traceparent"): note(.traceparent, value)
        case 12 where isSame(name, "sentry-trace"): note(.sentryTrace, value)
        case 6 where isSame(name, "origin"): note(.origin, value)
        case 15 where isSame(name, "x-forwarded-for"): note(.xForwardedFor, value)
        case 9 where isSame(name, "forwarded"): note(.forwarded, value)
        default: break
        }
        return true
    }

    /// Fields that stand twice, or are empty, are the router's.
    private mutating func note(_ field: Field, _ value: Place) {
        if place(of: field) != nil || value.isEmpty { isForLane = false }
        places[field.rawValue] = value
    }

    private mutating func readLength(_ digits: Slice<UnsafeRawBufferPointer>) -> Bool {
        guard !hasLength, (1...15).contains(digits.count) else { return false }
        hasLength = true
        for digit in digits {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return false }
            bodyLength = bodyLength * 10 + Int(digit - UInt8(ascii: "0"))
        }
        return true
    }

    /// - Parameter name: in lower case.
    private func isSame(_ bytes: UnsafeRawBufferPointer, _ name: StaticString) -> Bool {
        guard bytes.count == name.utf8CodeUnitCount else { return false }
        for index in 0..<bytes.count {
            let byte = bytes[index]
            let lower = (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
            if lower != name.utf8Start[index] { return false }
        }
        return true
    }
}

/// Whether a field's name may have it (RFC 9110, section 5.6.2).
private func isNameByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "-"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "."):
        true
    default: "!#$%&'*+^`|~".utf8.contains(byte)
    }
}

/// Finds lines that end in CR and LF, and have neither of them nor another control character in them.
private struct LineReader {
    enum Next {
        case line(Range<Int>)
        case partial, malformed
    }

    let bytes: UnsafeRawBufferPointer
    var position = 0

    mutating func next() -> Next {
        let start = position
        var index = start
        while index < bytes.count {
            let byte = bytes[index]
            if byte >= 0x20 && byte < 0x7F || byte == 0x09 {
                index += 1
            } else if byte == 0x0D {
                guard index + 1 < bytes.count else { return .partial }
                guard bytes[index + 1] == 0x0A else { return .malformed }
                position = index + 2
                return .line(start..<index)
            } else {
                return .malformed
            }
        }
        return .partial
    }
}
