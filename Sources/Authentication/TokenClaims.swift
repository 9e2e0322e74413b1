import Foundation
import JSON

/// What a token with a good signature says, as far as this server asks (RFC 7519, section 4.1).
struct TokenClaims: Sendable {
    let user: User
    /// Seconds since 1970; `nil` if the token says nothing.
    private let expires: Double?
    private let notBefore: Double?

    /// Checks all but the times.
    ///
    /// - Parameter payload: the bytes that were signed.
    /// - Throws: ``AuthenticationError``.
    init(_ payload: [UInt8], policy: TokenPolicy) throws(AuthenticationError) {
        guard let claims = JSONReader.read(payload)?.object else {
            throw AuthenticationError(.malformed, "the claims of the token are not a JSON object")
        }
        expires = try Self.time("exp", of: claims)
        notBefore = try Self.time("nbf", of: claims)
        guard expires != nil || !policy.requiresExpiration else {
            throw AuthenticationError(.badClaims, "the token has no exp")
        }
        if let issuer = policy.issuer {
            guard let claim = claims["iss"], claim.isString(issuer) else {
                throw AuthenticationError(.wrongIssuer, "the token is from another issuer")
            }
        }
        if let audience = policy.audience {
            guard let claim = claims["aud"], (claim.array ?? [claim]).contains(where: { $0.isString(audience) }) else {
                throw AuthenticationError(.wrongAudience, "the token is for another audience")
            }
        }
        guard let subject = claims["sub"]?.string else {
            throw AuthenticationError(.badClaims, "the token has no sub that is a string")
        }
        let role = claims[policy.roleClaim]
        let isAdmin = (role?.array ?? [role ?? .null]).contains { $0.isString(Role.admin.rawValue) }
        user = User(id: try UserID(subject), role: isAdmin ? .admin : .user)
    }

    /// Checks `exp` and `nbf` (RFC 7519, sections 4.1.4 and 4.1.5): the date must be before the one, and not before the other.
    func check(at now: Date, leeway: Duration) throws(AuthenticationError) {
        let now = now.timeIntervalSince1970
        let leeway = leeway / .seconds(1)
        if let expires, now >= expires + leeway { throw AuthenticationError(.expired, "the token has expired") }
        if let notBefore, now < notBefore - leeway {
            throw AuthenticationError(.notYetValid, "the token is not valid yet")
        }
    }

    private static func time(
        _ name: String, of claims: [String: JSONValue]
    ) throws(AuthenticationError) -> Double? {
        guard let claim = claims[name] else { return nil }
        guard let seconds = claim.number, seconds.isFinite else {
            throw AuthenticationError(.badClaims, "the token has an exp or nbf that is no time")
        }
        return seconds
    }
}
