public import Foundation

/// Where the keys come from that tokens are checked with. It decides the algorithms: a secret is only ever a key of HS256, and
/// a published key never is, so that no token can choose.
public enum KeySource: Sendable {
    /// HS256.
    case secret(Secret)
    /// RS256, ES256 and EdDSA by the key set (RFC 7517) of a file, which is read again when it changes.
    case jwksFile(URL)
    /// RS256, ES256 and EdDSA by the key set of an address, which is read again at an interval of 10 seconds to a day.
    case jwksURL(URL, refresh: Duration = .seconds(300))
}
