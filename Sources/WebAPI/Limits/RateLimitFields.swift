import HTTPTypes
import Synchronization

/// What limiters say of a request; every answer to it carries it, errors too.
final class RateLimitFields: Sendable {
    private let fields = Mutex(HTTPFields())

    var all: HTTPFields { fields.withLock(\.self) }

    /// Adds what a limiter allows and what is left of it: draft-ietf-httpapi-ratelimit-headers-10. `q` are the tokens of a full bucket,
    /// `w` the seconds in which an empty one fills, `r` the tokens that are left, `t` the seconds until it is full.
    func add(_ limiter: RateLimiter, _ decision: RateLimitDecision) {
        var writer = HTTPFieldsWriter()
        limiter.write(decision, to: &writer)
        fields.withLock { $0.append(contentsOf: writer.fields) }
    }
}

extension RateLimiter {
    private static let limitName = FieldName("RateLimit")
    private static let policyName = FieldName("RateLimit-Policy")

    func write(_ decision: RateLimitDecision, to fields: inout some FieldWriter) {
        guard let limitName = Self.limitName, let policyName = Self.policyName else { return }
        func write(_ field: FieldName, _ count: Character, _ tokens: Int, _ time: Character, _ seconds: Int64) {
            fields.begin(field)
            fields.text("\"\(name)\";\(count)=")
            fields.number(Int64(tokens))
            fields.text(";\(time)=")
            fields.number(seconds)
            fields.end()
        }
        write(policyName, "q", limit.burst, "w", Duration.nanoseconds(limit.window).roundedUpSeconds)
        write(limitName, "r", decision.remaining, "t", decision.fullIn.roundedUpSeconds)
    }
}

extension Duration {
    var roundedUpSeconds: Int64 { components.seconds + (components.attoseconds > 0 ? 1 : 0) }
}
