public import Authentication
public import ContentService
public import Hummingbird
public import Webhooks

/// Makes the router of the whole API.
///
/// - Parameter webhooks: tells whether a webhook is taken; `nil` takes none.
public func makeRouter(
    _ system: ContentSystem, verifier: TokenVerifier, webhooks: WebhookVerifier?, dispatcher: WebhookDispatcher
) -> Router<APIRequestContext> {
    let router = Router(context: APIRequestContext.self, options: .autoGenerateHeadEndpoints)
    router.add(middleware: RequestMiddleware())
    let api = router.group("api/v1")
    ContentRoutes(content: system.service).add(to: api)
    HealthRoute(content: system.service).add(to: api)
    WebhookRoutes(system: system, verifier: webhooks).add(to: api)
    let authenticator = Authenticator(verifier)
    MeRoutes(records: UserRecords(system))
        .add(to: api.group("me", context: UserRequestContext.self).add(middleware: authenticator))
    let admin = api.group("admin", context: UserRequestContext.self).add(middleware: authenticator)
        .add(middleware: AdminsOnly())
    DeliveryRoutes(dispatcher: dispatcher).add(to: admin)
    AdminRoutes(editor: ContentEditor(system)).add(to: admin)
    return router
}
