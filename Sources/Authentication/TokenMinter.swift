public import Foundation
import JWTKit

/// Makes tokens of HS256 that a ``TokenVerifier`` with the same secret and policy accepts: for development, and for tests.
public struct TokenMinter: Sendable {
    /// The longest time that a token may be good for.
    public static let maximumTimeToLive = Duration.seconds(10 * 365 * 86400)

    private let secret: Secret
    private let policy: TokenPolicy

    /// - Parameter policy: its issuer and audience are put into the tokens, the role into its claim.
    public init(secret: Secret, policy: TokenPolicy) {
        self.secret = secret
        self.policy = policy
    }

    /// Makes a token.
    ///
    /// - Parameters:
    ///   - timeToLive: from 1 second to 10 years; parts of seconds are cut off.
    /// - Throws: ``AuthenticationError``: `invalidConfiguration` for another time to live, `tooLong` if the policy would refuse
    ///   the token.
    public func mint(
        user: UserID, role: Role, timeToLive: Duration, now: Date
    ) async throws(AuthenticationError) -> String {
        guard Duration.seconds(1)...Self.maximumTimeToLive ~= timeToLive else {
            throw AuthenticationError(.invalidConfiguration, "a token must be good for 1 second to 10 years")
        }
        let issued = Int(now.timeIntervalSince1970.rounded(.down))
        var claims: [String: JWTHeaderField] = [
            "sub": .string(user.value), "iat": .int(issued), "exp": .int(issued + Int(timeToLive.components.seconds)),
            policy.roleClaim: .string(role.rawValue),
        ]
        claims["iss"] = policy.issuer.map { .string($0) }
        claims["aud"] = policy.audience.map { .string($0) }
        let token: String
        do {
            token = try await JWTKeyCollection()
                .add(hmac: HMACKey(key: secret.key), digestAlgorithm: .sha256)
                .sign(Claims(members: claims))
        } catch {
            throw AuthenticationError(.invalidConfiguration, "the token could not be signed")
        }
        guard token.utf8.count <= policy.maximumTokenBytes else {
            throw AuthenticationError(.tooLong, "the token has more than \(policy.maximumTokenBytes) bytes")
        }
        return token
    }

    private struct Claims: JWTPayload {
        let members: [String: JWTHeaderField]

        init(members: [String: JWTHeaderField]) { self.members = members }

        init(from decoder: any Decoder) throws {
            members = try decoder.singleValueContainer().decode([String: JWTHeaderField].self)
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            try container.encode(members)
        }

        func verify(using _: some JWTAlgorithm) {}
    }
}

extension TokenMinter: CustomStringConvertible, CustomReflectable {
    public var description: String { "TokenMinter" }

    public var customMirror: Mirror { Mirror(self, children: []) }
}
