import JWTKit

/// A key and the one algorithm it is for.
struct VerificationKey: Sendable {
    /// What tells one published key from another.
    struct Identity: Sendable, Hashable {
        let id: KeyID?
        let algorithm: SignatureAlgorithm
        /// The numbers of the public key, as the set has them. Empty for a secret.
        let numbers: [String]
    }

    let identity: Identity
    private let signer: any JWTAlgorithm

    /// The key of HS256.
    init(_ secret: Secret) async throws {
        identity = Identity(id: nil, algorithm: .hs256, numbers: [])
        signer = try await JWTKeyCollection().add(hmac: HMACKey(key: secret.key), digestAlgorithm: .sha256).getKey()
    }

    /// A published key.
    ///
    /// - Throws: what JWTKit throws if the numbers are none of such a key.
    init(_ identity: Identity, _ key: JWK) async throws {
        self.identity = identity
        signer = try await JWTKeyCollection().add(jwk: key).getKey(for: key.keyIdentifier)
    }

    func verifies(_ token: SignedToken) -> Bool {
        guard token.algorithm == identity.algorithm else { return false }
        do {
            return try signer.verify(token.signature, signs: token.signingInput)
        } catch {
            // Bytes that can't be a signature: too few, or numbers beyond the order of the curve.
            return false
        }
    }
}

extension VerificationKey: CustomStringConvertible, CustomReflectable {
    var description: String { "<key of \(identity.algorithm.rawValue)>" }

    var customMirror: Mirror { Mirror(self, children: []) }
}
