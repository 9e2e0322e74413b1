import AsyncHTTPClient
import Crypto
import Foundation
import NIOCore
import NIOHTTP1
import Observability
import Storage
import Webhooks

/// Sends webhooks to one target.
struct WebhookSender: Sendable {
    let target: WebhookTarget
    let secrets: [WebhookSecret]
    /// How long an attempt may take, from the look-up of the name to the head of the answer.
    let timeout: Duration
    let client: HTTPClient

    /// How an attempt went.
    enum Answer: Sendable, Hashable {
        case taken
        /// The receiver is gone for good, and says so.
        case gone
        case refused(String, retryAfter: Duration?)
    }

    /// Makes one attempt. Redirects are not followed: they would lead where nobody configured.
    ///
    /// - Returns: `nil` if the task was cancelled meanwhile.
    func send(_ claim: WebhookOutbox.Claim, at now: Date) async -> Answer? {
        let body = Array(claim.payload.utf8)
        var request = HTTPClientRequest(url: target.address)
        request.method = .POST
        request.headers.add(name: "content-type", value: "application/json")
        request.headers.add(name: "user-agent", value: "quran-backend/\(ContentService.version)")
        for (name, value) in Self.trace(of: claim).headers { request.headers.add(name: name, value: value) }
        for (name, value) in secrets.headers(id: claim.id, at: now, body: body) {
            request.headers.add(name: name, value: value)
        }
        request.body = .bytes(ByteBuffer(bytes: body))
        do {
            // The head is the answer. A body that follows is not read, and its connection not used again.
            return Self.answer(try await client.execute(request, timeout: TimeAmount(timeout)), at: now)
        } catch {
            guard !Task.isCancelled else { return nil }
            let isLate = (error as? HTTPClientError) == .deadlineExceeded
            return .refused(isLate ? "no answer within \(timeout)" : "\(error)", retryAfter: nil)
        }
    }

    /// A delivery is a trace, the same in all instances, and each attempt is a span of it.
    static func trace(of claim: WebhookOutbox.Claim) -> TraceContext {
        TraceContext(seed: SHA256.hash(data: Data(claim.id.utf8)))
    }

    private static func answer(_ response: HTTPClientResponse, at now: Date) -> Answer {
        switch response.status.code {
        case 200..<300: .taken
        case 410: .gone
        case let code:
            .refused(
                "answered \(code)",
                retryAfter: response.headers.first(name: "retry-after").flatMap { retryAfter($0, at: now) })
        }
    }

    /// Reads seconds or a date (RFC 9110, section 10.2.3).
    private static func retryAfter(_ text: String, at now: Date) -> Duration? {
        if let seconds = Int32(text) { return .seconds(max(0, seconds)) }
        let dates = DateFormatter()
        dates.locale = Locale(identifier: "en_US_POSIX")
        dates.timeZone = .gmt
        dates.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
        return dates.date(from: text).map { .seconds(max(0, $0.timeIntervalSince(now))) }
    }
}
