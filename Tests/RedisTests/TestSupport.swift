import Foundation
import Logging
import NIOCore
import NIOPosix
import Redis
import ServiceLifecycle
import TestSupport
import Testing

/// The server that the environment names. Tests use keys of their own on it, below a random prefix.
enum SharedRedis {
    static var url: String {
        get throws {
            guard let url = ProcessInfo.processInfo.environment["TEST_REDIS_URL"], !url.isEmpty else {
                throw TestFailure("TEST_REDIS_URL is not set: start a Redis server and give its URL")
            }
            return url
        }
    }
}

let silentLogger = Logger(label: "RedisTests", factory: { _ in SwiftLogNoOpLogHandler() })

/// Two loops for all tests: they live as long as the process.
let eventLoops = MultiThreadedEventLoopGroup(numberOfThreads: 2)

/// Runs `body` while the service runs, and cancels it afterwards.
@discardableResult
func whileRunning<R>(_ service: some Service, _ body: () async throws -> R) async throws -> R {
    let running = Task { try await service.run() }
    do {
        let value = try await body()
        running.cancel()
        try await running.value
        return value
    } catch {
        running.cancel()
        try await running.value
        throw error
    }
}

/// Runs `body` with a client that is connected. Its timeout is generous, for machines that are busy.
@discardableResult
func withClient<R>(
    url: String? = nil,
    logger: Logger = silentLogger,
    waitsForConnection: Bool = true,
    _ configure: (inout RedisConfiguration) -> Void = { _ in },
    _ body: (RedisClient) async throws -> R
) async throws -> R {
    var configuration = try RedisConfiguration(url: url ?? SharedRedis.url)
    configuration.commandTimeout = .seconds(20)
    configuration.connectTimeout = .seconds(20)
    configure(&configuration)
    let client = try RedisClient(configuration: configuration, eventLoopGroup: eventLoops, logger: logger)
    return try await whileRunning(client) {
        if waitsForConnection {
            try await eventually("the client connects to \(configuration)") {
                client.statistics.connected == client.statistics.connections
            }
        }
        return try await body(client)
    }
}

/// Runs `body` with a prefix for keys, which are removed afterwards.
@discardableResult
func withKeys<R>(_ body: (RedisClient, String) async throws -> R) async throws -> R {
    try await withClient { client async throws in
        let prefix = "test:\(UUID().uuidString):"
        let result: R
        do {
            result = try await body(client, prefix)
        } catch {
            try await client.unlink(matching: .literal(prefix) + "*")
            throw error
        }
        try await client.unlink(matching: .literal(prefix) + "*")
        return result
    }
}

/// The `RedisError` that `body` throws.
func redisError(
    sourceLocation: SourceLocation = #_sourceLocation, _ body: () async throws -> Void
) async throws -> RedisError {
    do {
        try await body()
    } catch let error as RedisError {
        return error
    }
    throw TestFailure("no RedisError at \(sourceLocation)")
}
