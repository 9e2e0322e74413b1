import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1

/// Posts envelopes to where a DSN says.
struct SentryTransport: Sendable {
    /// How long a post may take, from the look-up of the name to the last byte of the answer.
    static let timeout = Duration.seconds(5)
    /// Answers name the event and no more.
    private static let answerLimit = 64 << 10

    struct Answer: Sendable {
        let status: UInt
        let headers: HTTPHeaders
    }

    private struct TimedOut: Error, CustomStringConvertible {
        var description: String { "no answer within \(SentryTransport.timeout)" }
    }

    let dsn: SentryDSN
    /// The name and version of this program.
    let agent: String
    let client: HTTPClient

    /// Settings for the client. Redirects are not followed: they would lead where nobody configured.
    static var clientConfiguration: HTTPClient.Configuration {
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
        configuration.connectionPool.retryConnectionEstablishment = false
        return configuration
    }

    /// Makes one attempt.
    ///
    /// - Throws: any error, if there was no answer, not in time, or more of one than can be.
    func post(_ envelope: ByteBuffer) async throws -> Answer {
        try await withThrowingTaskGroup { group in
            group.addTask { try await exchange(envelope) }
            group.addTask {
                try await Task.sleep(for: Self.timeout)
                throw TimedOut()
            }
            defer { group.cancelAll() }
            guard let answer = try await group.next() else { throw CancellationError() }
            return answer
        }
    }

    private func exchange(_ envelope: ByteBuffer) async throws -> Answer {
        var request = HTTPClientRequest(url: dsn.envelopes)
        request.method = .POST
        request.headers.add(name: "content-type", value: "application/x-sentry-envelope")
        request.headers.add(name: "user-agent", value: agent)
        request.headers.add(
            name: "x-sentry-auth", value: "Sentry sentry_version=7, sentry_client=\(agent), sentry_key=\(dsn.publicKey)"
        )
        request.body = .bytes(envelope)
        let response = try await client.execute(request, deadline: .distantFuture)
        // To its end, so that the connection can be used again.
        _ = try await response.body.collect(upTo: Self.answerLimit)
        return Answer(status: response.status.code, headers: response.headers)
    }
}
