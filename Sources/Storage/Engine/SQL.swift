/// A value bound to a statement. Both engines store these alike.
public enum SQLValue: Hashable, Sendable {
    case null
    case integer(Int64)
    case text(String)
}

/// One SQL statement with its values, written as a string literal whose interpolations *bind* rather than splice:
///
/// ```swift
/// let sql: SQL = "SELECT text FROM ayah_texts WHERE edition = \(edition.name) AND ayah = \(number)"
/// ```
///
/// It is written in the subset of SQL that SQLite and PostgreSQL share; each engine renders its own placeholders.
public struct SQL: ExpressibleByStringInterpolation, Sendable, Hashable {
    fileprivate enum Piece: Hashable {
        case text(String)
        case value(SQLValue)
    }

    fileprivate var pieces: [Piece]

    public init(stringLiteral value: String) { pieces = [.text(value)] }

    public init(stringInterpolation: StringInterpolation) { pieces = stringInterpolation.pieces }

    /// The values in the order of their placeholders.
    public var values: [SQLValue] {
        pieces.compactMap { piece in
            if case .value(let value) = piece { value } else { nil }
        }
    }

    /// The statement's text with `prefix` and the value's position (from 1) for each value: `$1` or `?1`.
    public func text(placeholderPrefix prefix: Character) -> String {
        var text = ""
        var position = 0
        for piece in pieces {
            switch piece {
            case .text(let literal): text += literal
            case .value:
                position += 1
                text.append(prefix)
                text += String(position)
            }
        }
        return text
    }

    public struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var pieces: [Piece] = []

        public init(literalCapacity: Int, interpolationCount: Int) {
            pieces.reserveCapacity(interpolationCount * 2 + 1)
        }

        public mutating func appendLiteral(_ literal: String) {
            if !literal.isEmpty { pieces.append(.text(literal)) }
        }

        public mutating func appendInterpolation(_ value: SQLValue) { pieces.append(.value(value)) }

        public mutating func appendInterpolation(_ value: Int) { pieces.append(.value(.integer(Int64(value)))) }

        public mutating func appendInterpolation(_ value: Int?) {
            pieces.append(.value(value.map { .integer(Int64($0)) } ?? .null))
        }

        public mutating func appendInterpolation(_ value: Bool) { pieces.append(.value(.integer(value ? 1 : 0))) }

        public mutating func appendInterpolation(_ value: String) { pieces.append(.value(.text(value))) }

        public mutating func appendInterpolation(_ value: String?) {
            pieces.append(.value(value.map(SQLValue.text) ?? .null))
        }

        /// A part of a statement, with its own values.
        public mutating func appendInterpolation(_ sql: SQL) { pieces += sql.pieces }

        /// A list of values between parentheses: `WHERE tag IN \(list: tags)`. An empty list matches nothing.
        public mutating func appendInterpolation(list values: some Sequence<String>) {
            append(row: values.map(SQLValue.text), empty: "(NULL)")
        }

        /// The same of numbers.
        public mutating func appendInterpolation(numbers values: some Sequence<Int>) {
            append(row: values.map { SQLValue.integer(Int64($0)) }, empty: "(NULL)")
        }

        /// Rows for `VALUES`: `(…), (…)`.
        public mutating func appendInterpolation(rows: some Sequence<[SQLValue]>) {
            for (index, row) in rows.enumerated() {
                if index > 0 { appendLiteral(", ") }
                append(row: row, empty: "()")
            }
        }

        private mutating func append(row: [SQLValue], empty: String) {
            guard !row.isEmpty else { return appendLiteral(empty) }
            for (index, value) in row.enumerated() {
                appendLiteral(index == 0 ? "(" : ", ")
                pieces.append(.value(value))
            }
            appendLiteral(")")
        }
    }
}
