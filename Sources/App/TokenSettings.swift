import Authentication
import Configuration
import Foundation
import Storage

/// How users are told apart: the settings of tokens. Its secret is never printed.
struct TokenSettings: Sendable {
    let policy: TokenPolicy
    private let secret: Secret?
    private let published: KeySource?

    /// - Parameter reader: its keys are
    ///   - `auth.secret`, secret: HS256
    ///   - or `auth.jwks.url` or `auth.jwks.file`: RS256, ES256 and EdDSA
    ///   - `auth.issuer`, `auth.audience`: what tokens must say, if they are set
    ///   - `auth.role.claim` (default `role`)
    /// - Throws: ``Failure`` or `AuthenticationError`, which say what is wrong.
    init(reader: ConfigReader) throws {
        let secret = reader.string(forKey: "auth.secret", isSecret: true)
        let file = reader.string(forKey: "auth.jwks.file")
        let address = reader.string(forKey: "auth.jwks.url")
        guard [secret, file, address].count(where: { $0 != nil }) <= 1 else {
            throw Failure(.badConfiguration, "only one of AUTH_SECRET, AUTH_JWKS_FILE and AUTH_JWKS_URL may be set")
        }
        do {
            self.secret = try secret.map { try Secret($0) }
        } catch {
            throw Failure(.badConfiguration, "AUTH_SECRET: \(error)")
        }
        if let file {
            published = .jwksFile(URL(filePath: file))
        } else if let address {
            guard let url = URL(string: address) else {
                throw Failure(.badConfiguration, "AUTH_JWKS_URL is no address")
            }
            published = .jwksURL(url)
        } else {
            published = nil
        }
        policy = try TokenPolicy(
            issuer: reader.string(forKey: "auth.issuer"), audience: reader.string(forKey: "auth.audience"),
            roleClaim: reader.string(forKey: "auth.role.claim", default: "role"))
    }

    /// Where the keys of tokens come from. An embedded store brings its own secret: a file beside it, made once.
    ///
    /// - Throws: ``Failure`` (`badConfiguration`) if nothing is configured and the store is shared.
    func keySource(for store: DatabaseURL) throws -> KeySource {
        if let published { return published }
        return .secret(try ownSecret(for: store))
    }

    /// What tokens are signed with here.
    ///
    /// - Throws: ``Failure`` (`badConfiguration`) if another issuer signs them.
    func signingSecret(for store: DatabaseURL) throws -> Secret {
        guard published == nil else {
            throw Failure(.badConfiguration, "AUTH_JWKS_… is set: tokens come from the issuer of those keys")
        }
        return try ownSecret(for: store)
    }

    private func ownSecret(for store: DatabaseURL) throws -> Secret {
        if let secret { return secret }
        guard case .sqlite(let path) = store else {
            throw Failure(
                .badConfiguration,
                "with PostgreSQL set AUTH_SECRET (32 bytes or more), AUTH_JWKS_URL or AUTH_JWKS_FILE: instances must agree"
            )
        }
        return try Secret.loadOrCreate(
            at: URL(filePath: path).deletingLastPathComponent().appending(path: "token-secret"))
    }
}
