import NIOHTTP1

/// What Sentry asked to be spared, and until when.
struct SentryRateLimits: Sendable {
    /// What is waited if a receiver that has enough does not say how long.
    static let usualPause = Duration.seconds(60)
    /// No answer can silence errors for longer.
    static let longestPause = Duration.seconds(86400)

    private var until: [SentryReport.Category: Duration] = [:]

    /// - Parameter now: on the clock that ``note(status:headers:at:)`` is told.
    func isLimited(_ category: SentryReport.Category, at now: Duration) -> Bool {
        until[category].map { now < $0 } ?? false
    }

    /// Takes what an answer says: `X-Sentry-Rate-Limits`, or with status 429 `Retry-After` in seconds.
    mutating func note(status: UInt, headers: HTTPHeaders, at now: Duration) {
        let limits = headers["x-sentry-rate-limits"].joined(separator: ",")
        if !limits.isEmpty {
            for limit in limits.split(separator: ",") { note(limit, at: now) }
        } else if status == 429 {
            let pause = headers.first(name: "retry-after").flatMap(Self.seconds) ?? Self.usualPause
            for category in SentryReport.Category.allCases { extend(category, to: now + pause) }
        }
    }

    /// `60:transaction;error:key`, the categories being optional: seconds, what is limited, and what is of no use here.
    private mutating func note(_ limit: Substring, at now: Duration) {
        let parts = limit.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count >= 2, let pause = Self.seconds(String(parts[0])) else { return }
        let names = parts[1].split(separator: ";").map { $0.trimmingPrefix { $0 == " " } }
        for category in SentryReport.Category.allCases
        where names.isEmpty || names.contains(where: { $0 == category.rawValue }) {
            extend(category, to: now + pause)
        }
    }

    private mutating func extend(_ category: SentryReport.Category, to end: Duration) {
        until[category] = max(until[category] ?? .zero, end)
    }

    private static func seconds(_ text: String) -> Duration? {
        guard let seconds = Double(text.filter { $0 != " " }), seconds >= 0 else { return nil }
        return min(.seconds(seconds.isFinite ? min(seconds, 1e6) : 1e6), longestPause)
    }
}
