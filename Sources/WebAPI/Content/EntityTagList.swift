/// The entity tags of `If-Match` or `If-None-Match` (RFC 9110, section 8.8.3), read as far as they are well-formed.
struct EntityTagList<Bytes: Collection> where Bytes.Element == UInt8, Bytes.SubSequence == Bytes {
    private let bytes: Bytes

    /// - Parameter bytes: of the field, of which several lines are joined by commas.
    init(bytes: Bytes) { self.bytes = bytes }

    /// Whether one of them is, or all are, some tag.
    ///
    /// - Parameters:
    ///   - tag: without its quotes, in two pieces.
    ///   - isWeak: whether it counts also if the client's is weak.
    func contains(_ tag: String, _ suffix: String, weakly isWeak: Bool) -> Bool {
        var rest = bytes
        func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
        if bytes.contains(UInt8(ascii: "*")), bytes.filter({ !isBlank($0) }) == [UInt8(ascii: "*")] { return true }
        while true {
            rest = rest.drop { isBlank($0) || $0 == UInt8(ascii: ",") }
            let counts = isWeak || rest.first != UInt8(ascii: "W")
            if rest.starts(with: "W/".utf8) { rest = rest.dropFirst(2) }
            guard rest.first == UInt8(ascii: "\"") else { return false }
            let opaque = rest.dropFirst()
            guard let end = opaque.firstIndex(of: UInt8(ascii: "\"")) else { return false }
            let found = opaque[..<end]
            if counts, found.starts(with: tag.utf8), found.dropFirst(tag.utf8.count).elementsEqual(suffix.utf8) {
                return true
            }
            rest = opaque[opaque.index(after: end)...]
        }
    }
}

extension EntityTagList<Substring.UTF8View> {
    /// - Parameter value: of the field, of which several lines are joined by commas.
    init(_ value: String) { self.init(bytes: value[...].utf8) }
}
