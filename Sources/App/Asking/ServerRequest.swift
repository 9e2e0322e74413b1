import AsyncHTTPClient
import NIOCore
import NIOHTTP1

/// Asks a server once. One that is not there is told of at once, not when the time is over.
///
/// - Parameter base: the server's address, for the error.
/// - Throws: ``Failure`` (`unavailable`) if it does not answer.
func ask(
    _ request: HTTPClientRequest, of base: String, timeout: TimeAmount
) async throws -> (status: HTTPResponseStatus, body: ByteBuffer) {
    var configuration = HTTPClient.Configuration.singletonConfiguration
    configuration.connectionPool.retryConnectionEstablishment = false
    // The body's as well, which the time for the whole request does not bound.
    configuration.timeout = HTTPClient.Configuration.Timeout(connect: timeout, read: timeout)
    do {
        return try await HTTPClient.withHTTPClient(configuration: configuration) { client in
            let response = try await client.execute(request, timeout: timeout)
            return (response.status, try await response.body.collect(upTo: 16 << 20))
        }
    } catch {
        throw Failure(.unavailable, "\(base) does not answer: \(error)")
    }
}
