/// Finds where a reply ends and refuses it, from its headers, if it is malformed or above the limits.
///
/// hiredis gets only what passed here. On its own it would buffer whatever length is announced, search an endless line
/// again with every piece of it, and, in 0.14, allocate for announced counts before an element has come
/// (CVE-2021-32765).
struct ReplyScanner {
    private enum Expecting {
        case type
        /// The text of a status or an error, of which `length` bytes have come.
        case line(length: Int)
        case number(Number)
        /// The line feed that ends a line: then the number is known.
        case lineFeed(Number?)
        case payload(remaining: Int)
        case payloadCarriageReturn
        case payloadLineFeed
    }

    fileprivate struct Number {
        let kind: UInt8
        var magnitude: UInt64 = 0
        var digits = 0
        var isNegative = false
    }

    private let limits: ReplyLimits
    private var expecting = Expecting.type
    /// For each open array, how many of its values are still to come.
    private var open: [Int] = []
    /// Bytes of this reply so far, with those that were announced.
    private var size = 0
    /// Values of this reply, with those that were announced.
    private var elements = 0

    init(limits: ReplyLimits) {
        self.limits = limits
        open.reserveCapacity(ReplyLimits.depth)
    }

    /// Reads on, at most to the end of the reply.
    /// - Returns: How many bytes were read, and whether the reply ends with them.
    mutating func scan(_ bytes: UnsafeRawBufferPointer) throws(RedisError) -> (count: Int, isComplete: Bool) {
        var index = 0
        while index < bytes.count {
            if case .payload(let remaining) = expecting {
                let step = min(remaining, bytes.count - index)
                index += step
                expecting = step == remaining ? .payloadCarriageReturn : .payload(remaining: remaining - step)
                continue
            }
            let byte = unsafe bytes[index]
            index += 1
            if try read(byte) { return (index, true) }
        }
        return (index, false)
    }

    /// Whether the byte ends the reply.
    private mutating func read(_ byte: UInt8) throws(RedisError) -> Bool {
        switch expecting {
        case .type:
            try begin(byte)
        case .line(let length):
            if byte == 0x0D {
                expecting = .lineFeed(nil)
            } else {
                guard byte != 0x0A else { throw violation("a line feed within a line") }
                guard length < ReplyLimits.line else { throw violation("a status or error without an end") }
                try grow(by: 1)
                expecting = .line(length: length + 1)
            }
        case .number(var number):
            try number.read(byte)
            expecting = byte == 0x0D ? .lineFeed(number) : .number(number)
        case .lineFeed(let number):
            guard byte == 0x0A else { throw violation("a carriage return within a line") }
            guard let number else { return endValue() }
            return try end(number)
        case .payloadCarriageReturn:
            guard byte == 0x0D else { throw violation("bytes longer than announced") }
            expecting = .payloadLineFeed
        case .payloadLineFeed:
            guard byte == 0x0A else { throw violation("bytes longer than announced") }
            return endValue()
        case .payload:
            break
        }
        return false
    }

    private mutating func begin(_ type: UInt8) throws(RedisError) {
        // An element was counted with its array.
        if open.isEmpty { try count(1) }
        switch type {
        case UInt8(ascii: "+"), UInt8(ascii: "-"):
            expecting = .line(length: 0)
        case UInt8(ascii: ":"), UInt8(ascii: "$"), UInt8(ascii: "*"):
            try grow(by: 1)
            expecting = .number(Number(kind: type))
        default:
            throw violation("a reply that begins with the byte \(type)")
        }
    }

    private mutating func end(_ number: Number) throws(RedisError) -> Bool {
        let value = try number.value()
        switch number.kind {
        case UInt8(ascii: ":"):
            return endValue()
        case UInt8(ascii: "$"):
            if value == -1 { return endValue() }
            guard value >= 0 else { throw violation("bytes of a negative length") }
            // Compared first, as the sum could overflow.
            guard value <= limits.size else { throw violation("a reply of more than \(limits.size) bytes") }
            try grow(by: value + 2)
            expecting = value == 0 ? .payloadCarriageReturn : .payload(remaining: Int(value))
            return false
        default:
            if value <= 0 {
                guard value >= -1 else { throw violation("an array of a negative length") }
                return endValue()
            }
            guard open.count < ReplyLimits.depth else {
                throw violation("arrays nested deeper than \(ReplyLimits.depth)")
            }
            try count(value)
            open.append(Int(value))
            expecting = .type
            return false
        }
    }

    /// Whether the value that ends here ends the reply.
    private mutating func endValue() -> Bool {
        expecting = .type
        while let remaining = open.last {
            if remaining > 1 {
                open[open.count - 1] = remaining - 1
                return false
            }
            open.removeLast()
        }
        size = 0
        elements = 0
        return true
    }

    /// Counts values that are to come, each of at least a type and an end of line.
    private mutating func count(_ values: Int64) throws(RedisError) {
        guard values <= limits.elements - elements else {
            throw violation("a reply of more than \(limits.elements) values")
        }
        elements += Int(values)
        try grow(by: 3 * values)
    }

    private mutating func grow(by count: Int64) throws(RedisError) {
        guard count <= limits.size - size else {
            throw violation("a reply of more than \(limits.size) bytes")
        }
        size += Int(count)
    }

    private func violation(_ what: String) -> RedisError {
        RedisError(.protocolViolation, "the server sent \(what)")
    }
}

extension ReplyScanner.Number {
    /// Takes a byte of the number or the carriage return after it.
    fileprivate mutating func read(_ byte: UInt8) throws(RedisError) {
        switch byte {
        case UInt8(ascii: "-") where digits == 0 && !isNegative:
            isNegative = true
        case 0x30...0x39 where digits < 19 && !(digits == 1 && magnitude == 0):
            magnitude = magnitude * 10 + UInt64(byte - 0x30)
            digits += 1
        case 0x0D where digits > 0 && !(isNegative && magnitude == 0):
            break
        default:
            throw RedisError(.protocolViolation, "the server sent a number that is none")
        }
    }

    fileprivate func value() throws(RedisError) -> Int64 {
        // Int64.min is the one number of which the magnitude doesn't fit.
        if isNegative, magnitude == UInt64(1) << 63 { return .min }
        guard let value = Int64(exactly: magnitude) else {
            throw RedisError(.protocolViolation, "the server sent a number above 64 bits")
        }
        return isNegative ? -value : value
    }
}
