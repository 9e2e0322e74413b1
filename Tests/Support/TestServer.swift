import AsyncHTTPClient
public import Foundation
import NIOCore
import NIOFoundationCompat
import NIOHTTP1

/// A running server process with a client to it.
public struct TestServer: TestedAPI {
    public struct Answer: Sendable {
        public let status: Int
        public let headers: [String: String]
        public let body: Data

        /// - Parameter headers: by names in lower case.
        public init(status: Int, headers: [String: String], body: Data) {
            self.status = status
            self.headers = headers
            self.body = body
        }

        /// The body as a value whose members are the JSON's in camel case.
        public func decoded<Value: Decodable>(as type: Value.Type) throws -> Value {
            let decoder = JSONDecoder()
            decoder.keyDecodingStrategy = .convertFromSnakeCase
            return try decoder.decode(type, from: body)
        }

        /// The body as JSON.
        public func json() throws -> [String: Any] {
            guard let object = try JSONSerialization.jsonObject(with: body) as? [String: Any] else {
                throw TestFailure("the body is no JSON object")
            }
            return object
        }
    }

    public let program: RunningProgram
    public let base: String

    /// - Parameter base: where it listens, as in `http://127.0.0.1:8080`.
    public init(program: RunningProgram, base: String) {
        self.program = program
        self.base = base
    }

    /// Starts `quran serve` on a free port, and stops it when `test` is done.
    public static func with<Value: Sendable>(
        _ environment: [String: String], arguments: [String] = [], _ test: @Sendable (TestServer) async throws -> Value
    ) async throws -> Value {
        let server = try await start(environment, arguments: arguments)
        defer { server.program.end() }
        return try await test(server)
    }

    /// `AUTH_SECRET` of servers on PostgreSQL, and of all whose environment takes it from here.
    public static let secret = "the secret of servers that tests start"

    /// Starts `quran serve` on a free port. The caller ends it.
    public static func start(_ environment: [String: String], arguments: [String] = []) async throws -> TestServer {
        let environment = complete(environment)
        let program = try Program.start(["serve"] + arguments, environment: environment)
        do {
            try await eventually("the server listens") {
                guard program.isRunning else { throw TestFailure("the server ended: \(try program.errors())") }
                return try program.output().contains("Listening on")
            }
        } catch {
            program.end()
            throw error
        }
        let line = try program.output().split(separator: "\n").first { $0.hasPrefix("Listening on ") } ?? ""
        return TestServer(program: program, base: String(line.dropFirst("Listening on ".count)))
    }

    /// Settings of a test, with those that all servers of tests have.
    public static func complete(_ environment: [String: String]) -> [String: String] {
        // Nothing is loaded but what a test asks for, and a test is one user who asks for more than people do.
        var settings = [
            "PORT": "0", "QURAN_RESOURCES": SyntheticContent.shared.resources.path, "WARM_UP_AT_START": "false",
            "WARM_UP_AFTER_CHANGES": "false", "WARM_UP_SCHEDULE": "off", "RATE_LIMIT_USER": "off",
            // A store that is slow for a moment because of the tests beside it is no store that is down.
            "DATABASE_PATIENCE": "20s",
        ]
        // A server on PostgreSQL does not start without.
        let isShared = environment["DATABASE_URL"]?.hasPrefix("postgres") ?? false
        if isShared, !environment.keys.contains(where: { $0.hasPrefix("AUTH_") }) { settings["AUTH_SECRET"] = secret }
        return settings.merging(environment) { $1 }
    }

    /// The settings of a server that takes a silent database for one that is down as soon as operators' servers do.
    public static func impatient(_ environment: [String: String]) -> [String: String] {
        environment.merging(["DATABASE_PATIENCE": "90ms"]) { $1 }
    }

    /// Takes what comes as it comes: a body that was compressed is not unpacked.
    private static let client = {
        var configuration = HTTPClient.Configuration.singletonConfiguration
        configuration.decompression = .disabled
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }()

    public func send(_ outgoing: APIRequest) async throws -> Answer {
        var request = HTTPClientRequest(url: "\(base)\(outgoing.target)")
        request.method = .RAW(value: outgoing.method.rawValue)
        for (name, value) in outgoing.headers { request.headers.add(name: name, value: value) }
        if let body = outgoing.body { request.body = .bytes(ByteBuffer(data: body)) }
        let response = try await Self.client.execute(request, timeout: TimeAmount(outgoing.timeout))
        let received = try await response.body.collect(upTo: 64 << 20)
        var names: [String: String] = [:]
        for header in response.headers { names[header.name.lowercased()] = header.value }
        return Answer(status: Int(response.status.code), headers: names, body: Data(buffer: received))
    }

    public enum HTTPMethodName: String, Sendable, CaseIterable {
        case get = "GET"
        case head = "HEAD"
        case options = "OPTIONS"
        case post = "POST"
        case put = "PUT"
        case delete = "DELETE"
        case patch = "PATCH"
    }
}
