import Foundation
import HTTPTypes
import Hummingbird
import Logging
import Observability

/// Gives each request its id and its place in a trace, turns errors into problem details, writes one line of log, and tells
/// the observers.
struct RequestMiddleware: RouterMiddleware {
    typealias Context = APIRequestContext

    let reporter: RequestReporter

    static let requestIDName = FieldName("X-Request-Id")
    private static let traceName = HTTPField.Name("traceparent")
    private static let sentryTraceName = HTTPField.Name("sentry-trace")

    @concurrent
    func handle(
        _ request: Request, context: APIRequestContext,
        next: @concurrent (Request, APIRequestContext) async throws -> Response
    ) async throws -> Response {
        let startedAt = Date.now
        reporter.began()
        var context = context
        let requestID = RequestID.of(Self.requestIDName.flatMap { request.headers[$0.name] })
        // Hummingbird's own name for it, so that its logs carry the same id.
        context.logger[metadataKey: "hb.request.id"] = "\(requestID)"
        let trace = TraceContext.of(
            traceparent: Self.traceName.flatMap { request.headers[$0] },
            sentryTrace: Self.sentryTraceName.flatMap { request.headers[$0] })
        context.logger[metadataKey: "trace"] = .stringConvertible(TraceID(trace: trace))
        var response: Response
        var failure: (any Error)?
        do {
            response = try await next(request, context)
        } catch  where context.ticket?.hasExpired == true {
            // Whatever its parts made of being cancelled.
            response = Problem.timedOut.response()
            failure = error
        } catch is CancellationError {
            // The client is gone, or the server is going: nobody reads this answer.
            response = Problem(status: .serviceUnavailable, kind: "cancelled", detail: "The request was cancelled.")
                .response()
        } catch {
            response = Problem(error, logger: context.logger).response()
            failure = error
        }
        if let name = Self.requestIDName { response.headers[name.name] = requestID }
        response.headers.append(contentsOf: context.rateLimits.all)
        let record = RequestRecord(
            id: requestID, trace: trace, method: request.method.rawValue, route: context.route,
            status: response.status.code, startedAt: startedAt,
            duration: ContinuousClock.now - context.steps.startedAt,
            responseBytes: response.body.contentLength ?? 0, steps: context.steps.all,
            error: response.status.code >= 500 ? failure : nil)
        reporter.answered(record, path: request.uri.path, client: context.client, logger: context.logger)
        return response
    }
}

/// The id of a trace, made into text only where a line of log is written.
private struct TraceID: CustomStringConvertible, Sendable {
    let trace: TraceContext

    var description: String { trace.traceID }
}

extension APIRequestContext {
    /// The address as the router has it; `nil` if it has none such.
    fileprivate var route: String? { endpointPath == "NotFound" ? nil : endpointPath }
}
