/// A pattern for keys as Redis understands it: `*`, `?`, `[a-z]`, `[^a]`, and `\` before a character that stands for itself.
public struct RedisGlob: Sendable, Hashable, ExpressibleByStringLiteral, CustomStringConvertible {
    public let pattern: String

    public init(_ pattern: String) {
        self.pattern = pattern
    }

    public init(stringLiteral value: String) {
        self.init(value)
    }

    /// A pattern that matches this text only.
    public static func literal(_ text: String) -> RedisGlob {
        var pattern = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            if "*?[]^-\\".unicodeScalars.contains(scalar) { pattern.append("\\") }
            pattern.append(scalar)
        }
        return RedisGlob(String(pattern))
    }

    public static func + (left: RedisGlob, right: RedisGlob) -> RedisGlob {
        RedisGlob(left.pattern + right.pattern)
    }

    public var description: String { pattern }
}
