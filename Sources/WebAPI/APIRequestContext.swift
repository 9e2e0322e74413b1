public import Hummingbird
import NIOCore
import Observability

/// What a request carries through middleware and routes.
public struct APIRequestContext: RequestContext {
    public var coreContext: CoreRequestContextStorage
    /// What was done for the request so far.
    let steps = RequestSteps()
    let rateLimits = RateLimitFields()
    /// Who holds the other end of the connection: the client, or a proxy.
    let peer: SocketAddress?
    /// Who asks; set by ``APIResponder``.
    var client: ClientAddresses.Client?
    /// Its place among the requests that are being answered.
    var ticket: RequestsInFlight.Ticket?

    public init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        peer = source.channel.remoteAddress
    }
}
