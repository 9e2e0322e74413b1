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
}
