import Authentication
import Crypto
import CryptoExtras
import Foundation

/// Makes tokens by hand, good ones and others. Shares no code with what is tested.
enum Forge {
    static let secretText = "SECRET-CANARY of more than thirty-two bytes"

    static func encode(_ bytes: some DataProtocol) -> String {
        Data(bytes).base64EncodedString()
            .replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }

    /// The claims that make a token good for an hour, as JSON, with more behind them.
    static func claims(sub: String = #""SUBJECT-CANARY""#, exp: String? = "1800003600", _ more: String = "") -> String {
        let exp = exp.map { #","exp":\#($0)"# } ?? ""
        return #"{"sub":\#(sub)\#(exp)\#(more.isEmpty ? "" : ",\(more)")}"#
    }

    static func token(
        header: some DataProtocol, payload: some DataProtocol, sign: (Data) throws -> Data
    ) rethrows -> String {
        let input = "\(encode(header)).\(encode(payload))"
        return "\(input).\(encode(try sign(Data(input.utf8))))"
    }

    /// A token of HS256, whatever its header says.
    static func token(
        header: String = #"{"alg":"HS256","typ":"JWT"}"#, _ payload: String = claims(), secret: String = secretText
    ) -> String {
        token(header: Data(header.utf8), payload: Data(payload.utf8)) { mac($0, secret: Data(secret.utf8)) }
    }

    static func mac(_ input: Data, secret: Data) -> Data {
        Data(HMAC<SHA256>.authenticationCode(for: input, using: SymmetricKey(data: secret)))
    }
}

/// A key pair of an issuer.
struct SigningKey: Sendable {
    let kid: String
    let algorithm: String
    /// The public key as a member of a JWK Set, without braces and without `kid`.
    let members: String
    let sign: @Sendable (Data) throws -> Data

    static func es256(_ kid: String) -> SigningKey {
        let key = P256.Signing.PrivateKey()
        let point = key.publicKey.rawRepresentation
        return SigningKey(
            kid: kid, algorithm: "ES256",
            members: """
                "kty":"EC","crv":"P-256","x":"\(Forge.encode(point.prefix(32)))","y":"\(Forge.encode(point.suffix(32)))"
                """
        ) { try key.signature(for: $0).rawRepresentation }
    }

    static func edDSA(_ kid: String) -> SigningKey {
        let key = Curve25519.Signing.PrivateKey()
        return SigningKey(
            kid: kid, algorithm: "EdDSA",
            members: #""kty":"OKP","crv":"Ed25519","x":"\#(Forge.encode(key.publicKey.rawRepresentation))""#
        ) { try key.signature(for: $0) }
    }

    static func rs256(_ kid: String, bits: Int = 2048) throws -> SigningKey {
        let key = try _RSA.Signing.PrivateKey(unsafeKeySize: .init(bitCount: bits))
        return try rs256(kid, key)
    }

    static func rs256(_ kid: String, _ key: _RSA.Signing.PrivateKey) throws -> SigningKey {
        let numbers = try key.publicKey.getKeyPrimitives()
        return SigningKey(
            kid: kid, algorithm: "RS256",
            members: """
                "kty":"RSA","n":"\(Forge.encode(numbers.modulus))","e":"\(Forge.encode(numbers.publicExponent))"
                """
        ) { try key.signature(for: $0, padding: .insecurePKCS1v1_5).rawRepresentation }
    }

    /// The key as a member of a set.
    func jwk(_ more: String = "") -> String {
        #"{"kid":"\#(kid)",\#(members)\#(more.isEmpty ? "" : ",\(more)")}"#
    }

    func token(header: String? = nil, _ payload: String = Forge.claims()) throws -> String {
        let header = header ?? #"{"alg":"\#(algorithm)","kid":"\#(kid)"}"#
        return try Forge.token(header: Data(header.utf8), payload: Data(payload.utf8), sign: sign)
    }
}

/// A JWK Set.
func keySet(_ keys: String...) -> String { #"{"keys":[\#(keys.joined(separator: ","))]}"# }
