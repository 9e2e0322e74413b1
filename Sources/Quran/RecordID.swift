/// The name of something that a user made, chosen by the user's client: a UUID, a ULID, or any other short word.
public struct RecordID: Hashable, Sendable, CustomStringConvertible {
    public let name: String

    public static let allowed = "1 to 64 letters, digits, “-” and “_”"

    public init?(_ name: some StringProtocol) {
        let isWord = name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                true
            default: false
            }
        }
        guard isWord, (1...64).contains(name.utf8.count) else { return nil }
        self.name = String(name)
    }

    /// The bytes in hexadecimal digits.
    ///
    /// - Parameter bytes: 1 to 32.
    public init(bytes: some Collection<UInt8>) {
        precondition((1...32).contains(bytes.count), "1 to 32 bytes")
        name = bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }

    /// One that nobody else has: 128 random bits.
    public static func random() -> RecordID { RecordID(bytes: (0..<16).map { _ in UInt8.random(in: 0...255) }) }

    public var description: String { name }
}
