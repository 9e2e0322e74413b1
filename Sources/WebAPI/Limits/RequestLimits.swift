import HTTPTypes

/// How much of the server requests may take.
public struct RequestLimits: Sendable {
    /// The most that are answered at a time; more are 503.
    public var requests = 1000
    /// How long an answer may take to make, from its beginning on or from the end of the request's body, if it is read; then 503.
    public var timeout: Duration = .seconds(30)
    /// Of each address; `nil` for none.
    public var addressRate = RateLimit(perSecond: 200, burst: 1000)
    /// Of each user; `nil` for none.
    public var userRate = RateLimit(perSecond: 20, burst: 200)
    /// What a failed authentication takes of the address's tokens.
    public var failureCost = 10
    public var bodies = BodyLimits()

    public init() {}

    /// The most that are answered at a time of one client; more are 429. One that announces bodies and sends none keeps others from
    /// nothing.
    var requestsPerClient: Int { max(1, requests / 8) }
}

/// How much of bodies is read, and how fast they must come.
public struct BodyLimits: Sendable {
    /// The most bytes of any body. Routes have limits of their own below it.
    public var bytes = 64 << 20
    /// What a body may take at first…
    public var timeout: Duration = .seconds(30)
    /// …and besides, a second for as many bytes. Answers must be taken no slower.
    public var bytesPerSecond = 4000

    public init() {}

    func time(for bytes: Int) -> Duration { timeout + .seconds(Double(bytes) / Double(bytesPerSecond)) }
}

/// What a request says of its body.
enum BodyLength: Hashable {
    case none, unknown
    case known(Int)

    init(_ headers: HTTPFields) {
        if headers[.transferEncoding] != nil {
            self = .unknown
        } else if let text = headers[.contentLength] {
            // More digits than a number has: more than any limit. The parser lets nothing else pass.
            self = .known(Int(text) ?? .max)
        } else {
            self = .none
        }
    }
}
