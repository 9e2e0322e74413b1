/// CRC-32C (Castagnoli), as in RFC 3720 appendix B.4: what entries in the shared tier are checked with.
struct CRC32C {
    private var state = ~UInt32(0)

    /// The checksum of all bytes so far.
    var value: UInt32 { ~state }

    mutating func update(_ bytes: some Collection<UInt8>) {
        let done: Void? = bytes.withContiguousStorageIfAvailable { update(contiguous: $0) }
        if done == nil { Array(bytes).withUnsafeBufferPointer { update(contiguous: $0) } }
    }

    /// Eight tables of 256, one after another: the first is the usual one; entry b of table k advances byte b over k
    /// further zero bytes ("slicing by 8").
    private static let tables: [UInt32] = {
        let polynomial: UInt32 = 0x82F6_3B78
        var tables = (UInt32(0)..<256).map { byte in
            (0..<8).reduce(byte) { crc, _ in crc & 1 == 1 ? (crc >> 1) ^ polynomial : crc >> 1 }
        }
        for index in 256..<8 * 256 {
            let crc = tables[index - 256]
            tables.append(tables[Int(crc & 0xFF)] ^ (crc >> 8))
        }
        return tables
    }()

    private mutating func update(contiguous bytes: UnsafeBufferPointer<UInt8>) {
        state = Self.tables.withUnsafeBufferPointer { tables in
            let raw = UnsafeRawBufferPointer(bytes)
            var crc = state
            var index = 0
            while index + 8 <= raw.count {
                let word = UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: index, as: UInt64.self)) ^ UInt64(crc)
                let near = tables[0x700 + Int(word & 0xFF)] ^ tables[0x600 + Int(word >> 8 & 0xFF)]
                let middle = tables[0x500 + Int(word >> 16 & 0xFF)] ^ tables[0x400 + Int(word >> 24 & 0xFF)]
                let far = tables[0x300 + Int(word >> 32 & 0xFF)] ^ tables[0x200 + Int(word >> 40 & 0xFF)]
                crc = near ^ middle ^ far ^ tables[0x100 + Int(word >> 48 & 0xFF)] ^ tables[Int(word >> 56)]
                index += 8
            }
            while index < raw.count {
                crc = tables[Int((crc ^ UInt32(raw[index])) & 0xFF)] ^ (crc >> 8)
                index += 1
            }
            return crc
        }
    }
}
