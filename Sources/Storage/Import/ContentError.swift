/// Why published content was refused. Nothing of a refused set is stored.
public struct ContentError: Error, Sendable, Hashable, CustomStringConvertible {
    public enum Code: String, Sendable {
        /// The file or folder can't be read.
        case unreadable
        /// Not UTF-8, or a character that no text of this field has.
        case encoding
        /// A line or element that is not of the format.
        case format
        /// A row that is missing, doubled or out of order, or has no text.
        case incomplete
        /// The content is complete but is not the one that is pinned.
        case hashMismatch
        /// The content contradicts the facts in `seed-data`.
        case contradiction
    }

    public let code: Code
    public let file: String
    /// From 1; `nil` where the whole file is meant.
    public let line: Int?
    public let reason: String
    /// What else is wrong with the same file, in its order. With the first there are at most ``limit``.
    public let further: [ContentError]

    /// After so many errors in a file no more are told.
    public static let limit = 100

    public init(_ code: Code, file: String, line: Int? = nil, _ reason: String, further: [ContentError] = []) {
        self.code = code
        self.file = file
        self.line = line
        self.reason = reason
        self.further = further
    }

    public var description: String { "\(file)\(line.map { ":\($0)" } ?? ""): \(reason)" }
}
