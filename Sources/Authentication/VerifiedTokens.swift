import Crypto
import Synchronization

/// Remembers the claims of tokens whose signature was checked, by the SHA-256 of the token, so that it is checked once.
///
/// Holds no token. Bounded by two generations of half the capacity: when the young one is full the old one goes, and what
/// was asked for since has moved to the young one.
final class VerifiedTokens: Sendable {
    private struct State {
        /// Which key set the claims were checked with. All go when it changes.
        var generation = 0
        var young: [SHA256Digest: TokenClaims] = [:]
        var old: [SHA256Digest: TokenClaims] = [:]

        mutating func insert(_ claims: TokenClaims, of token: SHA256Digest, half: Int) {
            if young.count >= half {
                old = young
                young = [:]
            }
            young[token] = claims
        }
    }

    private let half: Int
    private let state = Mutex(State())

    /// - Parameter capacity: in tokens.
    init(capacity: Int) { half = max(1, capacity / 2) }

    var count: Int { state.withLock { $0.young.count + $0.old.count } }

    /// - Parameter generation: of the keys that are good now.
    func claims(of token: SHA256Digest, generation: Int) -> TokenClaims? {
        state.withLock { state -> TokenClaims? in
            guard state.generation == generation else { return nil }
            if let claims = state.young[token] { return claims }
            guard let claims = state.old.removeValue(forKey: token) else { return nil }
            state.insert(claims, of: token, half: half)
            return claims
        }
    }

    /// - Parameter generation: of the keys that the token was checked with. Claims that older keys vouched for are not kept.
    func insert(_ claims: TokenClaims, of token: SHA256Digest, generation: Int) {
        state.withLock { state in
            guard generation >= state.generation else { return }
            if generation > state.generation {
                state = State()
                state.generation = generation
            }
            state.insert(claims, of: token, half: half)
        }
    }
}
