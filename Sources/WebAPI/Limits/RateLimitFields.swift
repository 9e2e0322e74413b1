import HTTPTypes
import Synchronization

/// What limiters say of a request; every answer to it carries it, errors too.
final class RateLimitFields: Sendable {
    private let fields = Mutex(HTTPFields())

    private static let limitName = HTTPField.Name("RateLimit")
    private static let policyName = HTTPField.Name("RateLimit-Policy")

    var all: HTTPFields { fields.withLock(\.self) }

    /// Adds what a limiter allows and what is left of it: draft-ietf-httpapi-ratelimit-headers-10. `q` are the tokens of a full bucket,
    /// `w` the seconds in which an empty one fills, `r` the tokens that are left, `t` the seconds until it is full.
    func add(_ limiter: RateLimiter, _ decision: RateLimitDecision) {
        guard let limit = Self.limitName, let policy = Self.policyName else { return }
        let window = Duration.nanoseconds(limiter.limit.window).roundedUpSeconds
        let policyValue = "\"\(limiter.name)\";q=\(limiter.limit.burst);w=\(window)"
        let value = "\"\(limiter.name)\";r=\(decision.remaining);t=\(decision.fullIn.roundedUpSeconds)"
        fields.withLock { fields in
            fields.append(HTTPField(name: policy, value: policyValue))
            fields.append(HTTPField(name: limit, value: value))
        }
    }
}

extension Duration {
    var roundedUpSeconds: Int64 { components.seconds + (components.attoseconds > 0 ? 1 : 0) }
}
