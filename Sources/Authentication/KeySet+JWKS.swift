import JSON
import JWTKit

extension KeySet {
    /// Why a key of a set can't be used. The others can (RFC 7517, section 5).
    private struct Unusable: Error {
        let reason: String
    }

    /// The most keys of a set.
    private static let maximumKeys = 100
    /// The moduli of RSA that are accepted, in bits: RFC 7518 (section 3.3) wants 2048; beyond the most, checking is slow.
    private static let modulusBits = 2048...8192

    /// Members of private and symmetric keys (RFC 7518, sections 6.2.2, 6.3.2 and 6.4.1).
    private static let secretMembers = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"]

    /// Reads a JWK Set (RFC 7517, section 5).
    ///
    /// A key for other ends or other algorithms is passed over, as is one that is too small or makes no sense. A set that
    /// has a symmetric or private key is refused as a whole: who could read the set can sign.
    ///
    /// - Throws: ``AuthenticationError`` (`keysUnavailable`).
    static func published(_ bytes: [UInt8]) async throws(AuthenticationError) -> KeySet {
        guard let members = JSONReader.read(bytes)?.object, let list = members["keys"]?.array else {
            throw AuthenticationError(.keysUnavailable, "it is not a JWK Set: no JSON object with an array keys")
        }
        guard list.count <= maximumKeys else {
            throw AuthenticationError(.keysUnavailable, "it has more than \(maximumKeys) keys")
        }
        let objects = list.map { $0.object ?? [:] }
        guard !objects.contains(where: isSecret) else {
            throw AuthenticationError(.keysUnavailable, "it has a symmetric or private key: it must not be published")
        }
        var keys: [VerificationKey] = []
        var passedOver: [String] = []
        for (index, object) in objects.enumerated() {
            do throws(Unusable) {
                keys.append(try await key(object))
            } catch {
                passedOver.append("key \(index + 1): \(error.reason)")
            }
        }
        return KeySet(keys, passedOver: passedOver)
    }

    private static func isSecret(_ object: [String: JSONValue]) -> Bool {
        object["kty"]?.string == "oct" || secretMembers.contains { object[$0] != nil }
    }

    private static func key(_ object: [String: JSONValue]) async throws(Unusable) -> VerificationKey {
        if let use = object["use"], !use.isString("sig") { throw Unusable(reason: "its use is not sig") }
        if let operations = object["key_ops"], !(operations.array ?? []).contains(where: { $0.isString("verify") }) {
            throw Unusable(reason: "its key_ops do not have verify")
        }
        var id: String?
        if let member = object["kid"] {
            guard let text = member.string else { throw Unusable(reason: "its kid is no string") }
            id = text
        }
        switch object["kty"]?.string {
        case "RSA":
            let (modulus, bytes) = try number("n", of: object)
            let (exponent, exponentBytes) = try number("e", of: object)
            let significant = bytes.drop { $0 == 0 }
            let bits = significant.count * 8 - (significant.first?.leadingZeroBitCount ?? 0)
            guard modulusBits ~= bits else {
                throw Unusable(reason: "its modulus has \(bits) bits, not \(modulusBits)")
            }
            guard exponentBytes.drop(while: { $0 == 0 }) != [1] else { throw Unusable(reason: "its exponent is 1") }
            return try await key(object, id, .rs256, [modulus, exponent]) { id in
                .rsa(.rs256, identifier: id, modulus: modulus, exponent: exponent)
            }
        case "EC":
            guard object["crv"]?.string == "P-256" else { throw Unusable(reason: "its curve is not P-256") }
            let (x, y) = (try coordinate("x", of: object), try coordinate("y", of: object))
            return try await key(object, id, .es256, [x, y]) { id in
                .ecdsa(.es256, identifier: id, x: x, y: y, curve: .p256)
            }
        case "OKP":
            guard object["crv"]?.string == "Ed25519" else { throw Unusable(reason: "its curve is not Ed25519") }
            let x = try coordinate("x", of: object)
            return try await key(object, id, .edDSA, [x]) { id in
                .octetKeyPair(.eddsa, identifier: id, x: x, y: nil, curve: .ed25519)
            }
        default: throw Unusable(reason: "its kty is none of RSA, EC and OKP")
        }
    }

    private static func key(
        _ object: [String: JSONValue], _ id: String?, _ algorithm: SignatureAlgorithm, _ numbers: [String],
        _ makeKey: (JWKIdentifier) -> JWK
    ) async throws(Unusable) -> VerificationKey {
        if let name = object["alg"], !name.isString(algorithm.rawValue) {
            throw Unusable(reason: "it is for another algorithm than \(algorithm.rawValue)")
        }
        let identity = VerificationKey.Identity(id: id.map { KeyID($0) }, algorithm: algorithm, numbers: numbers)
        do {
            // JWTKit wants every key to have a name; it is alone in its collection, and we choose by ours.
            return try await VerificationKey(identity, makeKey(JWKIdentifier(string: "key")))
        } catch {
            throw Unusable(reason: "its numbers are none of a key of \(algorithm.rawValue)")
        }
    }

    private static func number(
        _ name: String, of object: [String: JSONValue]
    ) throws(Unusable) -> (text: String, bytes: [UInt8]) {
        guard let text = object[name]?.string, let bytes = Base64URL.decode(text.utf8), !bytes.isEmpty else {
            throw Unusable(reason: "its \(name) is missing or not base64url")
        }
        return (text, bytes)
    }

    /// A coordinate of a curve of 256 bits.
    private static func coordinate(_ name: String, of object: [String: JSONValue]) throws(Unusable) -> String {
        let (text, bytes) = try number(name, of: object)
        guard bytes.count == 32 else { throw Unusable(reason: "its \(name) has not 32 bytes") }
        return text
    }
}
