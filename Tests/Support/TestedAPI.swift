public import Foundation

/// What answers requests: a server process, or the API in the process of the tests.
public protocol TestedAPI: Sendable {
    func send(_ request: APIRequest) async throws -> TestServer.Answer
}

/// A request as its client wrote it.
public struct APIRequest: Sendable {
    public let method: TestServer.HTTPMethodName
    /// Path and query.
    public let target: String
    public let headers: [String: String]
    public let body: Data?
    public let timeout: Duration
}

extension TestedAPI {
    /// - Parameter path: below `/api/v1/`.
    public func get(
        _ path: String, method: TestServer.HTTPMethodName = .get, headers: [String: String] = [:]
    ) async throws -> TestServer.Answer {
        try await send(method, path, headers: headers)
    }

    /// - Parameters:
    ///   - path: below `/api/v1/`, unless another root is given.
    ///   - body: sent as JSON, unless the headers name another type.
    public func send(
        _ method: TestServer.HTTPMethodName, _ path: String, headers: [String: String] = [:], body: Data? = nil,
        root: String = "/api/v1/", timeout: Duration = .seconds(60)
    ) async throws -> TestServer.Answer {
        var headers = headers
        if body != nil, !headers.keys.contains(where: { $0.lowercased() == "content-type" }) {
            headers["Content-Type"] = "application/json"
        }
        return try await send(
            APIRequest(method: method, target: root + path, headers: headers, body: body, timeout: timeout))
    }
}
