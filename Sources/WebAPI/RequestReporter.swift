import Foundation
import Hummingbird
import Logging
import Observability

/// Tells the log and the observers of requests, whoever answers them.
struct RequestReporter: Sendable {
    let metrics: RequestMetrics
    /// Hear of it besides.
    let observers: [any RequestObserver]
    let clientLogging: ClientLogging

    func began() {
        metrics.requestBegan()
        for observer in observers { observer.requestBegan() }
    }

    /// - Parameters:
    ///   - path: without the query.
    ///   - logger: has the request's own metadata, unless it writes nothing of it.
    func answered(
        _ record: RequestRecord, path: @autoclosure () -> String, client: ClientAddresses.Client?, logger: Logger
    ) {
        metrics.observe(record)
        tell(record, path: path(), client: client, logger: logger)
    }

    /// Whether someone wants to know more of a request than what is counted.
    func wantsMore(_ logger: Logger) -> Bool { !observers.isEmpty || logger.logLevel <= .info }

    /// Tells of a request that was counted before.
    func tell(
        _ record: RequestRecord, path: @autoclosure () -> String, client: ClientAddresses.Client?, logger: Logger
    ) {
        for observer in observers { observer.observe(record) }
        guard logger.logLevel <= .info else { return }
        var metadata: Logger.Metadata = [
            "hb.request.id": "\(record.id)", "trace": "\(record.trace.traceID)", "method": "\(record.method)",
            "path": "\(path())", "status": "\(record.status)", "bytes": "\(record.responseBytes)",
            "milliseconds": "\(milliseconds(record.duration))",
        ]
        if let client, let name = clientLogging.name(of: client) { metadata["client"] = "\(name)" }
        logger.info("request", metadata: metadata)
    }

    private func milliseconds(_ duration: Duration) -> String {
        let microseconds = Int(duration / .microseconds(1))
        let fraction = String(microseconds % 1000)
        return "\(microseconds / 1000).\(String(repeating: "0", count: 3 - fraction.count))\(fraction)"
    }
}

/// What a request is called in logs and answers.
enum RequestID {
    /// The client's id, if it is 1…128 visible ASCII characters; otherwise a new one.
    static func of(_ clientsID: String?) -> String {
        guard let id = clientsID, (1...128).contains(id.utf8.count), id.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { return TraceContext.uniqueID() }
        return id
    }
}

extension TraceContext {
    /// That of the client, or a new one.
    ///
    /// - Parameters:
    ///   - traceparent: the value of the header.
    ///   - sentryTrace: the value of the header.
    static func of(traceparent: String?, sentryTrace: String?) -> TraceContext {
        let trace = traceparent.flatMap { TraceContext(traceparent: $0) }
        return trace ?? sentryTrace.flatMap { TraceContext(sentryTrace: $0) } ?? TraceContext()
    }
}
