import AsyncHTTPClient
import Foundation
public import Logging
public import ServiceLifecycle
import Synchronization

/// Tells Sentry of errors and of a sample of the requests.
///
/// What it is told is appended to a queue of limited length, without waiting; a service sends it in the background. A receiver
/// that is down, slow, or answers nonsense costs what was to be sent, and nothing else. What was not sent is counted, and the
/// counts are sent with what comes next.
public final class SentryClient: RequestObserver, AlertObserver, Service {
    /// How long the service goes on sending when the program ends.
    private static let flushing = Duration.seconds(2)
    /// How often counts are sent if there is nothing to send them with.
    private static let reportInterval = Duration.seconds(60)
    /// The least time between two reports of requests that were answered with 503 for the same kind of error.
    private static let unavailableInterval = Duration.seconds(60)

    private struct State {
        var limits = SentryRateLimits()
        var isFailing = false
        /// Whether counts are to be sent even if nothing else is.
        var isReportDue = false
        /// Of requests that were answered with 503, by the kind of error.
        var unavailable: [ObjectIdentifier: (reported: Duration, since: Int)] = [:]
    }

    private let configuration: SentryConfiguration
    private let logger: Logger
    private let elapsed: @Sendable () -> Duration
    private let queue = SentryQueue()
    private let state = Mutex(State())
    private let (wakeUps, waker) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))

    /// - Parameters:
    ///   - elapsed: time that never jumps.
    ///   - logger: without ``SentryLogHandler``.
    public init(
        _ configuration: SentryConfiguration, elapsed: (@Sendable () -> Duration)? = nil, logger: Logger
    ) {
        let start = ContinuousClock.now
        self.configuration = configuration
        self.logger = logger
        self.elapsed = elapsed ?? { ContinuousClock.now - start }
    }

    // MARK: What happens

    public func observe(_ request: RequestRecord) {
        let lot = configuration.lot(of: request.trace.traceID)
        if let error = request.error, request.status >= 500 {
            if lot >= configuration.errorRate {
                queue.discard(.error, .sampling)
            } else if let unreported = unreported(like: error, status: request.status) {
                append(.failure(request, unreported: unreported))
            }
        }
        // What no route answers is asked by scanners, not by users.
        guard configuration.transactionRate > 0, let route = request.route,
            !configuration.unsampledRoutes.contains(route)
        else { return }
        if lot < configuration.transactionRate {
            append(.transaction(request))
        } else {
            queue.discard(.transaction, .sampling)
        }
    }

    /// Tells of something that went wrong, or that someone should look at.
    ///
    /// - Parameters:
    ///   - message: a sentence, without what varies if it can be: by it Sentry groups.
    ///   - tags: what the message can be searched by; scrubbed like it.
    public func capture(message: String, level: Logger.Level, tags: [String: String] = [:]) {
        append(.message(SentryMessage(text: message, level: level, tags: tags)))
    }

    /// An alert is an event of its own, grouped by its summary.
    public func observe(_ event: AlertEvent) {
        capture(
            message: "alert \(event.kind.rawValue): \(event.summary)", level: event.kind == .raised ? .warning : .info,
            tags: [
                "alert": event.name, "value": event.value.map { "\($0)" } ?? "none",
                "threshold": "\(event.threshold)",
            ])
    }

    func capture(_ message: SentryMessage) {
        guard configuration.lot(of: message.traceID ?? TraceContext.identifier(bytes: 16)) < configuration.errorRate
        else {
            return queue.discard(.error, .sampling)
        }
        append(.message(message))
    }

    private func append(_ report: SentryReport) {
        queue.append(report)
        waker.yield()
    }

    /// How many failures like this were not reported since the last one that was; `nil` if this is not to be reported.
    ///
    /// While the database can't be asked, every request fails alike: one in a while says it.
    private func unreported(like error: any Error, status: Int) -> Int? {
        guard status == 503 else { return 0 }
        let (kind, now) = (ObjectIdentifier(type(of: error)), elapsed())
        return state.withLock { state in
            if let last = state.unavailable[kind], now - last.reported < Self.unavailableInterval {
                state.unavailable[kind]?.since += 1
                return nil
            }
            defer { state.unavailable[kind] = (now, 0) }
            return state.unavailable[kind]?.since ?? 0
        }
    }

    /// What was not sent, and not told yet.
    var discarded: Int { queue.discarded }

    // MARK: Sending

    /// Sends until the task is cancelled or the group shuts down, then for up to 2 s what still waits.
    public func run() async throws {
        try await HTTPClient.withHTTPClient(configuration: SentryTransport.clientConfiguration) { [self] client in
            let agent = configuration.release.replacing("@", with: "/")
            let transport = SentryTransport(dsn: configuration.dsn, agent: agent, client: client)
            await withTaskGroup { group in
                group.addTask { [self] in
                    for await _ in wakeUps { await sendAll(transport) }
                    // What was noted after the last wake-up.
                    state.withLock { $0.isReportDue = true }
                    await sendAll(transport)
                }
                group.addTask { [self] in await reportRegularly() }
                group.addTask { [self] in
                    do {
                        try await gracefulShutdown()
                        waker.finish()
                        try await Task.sleep(for: Self.flushing)
                    } catch { return }
                }
                await group.next()
                group.cancelAll()
            }
        }
    }

    private func reportRegularly() async {
        while true {
            do { try await Task.sleep(for: Self.reportInterval) } catch { return }
            state.withLock { $0.isReportDue = true }
            waker.yield()
        }
    }

    /// Sends what waits, one after the other.
    private func sendAll(_ transport: SentryTransport) async {
        while !Task.isCancelled, let report = queue.next() {
            guard !isLimited(report.category) else {
                queue.discard(report.category, .rateLimit)
                continue
            }
            await send(report, transport)
        }
        let isReportDue = state.withLock { state in
            defer { state.isReportDue = false }
            return state.isReportDue
        }
        if isReportDue, !Task.isCancelled, !isLimited(.error), queue.hasDiscarded { await send(nil, transport) }
    }

    private func isLimited(_ category: SentryReport.Category) -> Bool {
        let now = elapsed()
        return state.withLock { $0.limits.isLimited(category, at: now) }
    }

    /// - Parameter report: `nil` to send counts alone.
    private func send(_ report: SentryReport?, _ transport: SentryTransport) async {
        let discarded = queue.takeDiscarded()
        var envelope = SentryEnvelope(configuration)
        if let report { envelope.add(report) }
        if !discarded.isEmpty { envelope.add(discarded) }
        do {
            let answer = try await transport.post(envelope.bytes())
            let now = elapsed()
            state.withLock { $0.limits.note(status: answer.status, headers: answer.headers, at: now) }
            switch answer.status {
            case 200..<300: note(nil)
            case 429:
                // What it refuses so, the receiver has counted itself.
                queue.restore(discarded)
                note("answered 429")
            case let status:
                queue.restore(discarded)
                if let report { queue.discard(report.category, .refused) }
                note("answered \(status)")
            }
        } catch {
            queue.restore(discarded)
            if let report { queue.discard(report.category, .network) }
            if !Task.isCancelled { note(SentryScrubber.scrubbed("\(error)")) }
        }
    }

    /// Logs when sending begins to fail, and when it works again.
    private func note(_ failure: String?) {
        let isNew = state.withLock { state in
            defer { state.isFailing = failure != nil }
            return state.isFailing != (failure != nil)
        }
        guard isNew else { return }
        if let failure {
            logger.warning(
                "Sentry takes no events; they are dropped",
                metadata: ["receiver": "\(configuration.dsn)", "reason": "\(failure)"])
        } else {
            logger.notice("Sentry takes events again", metadata: ["receiver": "\(configuration.dsn)"])
        }
    }
}
