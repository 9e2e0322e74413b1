import ArgumentParser
import Caching
import ContentService
import JSON
import NIOCore
import NIOHTTP1

struct ClearCache: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Empty the cache of every server.",
        discussion: """
            \(CacheAccessOptions.discussion) All is loaded again as it is asked for; nothing wrong is served meanwhile.

            EXAMPLES
              quran clear-cache
              quran clear-cache --pattern 'quran_backend:quran:surah:2*' --json
            """)

    @Option(help: "Only the entries whose whole keys match: * is any run of characters, ? any one.")
    var pattern: String?

    @OptionGroup var access: CacheAccessOptions

    func validate() throws {
        if let pattern, CacheTarget.pattern(checking: pattern) == nil {
            throw ValidationError("--pattern must begin with \(CacheKey.prefix)")
        }
    }

    func run() async throws {
        try await reportingFailure {
            let settings = try Settings()
            let target = pattern.flatMap(CacheTarget.pattern(checking:))
            let body: ByteBuffer
            let needsShared: Bool
            switch try await CacheAccess(settings, url: access.url) {
            case .shared(let url):
                needsShared = true
                body = try await SharedCache.with(url, settings: settings, logger: makeQuietLogger(settings)) { cache in
                    let operations = CacheOperations(cache.system, statistics: nil, warmUp: nil)
                    return if let target {
                        try await operations.invalidate(target)
                    } else {
                        try await operations.clear()
                    }
                }
            case .server(let server):
                needsShared = false
                body = try await clear(server)
            }
            let removed = try members(of: body)["removed"]?.object
            let shared = removed?["shared"]?.int
            if access.json {
                print(String(buffer: body))
            } else if needsShared {
                print("\(shared ?? 0) entries removed from Redis; servers were told to drop theirs")
            } else {
                let others = shared.map { " and \($0) from Redis" } ?? ""
                print("\(removed?["memory"]?.int ?? 0) entries removed from the server's memory\(others)")
            }
            if needsShared, shared == nil { throw Failure(.unavailable, "Redis stopped answering") }
        }
    }

    private func clear(_ server: AdminClient) async throws -> ByteBuffer {
        guard let pattern else { return try await server.send(.POST, "cache/clear") }
        var json = JSONWriter()
        json.object { $0.member("pattern", pattern) }
        return try await server.send(.POST, "cache/invalidate", body: json.buffer)
    }
}
