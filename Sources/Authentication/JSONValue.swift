/// A value of a token or a key set, as JSON has it (RFC 8259).
///
/// Names of members are Swift strings, so names that are canonically equivalent are the same name.
enum JSONValue: Sendable {
    case null
    case bool(Bool)
    /// As near as a `Double` comes to it; infinite for what is beyond its range.
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object([String: JSONValue])

    var object: [String: JSONValue]? { if case .object(let members) = self { members } else { nil } }

    var array: [JSONValue]? { if case .array(let elements) = self { elements } else { nil } }

    var string: String? { if case .string(let text) = self { text } else { nil } }

    var number: Double? { if case .number(let number) = self { number } else { nil } }

    var isTrue: Bool { if case .bool(true) = self { true } else { false } }

    /// Whether it is this string, byte for byte. Swift's `==` would take canonically equivalent ones for the same.
    func isString(_ text: String) -> Bool { string.map { $0.utf8.elementsEqual(text.utf8) } ?? false }
}
