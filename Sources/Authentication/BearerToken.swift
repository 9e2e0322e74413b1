/// The token of a request. Prints as nothing of itself.
public struct BearerToken: Sendable {
    let value: String

    /// Takes the token from the value of an `Authorization` header: `Bearer`, in any case, spaces, and one token (RFC 6750,
    /// section 2.1; RFC 9110, section 11.4).
    ///
    /// - Parameter authorization: the value of the only such header, `nil` if there is none. Several that were joined with
    ///   commas are refused.
    /// - Throws: ``AuthenticationError``: `missing` without a header or with another scheme, `malformed` otherwise.
    public init(authorization: String?) throws(AuthenticationError) {
        guard let authorization else { throw Self.missing }
        let bytes = authorization.utf8
        let end = bytes.firstIndex(of: UInt8(ascii: " ")) ?? bytes.endIndex
        guard bytes[..<end].elementsEqual("bearer".utf8, by: { $0 | 0x20 == $1 }) else { throw Self.missing }
        let token = bytes[end...].drop { $0 == UInt8(ascii: " ") }
        guard Self.isToken(token) else {
            throw AuthenticationError(.malformed, "the Authorization header has not exactly one token after Bearer")
        }
        value = String(Substring(token))
    }

    private static var missing: AuthenticationError { AuthenticationError(.missing, "no bearer token was sent") }

    /// Whether it is the `b64token` of RFC 6750, section 2.1.
    private static func isToken(_ bytes: Substring.UTF8View) -> Bool {
        let rest = bytes.drop { byte in
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"), UInt8(ascii: "+"), UInt8(ascii: "/"):
                true
            default: false
            }
        }
        return rest.startIndex > bytes.startIndex && rest.allSatisfy { $0 == UInt8(ascii: "=") }
    }
}

extension BearerToken: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "<token>" }

    public var debugDescription: String { description }

    public var customMirror: Mirror { Mirror(self, children: []) }
}
