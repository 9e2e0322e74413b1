public import Authentication
public import ContentService
public import Hummingbird

/// Makes the router of the whole API.
public func makeRouter(_ system: ContentSystem, verifier: TokenVerifier) -> Router<APIRequestContext> {
    let router = Router(context: APIRequestContext.self, options: .autoGenerateHeadEndpoints)
    router.add(middleware: RequestMiddleware())
    let api = router.group("api/v1")
    ContentRoutes(content: system.service).add(to: api)
    HealthRoute(content: system.service).add(to: api)
    let authenticator = Authenticator(verifier)
    MeRoutes(records: UserRecords(system))
        .add(to: api.group("me", context: UserRequestContext.self).add(middleware: authenticator))
    return router
}
