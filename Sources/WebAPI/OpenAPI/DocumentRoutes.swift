import Crypto
import HTTPTypes
import Hummingbird
import NIOCore
import Storage

/// The API's description: for programs as JSON and YAML, for people as a page. Each is made when it is first asked for.
struct DocumentRoutes {
    /// What is sent, whoever asks.
    private struct Representation {
        let body: ByteBuffer
        let headers: HTTPFields

        init(_ body: ByteBuffer, _ type: String, _ more: HTTPFields = [:]) {
            self.body = body
            var headers = more
            headers[.contentType] = type
            headers[.eTag] = "\"\(SHA256.hash(data: body.readableBytesView).hexadecimal.prefix(32))\""
            headers[.cacheControl] = "public, max-age=3600"
            self.headers = headers
        }

        func response(to request: Request) -> Response {
            guard let tag = headers[.eTag], request.knows(tag) else {
                return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: body))
            }
            var headers = headers
            headers[.contentType] = nil
            return Response(status: .notModified, headers: headers)
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
