import ArgumentParser
import Caching
import ContentService
import JSON
import NIOCore
import NIOHTTP1
import Storage

struct WarmCache: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make ready what is asked for most, before anyone asks.",
        discussion: """
            \(CacheAccessOptions.discussion) What is fresh already is left as it is. Exits with 70 if some keys could not be \
            made ready.

            EXAMPLES
              quran warm-cache
              WARM_UP_TRANSLATIONS='en.pickthall en.pickthall,ur.jalandhry' quran warm-cache --json
            """)

    @OptionGroup var access: CacheAccessOptions

    /// Between looks at a server's progress.
    private static let interval = Duration.milliseconds(250)
    /// How long a server may make no progress.
    private static let patience = Duration.seconds(120)

    func run() async throws {
        try await reportingFailure {
            let settings = try Settings()
            let progress = ProgressReporter()
            let report: [String: JSONValue]
            switch try await CacheAccess(settings, url: access.url) {
            case .shared(let url):
                report = try await SharedCache.with(url, settings: settings, logger: makeQuietLogger(settings)) {
                    cache in
                    let report = try await WarmUp.once(
                        cache.system, policy: settings.warmUp.policy, logger: makeQuietLogger(settings)
                    ) {
                        progress.report("warming", $0.progress.position, of: $0.total)
                    }
                    // What could not be stored is in nobody's memory either when this ends.
                    guard !cache.system.cache.isSharedTierFailing else {
                        throw Failure(.unavailable, "Redis stopped answering")
                    }
                    var json = JSONWriter()
                    json.object { report.write(to: &$0) }
                    return try members(of: json.buffer)
                }
            case .server(let server): report = try await follow(server, progress)
            }
            progress.finish()
            if access.json { print(JSONValue.object(report).canonicalText) } else { print(warmUpSummary(report)) }
            let failed = report["failed"]?.int ?? 0
            guard failed == 0 else { throw Failure(.failed, "\(failed) keys could not be made ready") }
            if let reason = report["interrupted_by"]?.string {
                throw Failure(.unavailable, "the warm-up was interrupted: \(reason)")
            }
        }
    }

    /// Has a server warm its cache, and waits until it has.
    private func follow(_ server: AdminClient, _ progress: ProgressReporter) async throws -> [String: JSONValue] {
        let started = try members(of: await server.send(.POST, "cache/warm"))
        guard let request = started["request"]?.int,
            let instance = started["warm_up"]?.object?["instance"]?.string
        else { throw Failure(.failed, "\(server.base) has no warm-up") }
        var (position, movedAt) = (-1, ContinuousClock.now)
        while true {
            let stats = try members(of: await server.send(.GET, "cache/stats"))
            let warmUp = stats["warm_up"]?.object ?? [:]
            guard warmUp["instance"]?.string == instance else {
                throw Failure(.unavailable, "\(server.base) was restarted, or is several servers: ask one of them")
            }
            if let last = warmUp["last_requested"]?.object, let done = last["request"]?.int, done >= request {
                return last
            }
            if let running = warmUp["running"]?.object, let keys = running["keys"]?.int {
                progress.report("warming", keys, of: running["of"]?.int ?? 0)
                if keys != position { (position, movedAt) = (keys, .now) }
            }
            guard ContinuousClock.now - movedAt < Self.patience else {
                throw Failure(.unavailable, "\(server.base) makes no progress; it goes on by itself when it can")
            }
            try await Task.sleep(for: Self.interval)
        }
    }
}
