private import CLibpq

extension PostgresResult {
    /// A field of an integer type.
    /// - Throws: ``PostgresError`` with `.unexpectedResult` for `NULL` and for what isn't a whole number of 64 bits.
    public func int(
        _ row: Int, _ column: Int, file: String = #fileID, line: Int = #line
    ) throws(PostgresError) -> Int64 {
        let site = CallSite(file: file, line: line)
        let digits = unsafe try field(row, column, site)
        var value: Int64 = 0
        var index = 0
        let isNegative = unsafe digits.first == 0x2D
        if isNegative { index = 1 }
        guard index < digits.count else { throw unexpected("is no integer", row, column, site) }
        while index < digits.count {
            let digit = unsafe Int64(digits[index]) - 0x30
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, overflow2) = product.subtractingReportingOverflow(digit)
            guard 0...9 ~= digit, !overflow, !overflow2 else { throw unexpected("is no integer", row, column, site) }
            value = sum
            index += 1
        }
        // Summed up as a negative number, which reaches one further.
        guard isNegative || value != .min else { throw unexpected("is no integer", row, column, site) }
        return isNegative ? value : -value
    }

    /// A field of a floating-point or other numeric type.
    /// - Throws: ``PostgresError`` with `.unexpectedResult` for `NULL` and for what isn't a number.
    public func double(
        _ row: Int, _ column: Int, file: String = #fileID, line: Int = #line
    ) throws(PostgresError) -> Double {
        let site = CallSite(file: file, line: line)
        guard let value = try Double(text(row, column, file: file, line: line)) else {
            throw unexpected("is no number", row, column, site)
        }
        return value
    }

    /// A field of type boolean.
    /// - Throws: ``PostgresError`` with `.unexpectedResult` for `NULL` and for anything but `t` and `f`.
    public func bool(
        _ row: Int, _ column: Int, file: String = #fileID, line: Int = #line
    ) throws(PostgresError) -> Bool {
        let site = CallSite(file: file, line: line)
        let field = unsafe try field(row, column, site)
        switch unsafe (field.count, field.first) {
        case (1, 0x74): return true
        case (1, 0x66): return false
        default: throw unexpected("is no boolean", row, column, site)
        }
    }

    /// A field as text, of whatever type.
    /// - Throws: ``PostgresError`` with `.unexpectedResult` for `NULL` and for what isn't UTF-8, which a database with
    ///   the encoding `SQL_ASCII` can hold; nothing is repaired.
    public func text(
        _ row: Int, _ column: Int, file: String = #fileID, line: Int = #line
    ) throws(PostgresError) -> String {
        let site = CallSite(file: file, line: line)
        let field = unsafe try field(row, column, site)
        do throws(UTF8.ValidationError) {
            return String(copying: try UTF8Span(validating: unsafe field.span))
        } catch {
            throw unexpected("is not UTF-8", row, column, site)
        }
    }

    /// A field of type bytea.
    /// - Throws: ``PostgresError`` with `.unexpectedResult` for `NULL` and for what isn't bytea.
    public func bytes(
        _ row: Int, _ column: Int, file: String = #fileID, line: Int = #line
    ) throws(PostgresError) -> [UInt8] {
        let site = CallSite(file: file, line: line)
        let field = unsafe try field(row, column, site)
        guard unsafe field.count >= 2 && field[0] == 0x5C && field[1] == 0x78 else {
            guard let bytes = unsafe Self.unescape(field) else { throw unexpected("is no bytea", row, column, site) }
            return bytes
        }
        guard let bytes = unsafe Self.decodeHex(field) else { throw unexpected("is no bytea", row, column, site) }
        return bytes
    }

    private func field(
        _ row: Int, _ column: Int, _ site: CallSite
    ) throws(PostgresError) -> UnsafeBufferPointer<UInt8> {
        guard let buffer = unsafe buffer(row, column) else { throw unexpected("is NULL", row, column, site) }
        return unsafe buffer
    }

    /// `\x` and two hexadecimal digits a byte: `bytea_output = hex`, PostgreSQL's default.
    private static func decodeHex(_ field: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
        guard field.count.isMultiple(of: 2) else { return nil }
        var isValid = true
        let length = field.count / 2 - 1
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: length) { output, count in
            count = length
            for index in 0..<length {
                let high = unsafe nibble(field[2 + 2 * index])
                let low = unsafe nibble(field[3 + 2 * index])
                if high | low > 15 { isValid = false }
                unsafe output.initializeElement(at: index, to: high << 4 | low)
            }
        }
        return isValid ? bytes : nil
    }

    private static func nibble(_ digit: UInt8) -> UInt8 {
        switch digit {
        case 0x30...0x39: digit - 0x30
        case 0x61...0x66: digit - 0x61 + 10
        case 0x41...0x46: digit - 0x41 + 10
        default: 0xFF
        }
    }

    /// `bytea_output = escape`.
    private static func unescape(_ field: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
        var length = 0
        guard let bytes = unsafe PQunescapeBytea(field.baseAddress, &length) else { return nil }
        defer { unsafe PQfreemem(bytes) }
        return unsafe Array(UnsafeBufferPointer(start: bytes, count: length))
    }
}
