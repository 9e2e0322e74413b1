import HTTPTypes

/// The name of a field, also as it begins a line.
struct FieldName: Sendable {
    let name: HTTPField.Name
    let lineStart: String

    /// Of the standard's own names.
    init(_ name: HTTPField.Name) {
        self.name = name
        lineStart = "\(name.rawName): "
    }

    /// - Returns: `nil` if the text is no name.
    init?(_ text: String) {
        guard let name = HTTPField.Name(text) else { return nil }
        self.init(name)
    }
}

/// Takes the fields of a head, the values in pieces: so they are the same whether they become values or bytes.
protocol FieldWriter {
    mutating func begin(_ name: FieldName)
    mutating func text(_ text: String)
    /// Names with spaces between them, with another separator instead.
    mutating func list(_ names: String, separator: UInt8)
    mutating func number(_ number: Int64)
    /// - Parameter seconds: since 1970.
    mutating func date(_ seconds: Int64)
    mutating func end()
}

extension FieldWriter {
    mutating func field(_ name: FieldName, _ value: String) {
        begin(name)
        text(value)
        end()
    }
}

/// Makes values of fields.
struct HTTPFieldsWriter: FieldWriter {
    private(set) var fields = HTTPFields()
    private var current: (name: HTTPField.Name, value: String)?

    mutating func begin(_ name: FieldName) { current = (name.name, "") }
    mutating func text(_ text: String) { current?.value += text }
    mutating func list(_ names: String, separator: UInt8) {
        current?.value += names.split(separator: " ").joined(separator: String(UnicodeScalar(separator)))
    }
    mutating func number(_ number: Int64) { current?.value += String(number) }
    mutating func date(_ seconds: Int64) { current?.value += HTTPDate.text(seconds) }
    mutating func end() {
        if let current { fields.append(HTTPField(name: current.name, value: current.value)) }
        current = nil
    }
}

/// Makes the bytes of a head of HTTP/1.1, in room that was made for it.
struct HeadBytesWriter: FieldWriter {
    private let room: UnsafeMutableRawBufferPointer
    private let dates: DateTexts
    private(set) var count = 0
    /// Whether it did not fit: what was written is of no use then.
    private(set) var isOverfull = false

    init(_ room: UnsafeMutableRawBufferPointer, dates: DateTexts) {
        self.room = room
        self.dates = dates
    }

    mutating func begin(_ name: FieldName) { text(name.lineStart) }

    mutating func text(_ text: String) {
        var text = text
        text.withUTF8 { append(UnsafeRawBufferPointer($0)) }
    }

    private mutating func append(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count <= room.count - count else {
            isOverfull = true
            return
        }
        UnsafeMutableRawBufferPointer(rebasing: room[count...]).copyMemory(from: bytes)
        count += bytes.count
    }

    mutating func list(_ names: String, separator: UInt8) {
        let start = count
        text(names)
        for index in start..<count where room[index] == UInt8(ascii: " ") { room[index] = separator }
    }

    mutating func number(_ number: Int64) {
        guard number >= 0, number < 10_000_000 else { return text(String(number)) }
        // Ages, lengths and times: from the last digit on.
        var digits = InlineArray<7, UInt8>(repeating: 0)
        var (rest, start) = (Int(number), digits.count)
        repeat {
            start -= 1
            digits[start] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        } while rest > 0
        guard digits.count - start <= room.count - count else {
            isOverfull = true
            return
        }
        for index in start..<digits.count {
            room[count] = digits[index]
            count += 1
        }
    }

    mutating func date(_ seconds: Int64) { text(dates.text(of: seconds)) }

    mutating func end() { text("\r\n") }
}
