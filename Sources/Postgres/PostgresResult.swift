private import CLibpq

/// The rows of one statement, or the number of rows it changed.
///
/// Rows and columns count from 0; one out of range is a programming error and stops the program, as with an array.
@safe public final class PostgresResult {
    private let result: OpaquePointer
    /// The number of rows.
    public let count: Int
    /// The number of columns.
    public let columnCount: Int

    /// Takes over `result`.
    init(_ result: OpaquePointer) {
        unsafe self.result = result
        count = unsafe Int(PQntuples(result))
        columnCount = unsafe Int(PQnfields(result))
    }

    deinit {
        unsafe PQclear(result)
    }

    /// The columns' names, as the statement gives them.
    public var columnNames: [String] {
        (0..<columnCount).map { column in
            guard let name = unsafe PQfname(result, Int32(column)) else { return "" }
            return unsafe String(cString: name)
        }
    }

    /// Rows that the statement inserted, updated, deleted, moved or selected; 0 for other statements.
    public var affectedRows: Int {
        guard let text = unsafe PQcmdTuples(result) else { return 0 }
        return unsafe Int(String(cString: text)) ?? 0
    }

    /// The server's name for what was done, such as `COMMIT` or `INSERT 0 1`.
    var commandTag: String {
        guard let tag = unsafe PQcmdStatus(result) else { return "" }
        return unsafe String(cString: tag)
    }

    /// Whether the field is `NULL`.
    public func isNull(_ row: Int, _ column: Int) -> Bool {
        checkRange(row, column)
        return unsafe PQgetisnull(result, Int32(row), Int32(column)) == 1
    }

    /// Calls `body` with the field's bytes as the server sent them: UTF-8 for text, digits for numbers, `\x…` for bytea.
    /// Nothing is copied and no `String` is made.
    /// - Throws: ``PostgresError`` with `.unexpectedResult` for `NULL`; what `body` throws.
    public func withUTF8<R>(
        _ row: Int, _ column: Int, file: String = #fileID, line: Int = #line, _ body: (Span<UInt8>) throws -> R
    ) throws -> R {
        guard let buffer = unsafe buffer(row, column) else {
            throw unexpected("is NULL", row, column, CallSite(file: file, line: line))
        }
        return unsafe try body(buffer.span)
    }

    /// The field's bytes, or nil for `NULL`. Valid as long as this object; libpq puts a NUL behind them.
    func buffer(_ row: Int, _ column: Int) -> UnsafeBufferPointer<UInt8>? {
        guard !isNull(row, column), let value = unsafe PQgetvalue(result, Int32(row), Int32(column)) else { return nil }
        let length = unsafe Int(PQgetlength(result, Int32(row), Int32(column)))
        return unsafe UnsafeBufferPointer(
            start: UnsafeRawPointer(value).assumingMemoryBound(to: UInt8.self), count: length)
    }

    /// An error that names the place, never the value.
    func unexpected(_ what: String, _ row: Int, _ column: Int, _ site: CallSite) -> PostgresError {
        PostgresError(.unexpectedResult, "column \"\(columnNames[column])\" of row \(row) \(what)", at: site)
    }

    private func checkRange(_ row: Int, _ column: Int) {
        precondition(
            row >= 0 && row < count && column >= 0 && column < columnCount, "row or column of a result is out of range")
    }
}

@available(*, unavailable)
extension PostgresResult: Sendable {}
