import Crypto
public import Logging
public import ServiceLifecycle

/// Tells who sent a token.
///
/// A token is a signed JWT (RFC 7519) whose algorithm is that of the key, whose claims the policy accepts and whose time it
/// is. The signature is checked once for each token; time and keys each time.
///
/// It prints, dumps and logs no token, claim or secret.
public final class TokenVerifier: Service {
    private let keys: KeyRing
    private let policy: TokenPolicy
    private let clock: AuthenticationClock
    private let verified: VerifiedTokens

    /// - Parameters:
    ///   - capacity: how many verified tokens are remembered.
    /// - Throws: ``AuthenticationError`` (`invalidConfiguration`): a file with keys must be readable and have one that can be
    ///   used. An address is not asked yet.
    public init(
        keys source: KeySource, policy: TokenPolicy, capacity: Int = 10_000, clock: AuthenticationClock = .system(),
        logger: Logger
    ) async throws(AuthenticationError) {
        keys = try await KeyRing(source, clock: clock, logger: logger)
        self.policy = policy
        self.clock = clock
        verified = VerifiedTokens(capacity: capacity)
    }

    /// Keeps the keys of an address fresh until the task is cancelled or the group shuts down; does nothing meanwhile for
    /// other sources.
    public func run() async throws { try await keys.run() }

    /// The user of a token.
    ///
    /// - Throws: ``AuthenticationError``, `keysUnavailable` if the keys were never read, or could not be when the token's was
    ///   not among them.
    public func verify(_ token: BearerToken) async throws(AuthenticationError) -> User {
        try await verify(token.value)
    }

    /// The user of a token, without `Bearer`.
    ///
    /// - Throws: ``AuthenticationError``, as ``verify(_:)-(BearerToken)`` does.
    public func verify(_ token: String) async throws(AuthenticationError) -> User {
        guard !token.isEmpty else { throw AuthenticationError(.missing, "no bearer token was sent") }
        guard token.utf8.count <= policy.maximumTokenBytes else {
            throw AuthenticationError(.tooLong, "the token has more than \(policy.maximumTokenBytes) bytes")
        }
        let bytes = Array(token.utf8)
        let digest = SHA256.hash(data: bytes)
        var snapshot = try await keys.current()
        if let claims = verified.claims(of: digest, generation: snapshot.generation) {
            try claims.check(at: clock.now(), leeway: policy.leeway)
            return claims.user
        }
        let signed = try SignedToken(bytes)
        do throws(AuthenticationError) {
            try snapshot.keys.check(signed)
        } catch {
            // The issuer may have new keys. One without a name can't be missed by it, only by the signature.
            guard error.code == .unknownKey || error.code == .badSignature && signed.keyID == nil,
                let newer = try await keys.newer(than: snapshot)
            else { throw error }
            snapshot = newer
            try snapshot.keys.check(signed)
        }
        let claims = try TokenClaims(signed.payload, policy: policy)
        try claims.check(at: clock.now(), leeway: policy.leeway)
        verified.insert(claims, of: digest, generation: snapshot.generation)
        return claims.user
    }
}

extension TokenVerifier: CustomStringConvertible, CustomReflectable {
    public var description: String { "TokenVerifier" }

    public var customMirror: Mirror { Mirror(self, children: []) }
}
