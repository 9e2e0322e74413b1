/// A statement's parameters in the shape that libpq takes: one run of bytes, every text ended by a NUL.
struct ParameterBuffer: ~Copyable {
    private var bytes: [UInt8] = []
    private var offsets: [Int?] = []
    private var lengths: [Int32] = []
    private var formats: [Int32] = []

    /// - Throws: `.invalidParameter` for more than 65535 parameters, a text with a NUL, or more than 1 GB.
    init(_ values: [PostgresValue], at site: CallSite) throws(PostgresError) {
        guard values.count <= Int(UInt16.max) else {
            throw PostgresError(.invalidParameter, "\(values.count) parameters, 65535 are possible", at: site)
        }
        offsets.reserveCapacity(values.count)
        lengths.reserveCapacity(values.count)
        formats.reserveCapacity(values.count)
        for (index, value) in values.enumerated() {
            switch value {
            case .null: append(nil)
            case .bool(let value): append(value ? "t" : "f")
            case .int(let value): append(String(value))
            case .double(let value): append(value.description)
            case .text(let value):
                let start = bytes.count
                append(value)
                guard !bytes[start..<(bytes.count - 1)].contains(0) else {
                    throw PostgresError(
                        .invalidParameter, "the text of parameter $\(index + 1) contains a NUL", at: site)
                }
            case .bytes(let value):
                offsets.append(bytes.count)
                bytes.append(contentsOf: value)
                bytes.append(0)
                lengths.append(Int32(clamping: value.count))
                formats.append(1)
            }
            guard bytes.count < 1 << 30 else {
                throw PostgresError(.invalidParameter, "the parameters are larger than 1 GB", at: site)
            }
        }
    }

    private mutating func append(_ text: String?) {
        formats.append(0)
        guard let text else {
            offsets.append(nil)
            lengths.append(0)
            return
        }
        offsets.append(bytes.count)
        bytes.append(contentsOf: text.utf8)
        lengths.append(Int32(clamping: bytes.count - (offsets[offsets.count - 1] ?? 0)))
        bytes.append(0)
    }

    /// Calls `body` with the count, values, lengths and formats, which are valid during the call only.
    borrowing func withPointers<R>(
        _ body: (Int32, UnsafePointer<UnsafePointer<CChar>?>?, UnsafePointer<Int32>?, UnsafePointer<Int32>?) -> R
    ) -> R {
        unsafe bytes.withUnsafeBytes { bytes in
            let base = unsafe bytes.bindMemory(to: CChar.self).baseAddress
            return unsafe withUnsafeTemporaryAllocation(of: UnsafePointer<CChar>?.self, capacity: offsets.count) {
                pointers in
                for (index, offset) in offsets.enumerated() {
                    var pointer: UnsafePointer<CChar>?
                    if let offset, let base = unsafe base { unsafe pointer = base + offset }
                    unsafe pointers.initializeElement(at: index, to: pointer)
                }
                return unsafe lengths.withUnsafeBufferPointer { lengths in
                    unsafe formats.withUnsafeBufferPointer { formats in
                        unsafe body(
                            Int32(offsets.count), UnsafePointer(pointers.baseAddress), lengths.baseAddress,
                            formats.baseAddress)
                    }
                }
            }
        }
    }
}
