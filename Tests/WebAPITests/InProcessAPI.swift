import Configuration
import ContentService
import Foundation
import HTTPTypes
import HummingbirdTesting
import NIOCore
import Observability
import Storage
import TestSupport

@testable import App

/// The API as the program wires it, by the same settings, asked within this process: the routes with all that belongs to them, without
/// a socket, the lane and what bounds connections. ``TestServer`` is a process with all of it.
struct InProcessAPI: TestedAPI {
    private let client: any TestClientProtocol

    /// Makes the parts, and runs what runs beside requests until `test` is done.
    ///
    /// - Parameter environment: the settings, as the program has them.
    static func with<Value: Sendable>(
        _ environment: [String: String], _ test: @Sendable (InProcessAPI) async throws -> Value
    ) async throws -> Value {
        // Who asks without a socket has no address.
        let environment = ["RATE_LIMIT_ADDRESS": "off"].merging(TestServer.complete(environment)) { $1 }
        let settings = try Settings(
            reader: ConfigReader(provider: EnvironmentVariablesProvider(environmentVariables: environment)))
        let logger = TestDatabase.logger
        let assembly = try await ServerAssembly(
            settings: settings, database: settings.databaseURL.open(create: false, logger: logger),
            registry: MetricsRegistry(ContentMonitor.descriptions), logger: logger)
        return try await assembly.application().test(.router) { try await test(InProcessAPI(client: $0)) }
    }

    func send(_ request: APIRequest) async throws -> TestServer.Answer {
        guard let method = HTTPRequest.Method(rawValue: request.method.rawValue) else {
            throw TestFailure("no method: \(request.method)")
        }
        var fields = HTTPFields()
        for (name, value) in request.headers {
            guard let name = HTTPField.Name(name) else { throw TestFailure("no name of a header: \(name)") }
            fields.append(HTTPField(name: name, value: value))
        }
        return try await withThrowingTaskGroup(of: TestServer.Answer.self) { [client, fields] group in
            group.addTask {
                try await client.execute(
                    uri: request.target, method: method, headers: fields,
                    body: request.body.map { ByteBuffer(bytes: $0) }
                ) { response in
                    var names: [String: String] = [:]
                    for field in response.headers { names[field.name.canonicalName] = field.value }
                    return TestServer.Answer(
                        status: response.status.code, headers: names, body: Data(response.body.readableBytesView))
                }
            }
            group.addTask {
                try await Task.sleep(for: request.timeout)
                throw TestFailure("no answer within \(request.timeout): \(request.method.rawValue) \(request.target)")
            }
            defer { group.cancelAll() }
            guard let answer = try await group.next() else { throw TestFailure("no answer") }
            return answer
        }
    }
}
