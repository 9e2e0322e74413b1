/// Takes out of texts what must not leave the machine: tokens, secrets, passwords, queries, addresses, quoted data, and ids
/// of users and records.
///
/// It reads bytes from left to right, and rather hides too much than too little: what it is given are errors and lines of
/// log, whose authors did not think of who would read them.
struct SentryScrubber {
    /// The most bytes of a text that are sent.
    static let limit = 1024
    /// The most bytes of a text that are looked at.
    private static let horizon = 4 * limit

    private let bytes: [UInt8]
    private var position = 0
    /// Where the quotation ends that is being copied.
    private var closing: Int?
    private var output: [UInt8] = []

    /// - Returns: the text without what is secret or personal, without control characters but line ends, and cut to
    ///   ``limit`` bytes.
    static func scrubbed(_ text: String) -> String {
        var scrubber = SentryScrubber(text)
        scrubber.run()
        return String(decoding: cut(scrubber.output, to: limit), as: UTF8.self)
    }

    /// An id that a client chose, if it looks like one and like nothing else: 1…64 of `[A-Za-z0-9._-]`.
    static func harmlessID(_ id: String) -> String? {
        guard (1...64).contains(id.utf8.count), id.utf8.allSatisfy({ $0.isNameByte || $0 == UInt8(ascii: ".") }) else {
            return nil
        }
        let scrubbed = scrubbed(id)
        // Most ids are keys by their looks.
        return scrubbed == id || scrubbed == "[key]" ? id : nil
    }

    private init(_ text: String) {
        let all = Array(text.utf8.prefix(Self.horizon + 1))
        // A secret that is cut in two must not pass for a word.
        bytes = all.count <= Self.horizon ? all : Array(all[..<(all.lastIndex(where: \.isSpace) ?? 0)])
        output.reserveCapacity(bytes.count)
    }

    private mutating func run() {
        while position < bytes.count {
            let byte = bytes[position]
            if position == closing {
                closing = nil
                copy(through: position + 1)
            } else if !hide() {
                let isControl = byte < 0x20 && byte != UInt8(ascii: "\n") || byte == 0x7F
                output.append(isControl ? UInt8(ascii: " ") : byte)
                position += 1
            }
        }
    }

    /// Goes past what is to be hidden here, and writes what stands for it.
    ///
    /// - Returns: whether there was something.
    private mutating func hide() -> Bool {
        switch bytes[position] {
        case UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "`"), 0xE2: if hideQuotation() { return true }
        case UInt8(ascii: "?"): return hideQuery()
        case UInt8(ascii: "/"): return hideRecordID()
        case UInt8(ascii: ":"): if hidePassword() { return true }
        default: break
        }
        if hideToken() { return true }
        let previous = position == 0 ? UInt8(ascii: " ") : bytes[position - 1]
        // A name, or what looks like a key, may follow a dot or a letter of another script.
        if !previous.isNameByte, hideNamedSecret() || hideAddress() || hideKey() { return true }
        return !previous.isWordByte && hideMail()
    }

    // MARK: Anywhere

    /// `eyJ….…`, the beginning of a JWT, and `whsec_…`.
    private mutating func hideToken() -> Bool {
        if has("eyJ"), case let end = end(of: { $0.isNameByte }), end - position >= 11,
            end < bytes.count, bytes[end] == UInt8(ascii: ".")
        {
            return replace(through: self.end { $0.isTokenByte }, with: "[token]")
        }
        guard has("whsec_") else { return false }
        return replace(through: end { $0.isTokenByte }, with: "[secret]")
    }

    /// What stands between quotation marks, unless it is a name. A single one that does not begin a word, or is not closed, is an
    /// apostrophe.
    private mutating func hideQuotation() -> Bool {
        let first = bytes[position]
        guard closing == nil, first != 0xE2 || has("“") else { return false }
        let start = position + (first == 0xE2 ? 3 : 1)
        let mark: [UInt8] = first == 0xE2 ? Array("”".utf8) : [first]
        let end = bytes[start...].firstRange(of: mark)?.lowerBound
        if first == UInt8(ascii: "'") || first == UInt8(ascii: "`") {
            guard end != nil, position == 0 || !bytes[position - 1].isWordByte else { return false }
        }
        let content = bytes[start..<(end ?? bytes.count)]
        if let end, content.count <= 64, content.allSatisfy({ $0.isNameByte || $0 == UInt8(ascii: ".") }) {
            copy(through: start)
            closing = end
        } else {
            copy(through: start)
            _ = replace(through: end ?? bytes.count, with: "[text]")
            if let end { copy(through: end + mark.count) }
        }
        return true
    }

    private mutating func hideQuery() -> Bool {
        let end = end { !$0.isSpace && !$0.isQuote }
        guard bytes[position..<end].contains(UInt8(ascii: "=")) else { return false }
        return replace(through: end, with: "?[query]")
    }

    /// The id in `/me/<kind>/<id>`.
    private mutating func hideRecordID() -> Bool {
        guard has("/me/") else { return false }
        let isPart = { (byte: UInt8) in !byte.isSpace && !byte.isQuote && !"/?#".utf8.contains(byte) }
        let kind = end(from: position + 4, of: isPart)
        guard kind < bytes.count, bytes[kind] == UInt8(ascii: "/") else { return false }
        copy(through: kind + 1)
        return replace(through: end(of: isPart), with: "[id]")
    }

    /// User and password in an address.
    private mutating func hidePassword() -> Bool {
        guard has("://") else { return false }
        let end = end { !$0.isSpace && !$0.isQuote }
        guard let at = bytes[position..<end].lastIndex(of: UInt8(ascii: "@")) else { return false }
        copy(through: position + 3)
        return replace(through: at, with: "[hidden]")
    }

    // MARK: Where a word begins

    /// `Authorization: …` to the end of its line, `password=…` and the like, `Bearer …`.
    private mutating func hideNamedSecret() -> Bool {
        let end = end { $0.isNameByte }
        guard end > position, end - position <= 64 else { return false }
        let name = String(decoding: bytes[position..<end], as: UTF8.self).lowercased()
        var value = end
        if ["bearer", "basic"].contains(name), end < bytes.count, bytes[end].isSpace {
            copy(through: self.end(from: end) { $0.isSpace })
            return replace(through: self.end { !$0.isSpace && !$0.isQuote && $0 != UInt8(ascii: ",") }, with: "[token]")
        }
        let isHeader = ["authorization", "cookie", "x-sentry-auth"].contains { name.hasSuffix($0) }
        guard isHeader || Self.secretNames.contains(where: { name.hasSuffix($0) }) else { return false }
        if value < bytes.count, bytes[value].isQuote { value += 1 }
        value = self.end(from: value) { $0.isSpace && $0 != UInt8(ascii: "\n") }
        guard value < bytes.count, ":=".utf8.contains(bytes[value]) else { return false }
        value = self.end(from: value + 1) { $0.isSpace && $0 != UInt8(ascii: "\n") }
        closing = nil
        copy(through: value)
        if isHeader { return replace(through: self.end { $0 != UInt8(ascii: "\n") }, with: "[hidden]") }
        if value < bytes.count, bytes[value].isQuote {
            copy(through: value + 1)
            let end = self.end { !$0.isQuote }
            _ = replace(through: end, with: "[hidden]")
            copy(through: min(end + 1, bytes.count))
            return true
        }
        return replace(through: self.end { !$0.isSpace && !$0.isQuote && !"&;,".utf8.contains($0) }, with: "[hidden]")
    }

    private static let secretNames = [
        "password", "passwd", "pwd", "secret", "token", "key", "dsn", "credential", "credentials", "signature",
    ]

    private mutating func hideMail() -> Bool {
        let at = end { $0.isWordByte }
        guard at > position, at + 1 < bytes.count, bytes[at] == UInt8(ascii: "@"), bytes[at + 1].isWordByte else {
            return false
        }
        var end = end(from: at + 1) { $0.isWordByte }
        // `user@password=…` is no address, and what follows may be what is to be hidden.
        if end < bytes.count, bytes[end] == UInt8(ascii: "=") {
            end = self.end(from: end) { !$0.isSpace && !$0.isQuote }
        }
        return replace(through: end, with: "[email]")
    }

    /// Addresses of the internet, of either version.
    private mutating func hideAddress() -> Bool {
        let four = end { $0.isDigit || $0 == UInt8(ascii: ".") }
        let numbers = bytes[position..<four].split(separator: UInt8(ascii: "."), omittingEmptySubsequences: true)
        if numbers.count == 4, numbers.allSatisfy({ $0.count <= 3 }), four == bytes.count || !bytes[four].isWordByte {
            return replace(through: four, with: "[address]")
        }
        let six = end { $0.isHexDigit || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: ".") }
        let text = bytes[position..<six]
        guard text.contains(where: \.isHexDigit),
            text.count(where: { $0 == UInt8(ascii: ":") }) >= 3 || text.firstRange(of: Array("::".utf8)) != nil,
            six == bytes.count || !bytes[six].isWordByte || bytes[six] == UInt8(ascii: "%")
        else { return false }
        // With its zone.
        let hasZone = six < bytes.count && bytes[six] == UInt8(ascii: "%")
        return replace(through: hasZone ? end(from: six + 1) { $0.isNameByte } : six, with: "[address]")
    }

    /// Long numbers in hexadecimal, such as hashes of users, UUIDs and keys of DSNs, and other long words that nobody would
    /// write; with what follows a colon, as ids of records do in keys of the cache.
    private mutating func hideKey() -> Bool {
        let end = end { $0.isNameByte }
        let word = bytes[position..<end]
        let dashes = word.count { $0 == UInt8(ascii: "-") }
        let isHexadecimal =
            word.count - dashes >= 32 && word.allSatisfy { $0.isHexDigit || $0 == UInt8(ascii: "-") }
        let isMixed =
            word.count >= 40 && word.contains(where: \.isDigit)
            && word.contains { $0 | 0x20 != $0 && $0.isNameByte } && word.contains { $0 >= 0x61 }
        guard isHexadecimal || isMixed else { return false }
        let isFollowed = end < bytes.count && bytes[end] == UInt8(ascii: ":")
        return replace(through: isFollowed ? self.end { !$0.isSpace && !$0.isQuote } : end, with: "[key]")
    }

    // MARK: Bytes

    private func has(_ text: StaticString) -> Bool {
        text.withUTF8Buffer { bytes[position...].starts(with: $0) }
    }

    /// Where the bytes end that are like this.
    private func end(from start: Int? = nil, of isLike: (UInt8) -> Bool) -> Int {
        bytes[(start ?? position)...].firstIndex { !isLike($0) } ?? bytes.count
    }

    private mutating func copy(through end: Int) {
        output += bytes[position..<end]
        position = end
    }

    private mutating func replace(through end: Int, with mark: String) -> Bool {
        output += mark.utf8
        position = end
        return true
    }

    /// The first bytes, as far as they are whole characters.
    private static func cut(_ bytes: [UInt8], to count: Int) -> ArraySlice<UInt8> {
        guard bytes.count > count else { return bytes[...] }
        var end = count
        while end > 0, bytes[end] & 0xC0 == 0x80 { end -= 1 }
        return bytes[..<end]
    }
}

extension UInt8 {
    fileprivate var isDigit: Bool { (0x30...0x39).contains(self) }
    fileprivate var isHexDigit: Bool { isDigit || (0x61...0x66).contains(self | 0x20) }
    private var isLetter: Bool { (0x61...0x7A).contains(self | 0x20) }
    /// Of `[A-Za-z0-9_-]`.
    fileprivate var isNameByte: Bool { isLetter || isDigit || self == UInt8(ascii: "_") || self == UInt8(ascii: "-") }
    /// Of what may stand before the `@` of an e-mail address.
    fileprivate var isWordByte: Bool { isNameByte || self >= 0x80 || ".%+".utf8.contains(self) }
    fileprivate var isTokenByte: Bool { isNameByte || "._~+/=".utf8.contains(self) }
    fileprivate var isSpace: Bool { self == 0x20 || (0x09...0x0D).contains(self) }
    fileprivate var isQuote: Bool { "\"'<>`".utf8.contains(self) }
}
