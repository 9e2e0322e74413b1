import Caching
import Compression
import ContentService
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

/// Makes responses of answers that all may read: in the coding that the client likes best, or none where it has them already.
struct ContentResponder: Sendable {
    let content: ContentService
    let caching: HTTPCaching

    /// - Parameter rest: the seconds after which the address has another answer, if it will have one.
    func response(
        to request: Request, with answer: ContentService.Answer, for rest: Int? = nil
    ) async throws -> Response {
        let accepted = request.headers[values: .acceptEncoding].joined(separator: ",")
        var head = ContentHead(answer, accepting: accepted.isEmpty ? nil : ContentCoding.accepted(accepted))
        let now = Int64(Date.now.timeIntervalSince1970)
        let outcome = Conditions(request.headers).outcome(for: head, now: now)
        guard outcome != .failed else { throw Problem.preconditionFailed }
        if outcome == .send, let coding = head.coding, head.body == nil {
            let encoded = try await content.encoded(answer, as: coding)
            // There may be too much to compress just now.
            head = ContentHead(encoded, accepting: encoded.entry.codings[coding] == nil ? nil : coding)
        }
        var fields = HTTPFieldsWriter()
        head.write(to: &fields, isNotModified: outcome == .notModified, caching: caching, now: now)
        var headers = fields.fields
        if let rest, answer.staleness == nil { headers[.cacheControl] = caching.content(for: rest) }
        guard outcome == .send, let body = head.body else { return Response(status: .notModified, headers: headers) }
        return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: body))
    }
}

extension Problem {
    fileprivate static let preconditionFailed = Problem(
        status: .preconditionFailed, kind: "precondition-failed", detail: "It is not what the request asks for.")
}

/// Where the routes of content are added.
struct ContentRouter<Routes: RouterMethods<APIRequestContext>> {
    let routes: Routes
    let responder: ContentResponder
    let lane: HitLane?

    /// Adds a route that answers GET (and so HEAD) with a representation, and every other method with 405.
    ///
    /// - Parameter allowed: the query parameters that the route knows.
    func read(
        _ path: RouterPath, allowing allowed: [String] = [],
        _ answer: @escaping @Sendable (Query, Path) async throws -> ContentService.Answer
    ) {
        routes.getOnly(path) { [responder, lane] request, context in
            let query = try Query(request, allowed: allowed)
            let generation = responder.content.structureGeneration
            let answer = try await context.steps.reading {
                try await answer(query, Path(parameters: context.parameters))
            }
            let response = try await responder.response(to: request, with: answer)
            if let lane, let target = request.head.path {
                lane.learn(target, answer.key, route: context.endpointPath, generation: generation)
            }
            return response
        }
    }
}
