import CXXHash
public import NIOCore

/// What tells whether bytes were damaged on their way: XXH3 of 64 bits, at the speed of memory. It keeps nobody out who changes them on
/// purpose.
public enum Checksum {
    /// That of the bytes, behind another one.
    ///
    /// - Parameter seed: the checksum of what stands before them; 0 for nothing.
    public static func of(_ bytes: ByteBuffer, seed: UInt64 = 0) -> UInt64 {
        unsafe bytes.withUnsafeReadableBytes { unsafe XXH3_64bits_withSeed($0.baseAddress, $0.count, seed) }
    }

    /// One of 128 bits, which no two bodies share unless somebody made them for that, as 32 hexadecimal digits.
    public static func digits(of bytes: ByteBuffer) -> String {
        let sum = unsafe bytes.withUnsafeReadableBytes { unsafe XXH3_128bits($0.baseAddress, $0.count) }
        return [sum.high64, sum.low64].map { half in
            let digits = String(half, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }
}
