import ArgumentParser
import ContentService
import JSON
import NIOCore
import NIOHTTP1

struct CacheStats: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show what the cache holds and how often it hits.",
        discussion: """
            \(CacheAccessOptions.discussion) A server tells of itself besides; Redis only of all servers together, since \
            midnight in UTC.

            EXAMPLES
              quran cache-stats
              quran cache-stats --url http://127.0.0.1:8080 --json
            """)

    @OptionGroup var access: CacheAccessOptions

    func run() async throws {
        try await reportingFailure {
            let settings = try Settings()
            let body: ByteBuffer
            switch try await CacheAccess(settings, url: access.url) {
            case .shared(let url):
                body = try await SharedCache.with(url, settings: settings, logger: makeQuietLogger(settings)) { cache in
                    await CacheOperations(cache.system, statistics: cache.statistics, warmUp: nil).stats()
                }
            case .server(let server): body = try await server.send(.GET, "cache/stats")
            }
            if access.json { print(String(buffer: body)) } else { try show(members(of: body)) }
        }
    }

    private func show(_ stats: [String: JSONValue]) {
        if let memory = stats["memory"]?.object {
            let (bytes, capacity) = (memory["bytes"]?.int ?? 0, memory["capacity_bytes"]?.int ?? 0)
            print(
                "memory        \(memory["entries"]?.int ?? 0) entries, \(megabytes(bytes)) of \(megabytes(capacity)) MB"
            )
        }
        print("shared tier   \(stats["shared_tier"]?.string ?? "none")")
        if let lifetimes = stats["lifetimes"]?.object {
            let times = ["quran", "reciters", "editions", "search", "user", "negative", "stale"].map { name in
                "\(name) \(lifetimes[name]?.int ?? 0) s"
            }
            print("lifetimes     \(times.joined(separator: ", "))")
        }
        for (name, member) in [("this server  ", "instance"), ("all, today   ", "cluster_today")] {
            guard let counters = stats[member]?.object else { continue }
            guard let ratio = counters["hit_ratio"]?.number.map({ "\(($0 * 1000).rounded() / 10) %" }) else {
                print("\(name) nothing was asked yet")
                continue
            }
            let counts = ["hits", "stale", "misses"].map { "\(counters[$0]?.int ?? 0) \($0)" }.joined(separator: ", ")
            print("\(name) \(ratio) of \(counts)")
        }
        guard let warmUp = stats["warm_up"]?.object else { return }
        if let last = warmUp["last"]?.object { print("last warm-up  \(warmUpSummary(last))") }
        if let running = warmUp["running"]?.object { print("warming       \(warmUpSummary(running))") }
        print("next warm-up  \(warmUp["next_scheduled"]?.string ?? "not scheduled")")
    }

    private func megabytes(_ bytes: Int) -> String { "\(Double(bytes >> 10) / 1024)".prefix(5).description }
}

/// A report of a warm-up in one line.
func warmUpSummary(_ report: [String: JSONValue]) -> String {
    func number(_ name: String) -> Int { report[name]?.int ?? 0 }
    var text = "\(number("keys")) of \(number("of")) keys, \(number("loaded")) loaded, \(number("failed")) failed"
    text += ", \(number("bytes")) bytes"
    if let milliseconds = report["milliseconds"]?.int { text += " in \(Double(milliseconds) / 1000) s" }
    if let reason = report["interrupted_by"]?.string { text += "; ended by \(reason)" }
    return text
}
