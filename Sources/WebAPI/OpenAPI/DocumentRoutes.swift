import ContentService
import HTTPTypes
import Hummingbird
import NIOCore

/// The API's description: for programs as JSON and YAML, for people as a page. Each is made when it is first asked for.
struct DocumentRoutes {
    /// What is sent, whoever asks.
    private struct Representation {
        private let body: ByteBuffer
        private let entityTag: String
        private let headers: HTTPFields

        init(_ body: ByteBuffer, _ type: String, _ more: HTTPFields = [:]) {
            self.body = body
            var headers = more
            headers[.contentType] = type
            entityTag = strongTag(of: body)
            headers[.cacheControl] = "public, max-age=3600"
            self.headers = headers
        }

        func response(to request: Request) -> Response {
            .unlessKnown(to: request, entityTag, headers, body)
        }
    }

    private static let json = Result { Representation(try OpenAPIDocument().json, "application/json") }
    private static let yaml = Result { Representation(try OpenAPIDocument().yaml, "application/yaml") }
    private static let page = Result {
        let page = try DocumentationPage(OpenAPIDocument())
        var headers: HTTPFields = [.contentSecurityPolicy: page.contentSecurityPolicy, .xContentTypeOptions: "nosniff"]
        if let name = HTTPField.Name("Referrer-Policy") { headers[name] = "no-referrer" }
        return Representation(ByteBuffer(string: page.html), "text/html; charset=utf-8", headers)
    }

    func add(to root: some RouterMethods<APIRequestContext>) {
        add("openapi.json", to: root) { try Self.json.get() }
        add("openapi.yaml", to: root) { try Self.yaml.get() }
        add("docs", to: root) { try Self.page.get() }
    }

    private func add(
        _ path: RouterPath, to root: some RouterMethods<APIRequestContext>,
        _ representation: @escaping @Sendable () throws -> Representation
    ) {
        root.getOnly(path) { request, _ in
            _ = try Query(request, allowed: [])
            return try representation().response(to: request)
        }
    }
}
