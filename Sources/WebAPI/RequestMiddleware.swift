import Foundation
import HTTPTypes
import Hummingbird
import Logging
import Observability

/// Gives each request its id and its place in a trace, turns errors into problem details, writes one line of log, and tells
/// the observers.
struct RequestMiddleware: RouterMiddleware {
    typealias Context = APIRequestContext

    let observers: [any RequestObserver]
    let clientLogging: ClientLogging

    private static let requestIDName = HTTPField.Name("X-Request-Id")
    private static let traceName = HTTPField.Name("traceparent")
    private static let sentryTraceName = HTTPField.Name("sentry-trace")

    @concurrent
    func handle(
        _ request: Request, context: APIRequestContext,
        next: @concurrent (Request, APIRequestContext) async throws -> Response
    ) async throws -> Response {
        let startedAt = Date.now
        for observer in observers { observer.requestBegan() }
        var context = context
        let requestID = Self.requestID(of: request)
        // Hummingbird's own name for it, so that its logs carry the same id.
        context.logger[metadataKey: "hb.request.id"] = "\(requestID)"
        let trace = Self.trace(of: request)
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
        if let name = Self.requestIDName { response.headers[name] = requestID }
        response.headers.append(contentsOf: context.rateLimits.all)
        let duration = ContinuousClock.now - context.steps.startedAt
        let record = RequestRecord(
            id: requestID, trace: trace, method: request.method.rawValue, route: context.route,
            status: response.status.code, startedAt: startedAt, duration: duration,
            responseBytes: response.body.contentLength ?? 0, steps: context.steps.all,
            error: response.status.code >= 500 ? failure : nil)
        for observer in observers { observer.observe(record) }
        var metadata: Logger.Metadata = [
            "method": "\(request.method)", "path": "\(request.uri.path)", "status": "\(response.status.code)",
            "bytes": "\(response.body.contentLength ?? 0)",
            "milliseconds": "\(milliseconds(duration))",
        ]
        if let client = context.client, let name = clientLogging.name(of: client) { metadata["client"] = "\(name)" }
        context.logger.info("request", metadata: metadata)
        return response
    }

    /// The client's id, if it is 1…128 visible ASCII characters.
    private static func requestID(of request: Request) -> String {
        if let name = requestIDName, let id = request.headers[name], (1...128).contains(id.utf8.count),
            id.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        {
            return id
        }
        return UUID().uuidString.lowercased()
    }

    /// That of the client, or a new one.
    private static func trace(of request: Request) -> TraceContext {
        guard let traceName, let sentryTraceName else { return TraceContext() }
        let trace = request.headers[traceName].flatMap { TraceContext(traceparent: $0) }
        return trace ?? request.headers[sentryTraceName].flatMap { TraceContext(sentryTrace: $0) } ?? TraceContext()
    }

    private func milliseconds(_ duration: Duration) -> String {
        let microseconds = Int(duration / .microseconds(1))
        let fraction = String(microseconds % 1000)
        return "\(microseconds / 1000).\(String(repeating: "0", count: 3 - fraction.count))\(fraction)"
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
