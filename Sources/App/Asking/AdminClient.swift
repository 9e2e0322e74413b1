import AsyncHTTPClient
import Authentication
import Foundation
import JSON
import NIOCore
import NIOHTTP1

/// Asks a running server for what only admins may.
struct AdminClient: Sendable {
    let base: String
    private let token: String

    /// - Parameter url: the server's address; by default that of the settings.
    /// - Throws: ``Failure`` if there is neither `QURAN_TOKEN` nor a secret to make a token with.
    init(_ settings: Settings, url: String?) async throws {
        base = url ?? "http://127.0.0.1:\(settings.port)"
        if let token = settings.adminToken {
            self.token = token
        } else {
            let secret = try settings.tokens.signingSecret(for: settings.databaseURL)
            token = try await TokenMinter(secret: secret, policy: settings.tokens.policy)
                .mint(user: UserID("quran command"), role: .admin, timeToLive: .seconds(3600), now: .now)
        }
    }

    /// - Parameters:
    ///   - path: below `/api/v1/admin/`.
    ///   - body: JSON.
    /// - Throws: ``Failure``: `unavailable` if the server does not answer, `noPermission` if it does not take the token.
    func send(_ method: HTTPMethod, _ path: String, body: ByteBuffer? = nil) async throws -> ByteBuffer {
        var request = HTTPClientRequest(url: "\(base)/api/v1/admin/\(path)")
        request.method = method
        request.headers.add(name: "authorization", value: "Bearer \(token)")
        if let body {
            request.headers.add(name: "content-type", value: "application/json")
            request.body = .bytes(body)
        }
        let (status, answer) = try await ask(request, of: base, timeout: .seconds(60))
        switch status.code {
        case 200..<300: return answer
        case 401, 403: throw Failure(.noPermission, "\(base) does not take the token; set QURAN_TOKEN to an admin's")
        case 500...: throw Failure(.unavailable, "\(base) can't do it now: status \(status.code)")
        case let code:
            let problem = JSONReader.read(Array(answer.readableBytesView))?.object?["detail"]?.string
            throw Failure(.failed, "\(base) refuses: \(problem ?? "status \(code)")")
        }
    }
}
