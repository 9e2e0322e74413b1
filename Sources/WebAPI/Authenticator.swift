import Authentication
import HTTPTypes
import Hummingbird
import Logging
import Observability

/// What a request of a known user carries.
struct UserRequestContext: ChildRequestContext {
    var coreContext: CoreRequestContextStorage
    /// Who sent it; set by ``Authenticator``, which lets nobody else pass.
    private(set) var user: User?
    let steps: RequestSteps
    let rateLimits: RateLimitFields

    init(context: APIRequestContext) {
        coreContext = context.coreContext
        steps = context.steps
        rateLimits = context.rateLimits
    }

    fileprivate func authenticated(as user: User) -> Self {
        var context = self
        context.user = user
        context.logger[metadataKey: "user"] = "\(user.id)"
        return context
    }

    /// - Throws: ``AuthenticationError`` (`missing`) if nobody asked.
    func requireUser() throws -> User {
        guard let user else { throw AuthenticationError(.missing, "no bearer token was sent") }
        return user
    }
}

/// Lets requests pass whose bearer token is good, and says who sent them. The token goes no further than this. A browser's
/// preflight has none, and is answered with the methods of the address, whoever asks.
struct Authenticator: RouterMiddleware {
    typealias Context = UserRequestContext

    private let verifier: TokenVerifier

    init(_ verifier: TokenVerifier) { self.verifier = verifier }

    @concurrent
    func handle(
        _ request: Request, context: UserRequestContext,
        next: @concurrent (Request, UserRequestContext) async throws -> Response
    ) async throws -> Response {
        guard !request.isPreflight else { return try await next(request, context) }
        // Several are joined with commas, and refused as such.
        let values = request.headers[values: .authorization]
        let token = try BearerToken(authorization: values.isEmpty ? nil : values.joined(separator: ", "))
        let user = try await verifier.verify(token)
        return try await next(request, context.authenticated(as: user))
    }
}

/// Lets editors and operators pass. It stands behind ``Authenticator``.
struct AdminsOnly: RouterMiddleware {
    typealias Context = UserRequestContext

    @concurrent
    func handle(
        _ request: Request, context: UserRequestContext,
        next: @concurrent (Request, UserRequestContext) async throws -> Response
    ) async throws -> Response {
        guard try request.isPreflight || context.requireUser().role == .admin else {
            throw Problem(
                status: .forbidden, kind: "forbidden", detail: "The token lets nobody in here but admins.")
        }
        return try await next(request, context)
    }
}
