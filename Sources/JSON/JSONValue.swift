import NIOCore

/// A value that somebody sent, as JSON has it (RFC 8259).
///
/// Names of members are Swift strings, so names that are canonically equivalent are the same name.
package enum JSONValue: Sendable {
    case null
    case bool(Bool)
    /// As near as a `Double` comes to it; infinite for what is beyond its range.
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object([String: JSONValue])

    package var object: [String: JSONValue]? { if case .object(let members) = self { members } else { nil } }

    package var array: [JSONValue]? { if case .array(let elements) = self { elements } else { nil } }

    package var string: String? { if case .string(let text) = self { text } else { nil } }

    package var number: Double? { if case .number(let number) = self { number } else { nil } }

    /// `nil` also for a number that is not whole, or too large to be exact.
    package var int: Int? { number.flatMap { abs($0) < 0x1p53 ? Int(exactly: $0) : nil } }

    package var isTrue: Bool { if case .bool(true) = self { true } else { false } }

    /// Whether it is this string, byte for byte. Swift's `==` would take canonically equivalent ones for the same.
    package func isString(_ text: String) -> Bool { string.map { $0.utf8.elementsEqual(text.utf8) } ?? false }
}

extension JSONValue {
    /// The value with the members of objects in the order of their names: the same text for the same value.
    package var canonicalText: String {
        var json = JSONWriter()
        json.value(self)
        return String(buffer: json.buffer)
    }
}

extension JSONWriter {
    /// Writes members of objects in the order of their names, and whole numbers without a fraction.
    package mutating func value(_ value: JSONValue) {
        switch value {
        case .null: null()
        case .bool(let bool): self.value(bool)
        case .number(let number): self.value(number)
        case .string(let text): self.value(text)
        case .array(let elements): array(elements) { $0.value($1) }
        case .object(let members):
            object { json in
                for (name, value) in members.sorted(by: { $0.key < $1.key }) {
                    json.key(name)
                    json.value(value)
                }
            }
        }
    }
}
