/// Why a request is not authenticated, or why nobody can be.
///
/// `message` and every description are sentences of this module. They hold no token, no part or claim of one, and no secret;
/// a file's path or a server's host and port may be named to the operator.
public struct AuthenticationError: Error, Sendable, Hashable {
    /// The kind of failure, for code that has to decide what to do.
    public enum Code: String, Sendable, Hashable, CaseIterable {
        /// No bearer token was sent.
        case missing
        /// Not a signed JWT in compact form, or a header that has to be refused.
        case malformed
        /// More bytes than the policy allows.
        case tooLong
        /// `alg` is none of those that the keys are for; `none` among them.
        case unsupportedAlgorithm
        /// No key has the token's `kid`; or it names none, and not exactly one key fits.
        case unknownKey
        /// The signature is not one of the key.
        case badSignature
        /// `exp` has passed.
        case expired
        /// `nbf` has not come.
        case notYetValid
        /// `iss` is not the one that was configured.
        case wrongIssuer
        /// `aud` does not name this server.
        case wrongAudience
        /// A claim is missing or has no meaning: no `sub`, an `exp` that is no number.
        case badClaims
        /// The keys could not be read, so nothing can be said about the token.
        case keysUnavailable
        /// The secret, the key source or the policy can't be used. Never the answer to a token.
        case invalidConfiguration
    }

    public let code: Code
    /// One sentence. For all codes but `invalidConfiguration` it may be sent to the client.
    public let message: String

    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// The HTTP status of the answer: 401, 503 for `keysUnavailable`, 500 for `invalidConfiguration`.
    public var status: Int {
        switch code {
        case .keysUnavailable: 503
        case .invalidConfiguration: 500
        default: 401
        }
    }

    /// The value of `WWW-Authenticate` (RFC 6750, section 3); `nil` unless ``status`` is 401.
    ///
    /// Who sent no token is told only that one is wanted (section 3.1).
    public var challenge: String? {
        guard status == 401 else { return nil }
        let realm = #"Bearer realm="quran-backend""#
        guard code != .missing else { return realm }
        return #"\#(realm), error="invalid_token", error_description="\#(message)""#
    }
}

extension AuthenticationError: CustomStringConvertible, CustomDebugStringConvertible {
    public var description: String { "\(code.rawValue): \(message)" }

    public var debugDescription: String { description }
}
