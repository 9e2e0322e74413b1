/// A pattern of key names: `*` is any run of characters, `?` any one, `\` takes the next literally.
public struct GlobPattern: Sendable, Hashable {
    private enum Token: Hashable {
        case literal(UInt8)
        case any
        case run
    }

    private let tokens: [Token]

    /// A pattern that matches one text alone.
    public static func escaping(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.flatMap { #"*?\"#.unicodeScalars.contains($0) ? ["\\", $0] : [$0] }))
    }

    public init(_ pattern: String) {
        var tokens: [Token] = []
        var bytes = pattern.utf8.makeIterator()
        while let byte = bytes.next() {
            switch byte {
            case UInt8(ascii: "*"):
                if tokens.last != .run { tokens.append(.run) }
            case UInt8(ascii: "?"): tokens.append(.any)
            case UInt8(ascii: "\\"): tokens.append(.literal(bytes.next() ?? byte))
            default: tokens.append(.literal(byte))
            }
        }
        self.tokens = tokens
    }

    /// Takes time proportional to the product of the two lengths at worst.
    public func matches(_ text: String) -> Bool {
        let text = Array(text.utf8)
        var (position, token) = (0, 0)
        // Where to resume if what follows the last run does not match.
        var resume: (position: Int, token: Int)?
        while position < text.count {
            if token < tokens.count, tokens[token] == .run {
                resume = (position, token)
                token += 1
            } else if token < tokens.count, tokens[token] == .any || tokens[token] == .literal(text[position]) {
                position += 1
                token += 1
            } else if let last = resume {
                resume = (last.position + 1, last.token)
                position = last.position + 1
                token = last.token + 1
            } else {
                return false
            }
        }
        return tokens[token...].allSatisfy { $0 == .run }
    }
}
