public import Authentication
public import ContentService
public import Foundation
public import Hummingbird
public import Observability
public import Webhooks

/// What the API is made of.
public struct APIServices: Sendable {
    public let system: ContentSystem
    public let verifier: TokenVerifier
    public let dispatcher: WebhookDispatcher
    public let cacheOperations: CacheOperations
    public let monitor: ContentMonitor
    /// Tells whether a webhook is taken; `nil` takes none.
    public var webhooks: WebhookVerifier?
    /// Hear of every request.
    public var observers: [any RequestObserver] = []
    /// Decides which requests are answered.
    public var admission = Admission()
    public var cors = CORSPolicy()
    public var clientLogging = ClientLogging.none
    public var caching = HTTPCaching()
    /// The time, by which the ayah of the day changes.
    public var now: @Sendable () -> Date = { .now }

    public init(
        system: ContentSystem, verifier: TokenVerifier, dispatcher: WebhookDispatcher, cacheOperations: CacheOperations,
        monitor: ContentMonitor
    ) {
        self.system = system
        self.verifier = verifier
        self.dispatcher = dispatcher
        self.cacheOperations = cacheOperations
        self.monitor = monitor
    }

    var reporter: RequestReporter {
        RequestReporter(metrics: monitor.requests, observers: observers, clientLogging: clientLogging)
    }

    /// Makes the lane for what is in memory, to be given to connections and the router.
    public func makeLane() -> HitLane { HitLane(self) }

    /// Makes the router of the whole API.
    ///
    /// - Parameter lane: is told what addresses are answered with.
    public func makeRouter(teaching lane: HitLane? = nil) -> Router<APIRequestContext> {
        let router = Router(context: APIRequestContext.self, options: .autoGenerateHeadEndpoints)
        router.add(middleware: CORSMiddleware(policy: cors))
        router.add(middleware: RequestMiddleware(reporter: reporter))
        router.add(middleware: AdmissionMiddleware(admission: admission))
        let api = router.group("api/v1")
        let responder = ContentResponder(content: system.service, caching: caching)
        ContentRoutes(content: system.service)
            .add(to: ContentRouter(routes: api, responder: responder, lane: lane))
        ChosenAyahRoutes(responder: responder, now: now).add(to: api)
        HealthRoute(check: HealthCheck(of: system.service)).add(to: api)
        WebhookRoutes(system: system, verifier: webhooks).add(to: api)
        let authenticator = Authenticator(verifier)
        let rate = UserRateMiddleware(admission: admission)
        MeRoutes(records: UserRecords(system))
            .add(
                to: api.group("me", context: UserRequestContext.self).add(middleware: authenticator)
                    .add(middleware: rate))
        let admin = api.group("admin", context: UserRequestContext.self).add(middleware: authenticator)
            .add(middleware: rate).add(middleware: AdminsOnly())
        DeliveryRoutes(dispatcher: dispatcher).add(to: admin)
        CacheRoutes(operations: cacheOperations).add(to: admin)
        let metrics = router.group("metrics", context: UserRequestContext.self).add(middleware: authenticator)
            .add(middleware: AdminsOnly())
        MetricsRoutes(monitor: monitor).add(to: admin, scrapedAt: metrics)
        AdminRoutes(editor: ContentEditor(system)).add(to: admin)
        DocumentRoutes().add(to: router)
        return router
    }

    /// Makes the router of a port of its own, to which strangers must have no way: `/metrics` without a token.
    public func makeMetricsRouter() -> Router<BasicRequestContext> {
        let router = Router(context: BasicRequestContext.self, options: .autoGenerateHeadEndpoints)
        router.get("metrics") { [monitor] _, _ in MetricsRoutes(monitor: monitor).scrape() }
        return router
    }

    /// The routes, each request within its limits.
    public func makeResponder(teaching lane: HitLane? = nil) -> APIResponder {
        APIResponder(routes: makeRouter(teaching: lane).buildResponder(), admission: admission)
    }
}
