/// The keys that are good at the moment.
struct KeySet: Sendable {
    private let keys: [VerificationKey]
    /// Whether the key is a secret, which no `kid` chooses.
    private let isSecret: Bool
    /// Why published keys can't be used, one for each.
    let passedOver: [String]

    /// The one key of HS256.
    init(_ secret: Secret) async throws {
        keys = [try await VerificationKey(secret)]
        isSecret = true
        passedOver = []
    }

    /// Published keys.
    init(_ keys: [VerificationKey], passedOver: [String]) {
        self.keys = keys
        isSecret = false
        self.passedOver = passedOver
    }

    var count: Int { keys.count }

    /// Whether both have the same keys, in any order.
    func hasSameKeys(as other: KeySet) -> Bool { Set(keys.map(\.identity)) == Set(other.keys.map(\.identity)) }

    /// Checks the signature.
    ///
    /// - Throws: ``AuthenticationError``: `unsupportedAlgorithm` if the algorithm is none of the source's or not the one that
    ///   the named key is for; `unknownKey`; `badSignature`.
    func check(_ token: SignedToken) throws(AuthenticationError) {
        guard (token.algorithm == .hs256) == isSecret else {
            throw AuthenticationError(.unsupportedAlgorithm, "the algorithm of the token is not accepted")
        }
        guard try candidates(for: token).contains(where: { $0.verifies(token) }) else {
            throw AuthenticationError(.badSignature, "the signature of the token is wrong")
        }
    }

    /// The keys that may have signed the token; several only if the issuer gave them the same `kid`.
    private func candidates(for token: SignedToken) throws(AuthenticationError) -> [VerificationKey] {
        if isSecret { return keys }
        let ofAlgorithm = keys.filter { $0.identity.algorithm == token.algorithm }
        guard let id = token.keyID else {
            guard ofAlgorithm.count == 1 else {
                throw AuthenticationError(.unknownKey, "the token names no key, and not exactly one fits")
            }
            return ofAlgorithm
        }
        let named = ofAlgorithm.filter { $0.identity.id == id }
        guard named.isEmpty else { return named }
        guard !keys.contains(where: { $0.identity.id == id }) else {
            throw AuthenticationError(.unsupportedAlgorithm, "the algorithm of the token is not that of its key")
        }
        throw AuthenticationError(.unknownKey, "the key of the token is not known")
    }
}
