import HTTPTypes
import Hummingbird

extension RouterMethods {
    typealias Respond = @Sendable (Request, Context) async throws -> Response

    /// Adds what the methods of an address do. HEAD follows GET, OPTIONS names the methods, any other one is 405.
    func resource(_ path: RouterPath, _ methods: KeyValuePairs<HTTPRequest.Method, Respond>) {
        for (method, respond) in methods { on(path, method: method, use: respond) }
        let known = methods.map(\.key)
        let names = known.flatMap { $0 == .get ? ["GET", "HEAD"] : [$0.rawValue] } + ["OPTIONS"]
        let allow: HTTPFields = [.allow: names.joined(separator: ", ")]
        on(path, method: .options) { _, _ in Response(status: .noContent, headers: allow) }
        for method in [HTTPRequest.Method.get, .post, .put, .patch, .delete, .trace, .query]
        where !known.contains(method) {
            on(path, method: method) { _, _ -> Response in
                throw Problem(
                    status: .methodNotAllowed, kind: "method-not-allowed",
                    detail: "\(method) is not allowed here; allowed: \(names.joined(separator: ", ")).", headers: allow)
            }
        }
    }

    /// Adds a route that answers GET (and so HEAD), and every other method with 405.
    func getOnly(_ path: RouterPath, _ respond: @escaping Respond) { resource(path, [.get: respond]) }
}

extension HTTPRequest.Method {
    /// A safe method with a body (draft-ietf-httpbis-safe-method-w-body).
    fileprivate static let query = Self("QUERY") ?? .get
}
