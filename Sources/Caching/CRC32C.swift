/// CRC-32C (Castagnoli), as in RFC 3720 appendix B.4: what entries in the shared tier are checked with.
struct CRC32C {
    private var state = ~UInt32(0)

    /// The checksum of all bytes so far.
    var value: UInt32 { ~state }

    mutating func update(_ bytes: some Collection<UInt8>) {
        let done: Void? = bytes.withContiguousStorageIfAvailable { update(contiguous: $0) }
        if done == nil { Array(bytes).withUnsafeBufferPointer { update(contiguous: $0) } }
    }

    /// `tables[0]` is the usual table; `tables[k][b]` advances byte b over k further zero bytes ("slicing by 8").
    private static let tables: [[UInt32]] = {
        let polynomial: UInt32 = 0x82F6_3B78
        var first: [UInt32] = []
        for byte in UInt32(0)..<256 {
            var crc = byte
            for _ in 0..<8 { crc = crc & 1 == 1 ? (crc >> 1) ^ polynomial : crc >> 1 }
            first.append(crc)
        }
        var tables = [first]
        for _ in 1..<8 {
            let last = tables[tables.count - 1]
            tables.append(last.map { (crc: UInt32) -> UInt32 in first[Int(crc & 0xFF)] ^ (crc >> 8) })
        }
        return tables
    }()

    private mutating func update(contiguous bytes: UnsafeBufferPointer<UInt8>) {
        let t = Self.tables
        var crc = state
        var index = 0
        while index + 8 <= bytes.count {
            var word = crc ^ UInt32(bytes[index])
            word ^= UInt32(bytes[index + 1]) << 8
            word ^= UInt32(bytes[index + 2]) << 16
            word ^= UInt32(bytes[index + 3]) << 24
            crc = t[7][Int(word & 0xFF)] ^ t[6][Int(word >> 8 & 0xFF)]
            crc ^= t[5][Int(word >> 16 & 0xFF)] ^ t[4][Int(word >> 24)]
            crc ^= t[3][Int(bytes[index + 4])] ^ t[2][Int(bytes[index + 5])]
            crc ^= t[1][Int(bytes[index + 6])] ^ t[0][Int(bytes[index + 7])]
            index += 8
        }
        while index < bytes.count {
            crc = t[0][Int((crc ^ UInt32(bytes[index])) & 0xFF)] ^ (crc >> 8)
            index += 1
        }
        state = crc
    }
}
