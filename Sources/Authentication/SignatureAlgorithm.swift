/// The algorithms that tokens may be signed with, by the names of RFC 7518 (section 3.1) and RFC 8037 (section 3.1).
enum SignatureAlgorithm: String, Sendable, Hashable {
    /// HMAC with SHA-256, by a shared secret.
    case hs256 = "HS256"
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    case rs256 = "RS256"
    /// ECDSA on P-256 with SHA-256.
    case es256 = "ES256"
    /// Ed25519.
    case edDSA = "EdDSA"
}
