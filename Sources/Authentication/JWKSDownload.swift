import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import Observability

/// An address with published keys.
struct JWKSDownload: Sendable {
    /// How long a server may take, from the look-up of its name to the last byte.
    static let timeout = Duration.seconds(5)

    /// Scheme, host and port: what may be logged. The rest of an address may hold a key to it.
    let origin: String
    private let address: String
    private let clock: AuthenticationClock

    /// - Throws: ``AuthenticationError`` (`invalidConfiguration`) unless it is https, or http to this machine, without a user
    ///   or password.
    init(_ url: URL, clock: AuthenticationClock) throws(AuthenticationError) {
        let scheme = url.scheme?.lowercased()
        let host = (url.host() ?? "").trimmingCharacters(in: ["[", "]"])
        guard !host.isEmpty, scheme == "https" || scheme == "http" && Self.isLoopback(host) else {
            throw AuthenticationError(.invalidConfiguration, "the address of the key set must be https")
        }
        guard url.user() == nil, url.password() == nil else {
            throw AuthenticationError(.invalidConfiguration, "the address of the key set must have no user or password")
        }
        let shown = host.contains(":") ? "[\(host)]" : host
        origin = "\(scheme ?? "")://\(shown)\(url.port.map { ":\($0)" } ?? "")"
        address = url.absoluteString
        self.clock = clock
    }

    private static func isLoopback(_ host: String) -> Bool {
        if host.lowercased() == "localhost" || host == "::1" { return true }
        let numbers = host.split(separator: ".", omittingEmptySubsequences: false)
        return numbers.count == 4 && numbers[0] == "127" && numbers.allSatisfy { UInt8($0) != nil }
    }

    /// Reads the set. Redirects are not followed: they would lead where nobody configured.
    ///
    /// - Throws: ``AuthenticationError`` (`keysUnavailable`) that says why, for the log.
    func read() async throws(AuthenticationError) -> [UInt8] {
        do {
            return try await withThrowingTaskGroup { group in
                group.addTask { try await get() }
                group.addTask {
                    try await clock.sleep(Self.timeout)
                    throw AuthenticationError(.keysUnavailable, "no answer within \(Self.timeout)")
                }
                defer { group.cancelAll() }
                return try await group.next() ?? []
            }
        } catch let error as AuthenticationError {
            throw error
        } catch is NIOTooManyBytesError {
            throw AuthenticationError(.keysUnavailable, "the answer has more than \(JWKSFile.maximumBytes) bytes")
        } catch {
            throw AuthenticationError(.keysUnavailable, "\(error)")
        }
    }

    /// A client for each request: one in minutes needs no pool, and nothing is left open between.
    private func get() async throws -> [UInt8] {
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
        // The next try is ours to make, and a server that is not there is to be logged at once.
        configuration.connectionPool.retryConnectionEstablishment = false
        return try await HTTPClient.withHTTPClient(configuration: configuration) { client in
            var request = HTTPClientRequest(url: address)
            request.headers.add(name: "Accept", value: "application/jwk-set+json, application/json")
            // Several requests may wait for one download: it is a trace of its own.
            for (name, value) in TraceContext().headers { request.headers.add(name: name, value: value) }
            let response = try await client.execute(request, deadline: .distantFuture)
            guard response.status == .ok else {
                throw AuthenticationError(.keysUnavailable, "the server answered \(response.status.code)")
            }
            return Array(buffer: try await response.body.collect(upTo: JWKSFile.maximumBytes))
        }
    }
}
