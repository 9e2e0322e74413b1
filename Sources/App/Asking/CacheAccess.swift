import ArgumentParser
import JSON
import Logging
import NIOCore

/// How a command reaches the cache: the tier that servers share, or else a running server.
enum CacheAccess: Sendable {
    case shared(url: String)
    case server(AdminClient)

    /// - Parameter url: a server's address, to ask that in any case.
    init(_ settings: Settings, url: String?) async throws {
        if url == nil, let shared = settings.redisURL {
            self = .shared(url: shared)
        } else {
            self = .server(try await AdminClient(settings, url: url))
        }
    }
}

/// What the commands on the cache have in common.
struct CacheAccessOptions: ParsableArguments {
    @Option(help: "Ask the server at this address; by default Redis, if REDIS_URL is set, else the server on PORT.")
    var url: String?

    @Flag(help: "Print JSON.")
    var json = false

    static let discussion = """
        With REDIS_URL it works on the Redis and the database that servers share. Without, or with --url, it asks a running \
        server, with the token in QURAN_TOKEN or one that it signs with the server's AUTH_SECRET.
        """
}

/// Reads an answer that this program wrote.
func members(of body: ByteBuffer) throws -> [String: JSONValue] {
    guard let object = JSONReader.read(Array(body.readableBytesView))?.object else {
        throw Failure(.unavailable, "the answer is no JSON object: is that the server?")
    }
    return object
}

/// Logs of a command: warnings alone, as the command says itself what it does.
func makeQuietLogger(_ settings: Settings) -> Logger {
    var logger = settings.makeLogger()
    logger.logLevel = max(logger.logLevel, .warning)
    return logger
}
