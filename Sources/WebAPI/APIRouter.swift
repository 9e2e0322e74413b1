public import ContentService
public import Hummingbird

/// Makes the router of the whole API.
public func makeRouter(content: ContentService) -> Router<APIRequestContext> {
    let router = Router(context: APIRequestContext.self, options: .autoGenerateHeadEndpoints)
    router.add(middleware: RequestMiddleware())
    let api = router.group("api/v1")
    ContentRoutes(content: content).add(to: api)
    HealthRoute(content: content).add(to: api)
    return router
}
