import Foundation
import Synchronization
import TestSupport

/// One read as its client saw it.
struct Look: CustomStringConvertible {
    let path: String
    let answer: TestServer.Answer
    let label: CacheLabel
    let sentAt: ContinuousClock.Instant
    let took: Duration

    var description: String { "GET \(path) → \(answer.status) in \(took.inMilliseconds), Cache-Status: \(label)" }

    func shows(_ text: String) -> Bool { String(decoding: answer.body, as: UTF8.self).contains(text) }
}

/// What an answer says of where it came from, in `Cache-Status`.
struct CacheLabel: CustomStringConvertible {
    let description: String
    private let parts: [String]

    init(_ answer: TestServer.Answer) {
        description = answer.headers["cache-status"] ?? "none"
        parts = description.components(separatedBy: "; ")
    }

    private var isOurs: Bool { parts.first == "quran-backend" }
    private var detail: String? {
        parts.first { $0.hasPrefix("detail=") }.map { String($0.dropFirst("detail=".count)) }
    }

    var isLoaded: Bool { isOurs && parts.contains("fwd=miss") && parts.contains("stored") && detail == nil }
    var isFromMemory: Bool { isOurs && parts.contains("hit") && detail == "memory" }
    var isFromRedis: Bool { isOurs && parts.contains("hit") && detail == "redis" }
    var isFresh: Bool { isLoaded || isFromMemory || isFromRedis }
    /// Because nobody can say whether it is still true.
    var isStale: Bool {
        isOurs && parts.contains("hit") && ["stale-unconfirmed", "stale-source-down"].contains(detail)
    }
}

extension TestServer {
    func look(_ path: String) async throws -> Look {
        let start = ContinuousClock.now
        let answer = try await get(path)
        return Look(
            path: path, answer: answer, label: CacheLabel(answer), sentAt: start, took: start.duration(to: .now))
    }
}

/// Addresses of static content, each given out once: nobody has asked for it before.
final class ColdPaths: Sendable {
    private let last = Atomic<Int>(0)

    func next() -> String { "ayahs/\(last.add(1, ordering: .relaxed).newValue)" }
}

/// How long some reads took.
struct Latencies: CustomStringConvertible {
    private let sorted: [Duration]

    init(_ durations: [Duration]) { sorted = durations.sorted() }

    var longest: Duration { sorted.last ?? .zero }

    var description: String {
        guard let shortest = sorted.first else { return "none" }
        let median = sorted[sorted.count / 2]
        return "\([shortest, median, longest].map(\.inMilliseconds).joined(separator: " … ")) (\(sorted.count) reads)"
    }
}

extension Duration {
    var inMilliseconds: String { "\(Int((self / .milliseconds(1)).rounded())) ms" }
}
