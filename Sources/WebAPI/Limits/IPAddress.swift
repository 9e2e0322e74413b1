public import NIOCore

/// An address of IPv4 or IPv6, without port and zone. One of IPv4 that is mapped into IPv6 is the same as that of IPv4.
public struct IPAddress: Hashable, Sendable {
    /// The 128 bits of an IPv6 address; one of IPv4 is ::ffff:a.b.c.d.
    let high: UInt64
    let low: UInt64

    init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    private init(v4: UInt32) { self.init(high: 0, low: 0xFFFF_0000_0000 | UInt64(v4)) }

    var isIPv4: Bool { high == 0 && low >> 32 == 0xFFFF }

    var isLoopback: Bool { isIPv4 ? low & 0xFF00_0000 == 0x7F00_0000 : high == 0 && low == 1 }

    /// - Parameter text: `192.0.2.1` or `2001:db8::1`, as RFC 3986 has them; no port, no brackets, no zone, no leading zeros.
    public init?(_ text: some StringProtocol) {
        guard (2...45).contains(text.utf8.count),
            text.utf8.allSatisfy({ byte in
                switch byte {
                case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
                    UInt8(ascii: "A")...UInt8(ascii: "F"), UInt8(ascii: "."), UInt8(ascii: ":"):
                    true
                default: false
                }
            })
        else { return nil }
        do {
            self.init(try SocketAddress(ipAddress: String(text), port: 0))
        } catch {
            return nil
        }
    }

    /// - Returns: `nil` for a socket that has no such address.
    public init?(_ address: SocketAddress) {
        let found: IPAddress? = address.withSockAddr { pointer, count in
            let bytes = UnsafeRawBufferPointer(start: pointer, count: count)
            func word<Word: FixedWidthInteger>(at offset: Int, as type: Word.Type) -> Word {
                Word(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: type))
            }
            // Behind family and port; in IPv6 behind the flow as well.
            return switch address {
            case .v4: IPAddress(v4: word(at: 4, as: UInt32.self))
            case .v6: IPAddress(high: word(at: 8, as: UInt64.self), low: word(at: 16, as: UInt64.self))
            case .unixDomainSocket: nil
            }
        }
        guard let found else { return nil }
        self = found
    }

    /// The address with all but its first bits zero.
    ///
    /// - Parameter bits: 0…128, counted as in IPv6.
    func masked(to bits: Int) -> IPAddress {
        func mask(_ bits: Int) -> UInt64 { bits <= 0 ? 0 : bits >= 64 ? .max : ~(.max >> UInt64(bits)) }
        return IPAddress(high: high & mask(bits), low: low & mask(bits - 64))
    }

    /// The network in which a provider gives one client its addresses: `192.0.2.0/24`, `2001:db8:1::/48`.
    var network: String { isIPv4 ? "\(masked(to: 96 + 24))/24" : "\(masked(to: 48))/48" }
}

extension IPAddress: CustomStringConvertible {
    public var description: String {
        if isIPv4 { return [24, 16, 8, 0].map { String(low >> UInt64($0) & 0xFF) }.joined(separator: ".") }
        var packed = ByteBuffer()
        packed.writeMultipleIntegers(high, low)
        do {
            return try SocketAddress(packedIPAddress: packed, port: 0).ipAddress ?? ""
        } catch {
            preconditionFailure("sixteen bytes are an address")
        }
    }
}

/// A range of addresses, in the notation of CIDR.
public struct IPNetwork: Hashable, Sendable {
    private let address: IPAddress
    /// Counted as in IPv6.
    private let bits: Int

    /// - Parameter text: `10.0.0.0/8`, `2001:db8::/32`, or one address. Bits beyond the prefix must be zero.
    public init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), let address = IPAddress(parts[0]) else { return nil }
        let isIPv4 = address.isIPv4 && !parts[0].contains(":")
        let width = isIPv4 ? 32 : 128
        var prefix = width
        if parts.count == 2 {
            guard (1...3).contains(parts[1].utf8.count), parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }),
                let number = Int(parts[1]), number <= width, number == 0 || parts[1].first != "0",
                parts[1].utf8.count == String(number).utf8.count
            else { return nil }
            prefix = number
        }
        bits = isIPv4 ? 96 + prefix : prefix
        guard address.masked(to: bits) == address else { return nil }
        self.address = address
    }

    func contains(_ other: IPAddress) -> Bool { other.masked(to: bits) == address }

    /// This machine.
    public static let loopback = ["127.0.0.0/8", "::1"].compactMap { IPNetwork($0) }
}
