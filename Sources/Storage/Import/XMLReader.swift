import Quran

/// Reads the small part of XML that Tanzil's files use: elements with attributes, comments, and a declaration.
///
/// Text between elements is allowed only if it is white space; a DOCTYPE, a processing instruction, CDATA or an unknown
/// entity is refused. That keeps attribute values exactly the published bytes, keeps line numbers for errors, and
/// spares every start of the program the system's XML library and the Unicode tables it loads.
struct XMLReader {
    enum Event {
        case start(name: String, attributes: [String: String], line: Int)
        case end(name: String)
        case comment(String)
    }

    let file: String
    private let bytes: [UInt8]
    private var position = 0
    /// Where the document begins, behind the byte order mark.
    private let beginning: Int
    private var hasRoot = false
    private(set) var line = 1
    private var open: [String] = []
    /// The end of an element written as `<a/>`, still to be reported.
    private var pendingEnd: String?

    init(_ bytes: some Sequence<UInt8>, file: String) {
        self.bytes = Array(bytes)
        self.file = file
        beginning = self.bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        position = beginning
    }

    /// - Returns: `nil` at the end of a well-formed document.
    mutating func next() throws(ContentError) -> Event? {
        if let name = pendingEnd {
            pendingEnd = nil
            return .end(name: name)
        }
        while true {
            skipWhiteSpace()
            guard position < bytes.count else {
                guard open.isEmpty else { throw error("the file ends inside <\(open[open.count - 1])>") }
                return nil
            }
            if position == beginning, consume("<?xml ") {
                _ = try take(through: "?>")
            } else if consume("<!--") {
                return .comment(try take(through: "-->"))
            } else if consume("</") {
                let name = try name()
                skipWhiteSpace()
                guard consume(">"), open.popLast() == name else { throw error("</\(name)> closes nothing") }
                return .end(name: name)
            } else if consume("<") {
                return try element()
            } else {
                throw error("text outside an attribute")
            }
        }
    }

    private mutating func element() throws(ContentError) -> Event {
        let line = line
        let name = try name()
        guard !open.isEmpty || !hasRoot else { throw error("<\(name)> comes after the end of the document") }
        hasRoot = true
        var attributes: [String: String] = [:]
        while true {
            let end = position
            skipWhiteSpace()
            if consume("/>") {
                pendingEnd = name
                break
            }
            if consume(">") {
                open.append(name)
                break
            }
            guard position > end else { throw error("white space was expected before an attribute") }
            let attribute = try self.name()
            skipWhiteSpace()
            guard consume("=") else { throw error("attribute \(attribute) has no value") }
            skipWhiteSpace()
            guard attributes.updateValue(try quoted(), forKey: attribute) == nil else {
                throw error("attribute \(attribute) stands twice")
            }
        }
        return .start(name: name, attributes: attributes, line: line)
    }

    private mutating func name() throws(ContentError) -> String {
        let start = position
        while position < bytes.count, isNameByte(bytes[position]) { position += 1 }
        guard position > start else { throw error("a name was expected") }
        // Errors repeat names.
        guard position - start <= 100 else { throw error("a name has more than 100 bytes") }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    private mutating func quoted() throws(ContentError) -> String {
        guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") || bytes[position] == UInt8(ascii: "'")
        else { throw error("an attribute value was expected") }
        let quote = String(UnicodeScalar(bytes[position]))
        position += 1
        let value = try take(through: quote)
        guard !value.utf8.contains(UInt8(ascii: "<")) else { throw error("an attribute value holds <") }
        return try decodeEntities(value)
    }

    private func decodeEntities(_ value: String) throws(ContentError) -> String {
        guard value.utf8.contains(UInt8(ascii: "&")) else { return value }
        var decoded = String.UnicodeScalarView()
        var rest = value.unicodeScalars[...]
        while let ampersand = rest.firstIndex(of: "&") {
            decoded += rest[..<ampersand]
            guard let end = rest[ampersand...].firstIndex(of: ";") else { throw error("an entity is not closed") }
            let entity = String(rest[rest.index(after: ampersand)..<end])
            let isHexadecimal = entity.hasPrefix("#x")
            let digits = entity.dropFirst(isHexadecimal ? 2 : 1)
            // `UInt32` alone would read a sign, too.
            let numeric =
                entity.hasPrefix("#") && digits.utf8.first != UInt8(ascii: "+")
                ? UInt32(digits, radix: isHexadecimal ? 16 : 10) : nil
            let named: [String: UnicodeScalar] = ["amp": "&", "lt": "<", "gt": ">", "quot": "\"", "apos": "'"]
            guard let scalar = numeric.flatMap({ UnicodeScalar($0) }) ?? named[entity] else {
                throw error("the entity &\(entity.prefix(100)); is unknown")
            }
            decoded.append(scalar)
            rest = rest[rest.index(after: end)...]
        }
        decoded += rest
        return String(decoded)
    }

    private mutating func take(through end: String) throws(ContentError) -> String {
        let end = Array(end.utf8)
        let start = position
        while position + end.count <= bytes.count {
            if bytes[position..<position + end.count].elementsEqual(end) {
                let taken = bytes[start..<position]
                position += end.count
                guard let text = String(validating: taken, as: UTF8.self) else {
                    throw ContentError(.encoding, file: file, line: line, "the line is not valid UTF-8")
                }
                return text
            }
            if bytes[position] == UInt8(ascii: "\n") { line += 1 }
            position += 1
        }
        throw error("the file ends before \(String(decoding: end, as: UTF8.self))")
    }

    private mutating func consume(_ token: String) -> Bool {
        guard bytes[position...].starts(with: token.utf8) else { return false }
        position += token.utf8.count
        return true
    }

    private mutating func skipWhiteSpace() {
        while position < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[position]) {
            if bytes[position] == 0x0A { line += 1 }
            position += 1
        }
    }

    private func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."),
            UInt8(ascii: ":"):
            true
        default: false
        }
    }

    private func error(_ reason: String) -> ContentError {
        ContentError(.format, file: file, line: line, reason)
    }
}

/// An element's attributes, read with errors that name the line.
struct XMLAttributes {
    let element: String
    let attributes: [String: String]
    let file: String
    let line: Int

    func string(_ name: String) throws(ContentError) -> String {
        guard let value = attributes[name] else {
            throw ContentError(.format, file: file, line: line, "<\(element)> lacks the attribute \(name)")
        }
        return value
    }

    func int(_ name: String) throws(ContentError) -> Int {
        let value = try string(name)
        guard let number = strictDecimal(value.utf8) else {
            throw ContentError(.format, file: file, line: line, "\(name)=\"\(value.prefix(100))\" is not a number")
        }
        return number
    }

    func ayahKey() throws(ContentError) -> AyahKey {
        let (surah, ayah) = (try int("sura"), try int("aya"))
        guard let key = SurahNumber(surah).flatMap({ AyahKey(surah: $0, ayah: ayah) }) else {
            throw ContentError(.format, file: file, line: line, "there is no ayah \(surah):\(ayah)")
        }
        return key
    }
}
