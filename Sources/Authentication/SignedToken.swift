import JSON

/// A token that has the shape of a signed JWT: RFC 7515, section 7.1. Nothing in it is to be believed yet.
struct SignedToken {
    let algorithm: SignatureAlgorithm
    let keyID: KeyID?
    /// The bytes that the signature is over: header and payload as they were sent.
    let signingInput: ArraySlice<UInt8>
    let payload: [UInt8]
    let signature: [UInt8]

    /// Values of `typ` that a token for a request may have, in lower case, without `application/`. Others, such as
    /// `logout+jwt`, are signed by the same issuers for other ends (RFC 8725, section 3.11; RFC 9068, section 2.1).
    private static let types: Set = ["jwt", "at+jwt"]

    /// - Throws: ``AuthenticationError`` (`malformed`, `unsupportedAlgorithm`).
    init(_ token: [UInt8]) throws(AuthenticationError) {
        let parts = token.split(separator: UInt8(ascii: "."), maxSplits: 5, omittingEmptySubsequences: false)
        guard parts.count == 3 else {
            throw AuthenticationError(.malformed, "the token is not a signed JWT of three parts")
        }
        guard let header = Base64URL.decode(parts[0]), let payload = Base64URL.decode(parts[1]),
            let signature = Base64URL.decode(parts[2])
        else {
            throw AuthenticationError(.malformed, "a part of the token is not base64url")
        }
        guard let header = JSONReader.read(header)?.object else {
            throw AuthenticationError(.malformed, "the header of the token is not a JSON object")
        }
        algorithm = try Self.algorithm(of: header)
        keyID = try Self.keyID(of: header)
        try Self.checkExtensions(of: header)
        signingInput = token[..<parts[1].endIndex]
        self.payload = payload
        self.signature = signature
    }

    private static func algorithm(
        of header: [String: JSONValue]
    ) throws(AuthenticationError) -> SignatureAlgorithm {
        guard let name = header["alg"]?.string else {
            throw AuthenticationError(.malformed, "the token names no algorithm")
        }
        // Also where Unicode would take two strings for the same.
        guard let algorithm = SignatureAlgorithm(rawValue: name), name.utf8.count == algorithm.rawValue.utf8.count
        else {
            throw AuthenticationError(.unsupportedAlgorithm, "the algorithm of the token is not accepted")
        }
        return algorithm
    }

    private static func keyID(of header: [String: JSONValue]) throws(AuthenticationError) -> KeyID? {
        guard let member = header["kid"] else { return nil }
        guard let id = member.string else { throw AuthenticationError(.malformed, "the kid of the token is no string") }
        return KeyID(id)
    }

    /// Refuses what changes the meaning of a token in a way that this server does not know: `crit` (RFC 7515, section
    /// 4.1.11), `b64` (RFC 7797), `enc` and `zip` (RFC 7516), and types that are for other ends.
    ///
    /// What names keys (`jwk`, `jku`, `x5c`, `x5u`) is never looked at.
    private static func checkExtensions(of header: [String: JSONValue]) throws(AuthenticationError) {
        guard header["crit"] == nil, header["b64"]?.isTrue ?? true, header["enc"] == nil, header["zip"] == nil else {
            throw AuthenticationError(.malformed, "the token has an extension that is not understood")
        }
        guard let member = header["typ"] else { return }
        let type = member.string?.lowercased() ?? ""
        guard types.contains(type.hasPrefix("application/") ? String(type.dropFirst(12)) : type) else {
            throw AuthenticationError(.malformed, "the token is of a type that is for other uses")
        }
    }
}
