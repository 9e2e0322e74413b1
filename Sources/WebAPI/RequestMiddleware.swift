import Foundation
import HTTPTypes
import Hummingbird
import Logging

/// Gives each request its id, turns errors into problem details, and writes one line of log.
struct RequestMiddleware: RouterMiddleware {
    typealias Context = APIRequestContext

    private static let requestIDName = HTTPField.Name("X-Request-Id")

    @concurrent
    func handle(
        _ request: Request, context: APIRequestContext,
        next: @concurrent (Request, APIRequestContext) async throws -> Response
    ) async throws -> Response {
        let clock = ContinuousClock()
        let start = clock.now
        var context = context
        let requestID = Self.requestID(of: request)
        // Hummingbird's own name for it, so that its logs carry the same id.
        context.logger[metadataKey: "hb.request.id"] = "\(requestID)"
        var response: Response
        do {
            response = try await next(request, context)
        } catch is CancellationError {
            // The client is gone, or the server is going: nobody reads this answer.
            response = Problem(status: .serviceUnavailable, kind: "cancelled", detail: "The request was cancelled.")
                .response()
        } catch {
            response = Problem(error, logger: context.logger).response()
        }
        if let name = Self.requestIDName { response.headers[name] = requestID }
        context.logger.info(
            "request",
            metadata: [
                "method": "\(request.method)", "path": "\(request.uri.path)", "status": "\(response.status.code)",
                "bytes": "\(response.body.contentLength ?? 0)",
                "milliseconds": "\(milliseconds(clock.now - start))",
            ])
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

    private func milliseconds(_ duration: Duration) -> String {
        let microseconds = Int(duration / .microseconds(1))
        let fraction = String(microseconds % 1000)
        return "\(microseconds / 1000).\(String(repeating: "0", count: 3 - fraction.count))\(fraction)"
    }
}
