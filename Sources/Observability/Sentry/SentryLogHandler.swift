public import Logging

/// Tells Sentry of lines of log at `error` and above. It stands beside the handler that writes them.
///
/// Lines of requests are left out: a request that failed is told of as a whole. The client's own lines are written by a logger
/// without this handler, so that they can't lead to more.
public struct SentryLogHandler: LogHandler {
    /// What names a request in its lines of log.
    private static let requestKey = "hb.request.id"
    /// What is not told: who a line is about, and what it stands in.
    private static let hiddenKeys: Set = ["user", "path", "address", "peer", "trace", requestKey]
    /// More is not kept.
    private static let detailLimit = 12

    private let client: SentryClient
    public var metadata: Logger.Metadata = [:]
    public var metadataProvider: Logger.MetadataProvider?

    public init(_ client: SentryClient) { self.client = client }

    /// Whatever is written besides.
    public var logLevel: Logger.Level {
        get { .error }
        set {}
    }

    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    public func log(event: LogEvent) {
        guard event.level >= .error else { return }
        var all = metadata
        if let provided = metadataProvider?.get() { all.merge(provided) { $1 } }
        if let own = event.metadata { all.merge(own) { $1 } }
        guard all[Self.requestKey] == nil else { return }
        var details: [String: String] = [:]
        for (key, value) in all.sorted(by: { $0.key < $1.key }).prefix(Self.detailLimit)
        where !Self.hiddenKeys.contains(key) { details[key] = "\(value)" }
        let trace = all["trace"].map { "\($0)" }.flatMap { TraceContext.isTraceID($0) ? $0 : nil }
        client.capture(
            SentryMessage(
                text: "\(event.message)", level: event.level, traceID: trace, details: details, error: event.error))
    }
}
