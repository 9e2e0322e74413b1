import Foundation

/// One read as its client saw it.
public struct Look: CustomStringConvertible {
    public let path: String
    public let answer: TestServer.Answer
    public let label: CacheLabel
    public let sentAt: ContinuousClock.Instant
    public let took: Duration

    public var description: String {
        "GET \(path) → \(answer.status) in \(took.inMilliseconds), Cache-Status: \(label)"
    }

    public func shows(_ text: String) -> Bool { String(decoding: answer.body, as: UTF8.self).contains(text) }
}

/// What an answer says of where it came from, in `Cache-Status`.
public struct CacheLabel: CustomStringConvertible {
    public let description: String
    private let parts: [String]

    public init(_ answer: TestServer.Answer) {
        description = answer.headers["cache-status"] ?? "none"
        parts = description.components(separatedBy: "; ")
    }

    private var isOurs: Bool { parts.first == "quran-backend" }
    private var detail: String? {
        parts.first { $0.hasPrefix("detail=") }.map { String($0.dropFirst("detail=".count)) }
    }

    public var isLoaded: Bool { isOurs && parts.contains("fwd=miss") && parts.contains("stored") && detail == nil }
    public var isFromMemory: Bool { isOurs && parts.contains("hit") && detail == "memory" }
    public var isFromRedis: Bool { isOurs && parts.contains("hit") && detail == "redis" }
    public var isFresh: Bool { isLoaded || isFromMemory || isFromRedis }
    /// Because nobody can say whether it is still true.
    public var isStale: Bool {
        isOurs && parts.contains("hit") && ["stale-unconfirmed", "stale-source-down"].contains(detail)
    }
}

extension TestedAPI {
    public func look(_ path: String) async throws -> Look {
        let start = ContinuousClock.now
        let answer = try await get(path)
        return Look(
            path: path, answer: answer, label: CacheLabel(answer), sentAt: start, took: start.duration(to: .now))
    }
}

extension Duration {
    public var inMilliseconds: String { "\(Int((self / .milliseconds(1)).rounded())) ms" }
}
