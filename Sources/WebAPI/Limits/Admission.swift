import Authentication
import HTTPTypes
import Hummingbird
public import Logging
public import Redis
public import ServiceLifecycle

/// Decides which requests are answered: one for a server. It knows no HTTP but the headers that say who asks.
public final class Admission: Sendable {
    public let limits: RequestLimits
    public let clients: ClientAddresses
    let inFlight: RequestsInFlight
    /// `nil` where there is no such limit.
    let addresses: RateLimiter?
    let users: RateLimiter?
    /// To be run as long as it is used.
    public let services: [any Service]

    /// - Parameter redis: what instances share; `nil` for one that is alone.
    public init(
        _ limits: RequestLimits = RequestLimits(), clients: ClientAddresses = ClientAddresses(),
        redis: RedisClient? = nil, logger: Logger? = nil
    ) {
        self.limits = limits
        self.clients = clients
        inFlight = RequestsInFlight(limits)
        addresses = limits.addressRate.map { RateLimiter("address", $0, isShared: redis != nil) }
        users = limits.userRate.map { RateLimiter("user", $0, isShared: redis != nil) }
        var services: [any Service] = [inFlight]
        let limiters = [addresses, users].compactMap(\.self)
        if let redis, let logger, !limiters.isEmpty {
            services.append(RateLimitExchange(limiters, redis: redis, logger: logger))
        }
        self.services = services
    }

    /// The bucket of whoever sent a request; `nil` for the operator.
    func key(for client: ClientAddresses.Client) -> RateLimitKey? {
        client.isOperator ? nil : client.address.map { RateLimitKey($0) } ?? .unknown
    }
}

/// Lets requests pass while there is room, and while their address has tokens. Health always is.
struct AdmissionMiddleware: RouterMiddleware {
    typealias Context = APIRequestContext

    let admission: Admission

    /// Routes that are answered whatever there is to do.
    private static let exempt: Set<String> = ["/api/v1/health"]

    @concurrent
    func handle(
        _ request: Request, context: APIRequestContext,
        next: @concurrent (Request, APIRequestContext) async throws -> Response
    ) async throws -> Response {
        if case .known(let length) = BodyLength(request.headers), length > admission.limits.bodies.bytes {
            throw Problem.bodyTooLarge(admission.limits.bodies.bytes)
        }
        guard !Self.exempt.contains(context.endpointPath ?? "") else { return try await next(request, context) }
        switch context.ticket?.excess {
        case .ofAll: throw Problem.overloaded
        case .ofClient:
            RefusalCounters.countRequest(beyond: "requests")
            throw Problem.tooManyAtATime(admission.limits.requestsPerClient)
        case nil: break
        }
        guard let limiter = admission.addresses, let client = context.client, let key = admission.key(for: client)
        else { return try await next(request, context) }
        try limiter.admit(key, context.rateLimits)
        do {
            return try await next(request, context)
        } catch {
            if Self.isFailedAuthentication(error) { limiter.charge(admission.limits.failureCost - 1, to: key) }
            throw error
        }
    }

    /// Whether what was sent to prove something did not prove it.
    private static func isFailedAuthentication(_ error: any Error) -> Bool {
        switch error {
        case let error as AuthenticationError: error.status == 401 && error.code != .missing
        case let problem as Problem: problem.status == .unauthorized
        default: false
        }
    }
}

/// Lets users pass while they have tokens. It stands behind ``Authenticator``.
struct UserRateMiddleware: RouterMiddleware {
    typealias Context = UserRequestContext

    let admission: Admission

    @concurrent
    func handle(
        _ request: Request, context: UserRequestContext,
        next: @concurrent (Request, UserRequestContext) async throws -> Response
    ) async throws -> Response {
        guard !request.isPreflight, let limiter = admission.users,
            let key = RateLimitKey(userHash: try context.requireUser().id.hash)
        else { return try await next(request, context) }
        try limiter.admit(key, context.rateLimits)
        return try await next(request, context)
    }
}

extension RateLimiter {
    /// Takes a token for a request, whose answer is to say what is left.
    fileprivate func admit(_ key: RateLimitKey, _ fields: RateLimitFields) throws(Problem) {
        let decision = take(for: key)
        fields.add(self, decision)
        guard !decision.isAllowed else { return }
        RefusalCounters.countRequest(beyond: name)
        throw .rateLimited(self, decision)
    }
}

extension Problem {
    static let overloaded = Problem(
        status: .serviceUnavailable, kind: "overloaded", detail: "The server has too much to do just now.",
        headers: [.retryAfter: "1"])

    static func tooManyAtATime(_ limit: Int) -> Problem {
        Problem(
            status: .tooManyRequests, kind: "rate-limited",
            detail: "There are \(limit) requests of this address that are not answered yet.",
            headers: [.retryAfter: "1"])
    }

    static let timedOut = Problem(
        status: .serviceUnavailable, kind: "timed-out", detail: "The answer took too long and was given up.",
        headers: [.retryAfter: "1"])

    static func bodyTooLarge(_ limit: Int) -> Problem {
        Problem(
            status: .contentTooLarge, kind: "content-too-large", detail: "The body has more than \(limit) bytes.")
    }

    static func rateLimited(_ limiter: RateLimiter, _ decision: RateLimitDecision) -> Problem {
        let seconds = max(1, decision.retryAfter.roundedUpSeconds)
        return Problem(
            status: .tooManyRequests, kind: "rate-limited",
            detail: "Too many requests of this \(limiter.name); try again in \(seconds) s.",
            headers: [.retryAfter: String(seconds)])
    }
}
