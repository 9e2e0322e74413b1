import ContentService
import HTTPTypes
import Hummingbird
import NIOCore
import Quran
import Storage

/// What was told to other systems, for operators.
struct DeliveryRoutes {
    let dispatcher: WebhookDispatcher

    /// - Parameter admin: lets nobody in but admins.
    func add(to admin: some RouterMethods<UserRequestContext>) {
        admin.getOnly("webhooks/deliveries") { request, _ in
            let query = try Query(request, allowed: ["state"] + Query.pageParameters)
            let states = WebhookDelivery.State.allCases.map(\.rawValue).joined(separator: ", ")
            let state = try query.id("state", as: WebhookDelivery.State.init, allowed: states)
            return .unstored(try await dispatcher.deliveries(state, page: query.page()))
        }
        admin.resource(
            "webhooks/deliveries/:id/retry",
            [
                .post: { request, context in
                    _ = try Query(request, allowed: [])
                    let id = try Path(parameters: context.parameters).id("id", as: { RecordID($0) })
                    switch try await dispatcher.retry(id.name) {
                    case .due(let body): return .unstored(body, .accepted)
                    case .deliveredBefore:
                        throw Problem(status: .conflict, kind: "conflict", detail: "The delivery was made before.")
                    case .unknown: throw Problem.notFound("id", "there is no delivery “\(id)”")
                    }
                }
            ])
    }
}
