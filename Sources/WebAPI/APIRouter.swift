public import Authentication
public import ContentService
public import Hummingbird

/// Makes the router of the whole API.
public func makeRouter(content: ContentService, verifier: TokenVerifier) -> Router<APIRequestContext> {
    let router = Router(context: APIRequestContext.self, options: .autoGenerateHeadEndpoints)
    router.add(middleware: RequestMiddleware())
    let api = router.group("api/v1")
    ContentRoutes(content: content).add(to: api)
    HealthRoute(content: content).add(to: api)
    MeRoutes().add(to: api.group("me", context: UserRequestContext.self).add(middleware: Authenticator(verifier)))
    return router
}
