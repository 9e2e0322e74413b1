/// What a token must say, beside being signed.
public struct TokenPolicy: Sendable {
    /// What `iss` must be, byte for byte; `nil` if any issuer will do.
    public let issuer: String?
    /// What `aud` must be or hold, byte for byte; `nil` if `aud` is not looked at.
    public let audience: String?
    /// By how much the clocks of issuer and server may differ: added to `exp`, taken off `nbf`.
    public let leeway: Duration
    /// The claim that makes an admin: the string `admin`, or an array that has it. Anything else makes a user, since issuers
    /// use such claims for much else.
    public let roleClaim: String
    /// The longest token that is looked at, in bytes.
    public let maximumTokenBytes: Int
    /// Whether a token without `exp` is refused.
    public let requiresExpiration: Bool

    private static let registeredClaims: Set = ["iss", "sub", "aud", "exp", "nbf", "iat", "jti"]

    /// - Parameters:
    ///   - leeway: 0 to 10 minutes.
    ///   - roleClaim: the name of a member of the claims; none of those that RFC 7519 (section 4.1) registers.
    ///   - maximumTokenBytes: 256 to 65,536.
    /// - Throws: ``AuthenticationError`` (`invalidConfiguration`), also for an empty text, which is a setting that was left
    ///   blank and does not mean that anything goes.
    public init(
        issuer: String? = nil, audience: String? = nil, leeway: Duration = .seconds(30), roleClaim: String = "role",
        maximumTokenBytes: Int = 8192, requiresExpiration: Bool = true
    ) throws(AuthenticationError) {
        guard issuer != "", audience != "" else {
            throw Self.invalid("the issuer or audience of tokens is empty: leave it out to accept any")
        }
        guard Duration.zero...Duration.seconds(600) ~= leeway else {
            throw Self.invalid("the leeway of tokens must be 0 to 600 seconds")
        }
        guard !roleClaim.isEmpty, !Self.registeredClaims.contains(roleClaim) else {
            throw Self.invalid("the claim of the role is empty or has another meaning")
        }
        guard 256...65_536 ~= maximumTokenBytes else {
            throw Self.invalid("the longest token must be 256 to 65536 bytes")
        }
        self.issuer = issuer
        self.audience = audience
        self.leeway = leeway
        self.roleClaim = roleClaim
        self.maximumTokenBytes = maximumTokenBytes
        self.requiresExpiration = requiresExpiration
    }

    private static func invalid(_ message: String) -> AuthenticationError {
        AuthenticationError(.invalidConfiguration, message)
    }
}
