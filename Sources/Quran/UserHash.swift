/// How a user is known in the store and the cache: a hash of the token's subject, so that neither holds personal data.
public struct UserHash: Hashable, Sendable, CustomStringConvertible {
    public let description: String

    /// - Parameter text: 32 hexadecimal digits in lower case.
    public init?(_ text: String) {
        let digits = text.utf8
        let isHexadecimal = digits.allSatisfy {
            UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 || UInt8(ascii: "a")...UInt8(ascii: "f") ~= $0
        }
        guard digits.count == 32, isHexadecimal else { return nil }
        description = text
    }
}
