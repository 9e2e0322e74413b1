import Foundation

/// Where the benchmarks write: results to standard output, everything else to standard error.
enum Console {
    static func note(_ line: String) { FileHandle.standardError.write(Data("\(line)\n".utf8)) }

    /// Prints one JSON value, its members in alphabetical order and in snake case.
    static func printJSON(_ value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        print(String(decoding: try encoder.encode(value), as: UTF8.self))
    }
}

extension Double {
    /// The number with so many decimals, on the left as many spaces as fill a column.
    func text(decimals: Int, width: Int = 0) -> String { String(format: "%\(width).\(decimals)f", self) }
}

extension String {
    /// The text with spaces on the left, as many as fill a column.
    func right(in width: Int) -> String { String(repeating: " ", count: max(width - count, 0)) + self }

    /// The text with spaces on the right, as many as fill a column.
    func left(in width: Int) -> String { self + String(repeating: " ", count: max(width - count, 0)) }
}
