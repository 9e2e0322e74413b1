import Foundation
import JSON
import Logging
import NIOCore

/// An event or a transaction as Sentry reads it. All texts that were not written in this program go through
/// ``SentryScrubber``; addresses are told as the router has them.
struct SentryPayload {
    let eventID: String
    /// At most 64 kB.
    let json: ByteBuffer
    /// What the envelope says of the trace that it belongs to: all that is needed to sort it.
    let traceHeader: ByteBuffer?

    init(_ report: SentryReport, _ configuration: SentryConfiguration) {
        let eventID = TraceContext.identifier(bytes: 16)
        var json = JSONWriter(capacity: 4096)
        let trace: (id: String, name: String)?
        switch report {
        case .failure(let request, let unreported):
            trace = (request.trace.traceID, request.name)
            json.object { json in
                json.writeCommon(eventID, configuration, tags: request.tags)
                json.write(failure: request, unreported: unreported)
            }
        case .transaction(let request):
            trace = (request.trace.traceID, request.name)
            json.object { json in
                json.writeCommon(eventID, configuration, tags: request.tags)
                json.write(transaction: request, system: configuration.tags["engine"])
            }
        case .message(let message):
            trace = nil
            json.object { json in
                json.writeCommon(eventID, configuration, tags: message.tags.mapValues(SentryScrubber.scrubbed))
                json.write(message)
            }
        }
        self.eventID = eventID
        self.json = json.buffer
        traceHeader = trace.map { trace in
            var header = JSONWriter()
            header.object { json in
                json.member("trace_id", trace.id)
                json.member("public_key", configuration.dsn.publicKey)
                json.member("release", configuration.release)
                json.member("environment", configuration.environment)
                json.member("transaction", trace.name)
                json.member("sampled", configuration.isSampled(trace.id) ? "true" : "false")
                json.member("sample_rate", "\(configuration.transactionRate)")
            }
            return header.buffer
        }
    }
}

extension RequestRecord {
    /// Methods that clients may name. Any other text would be theirs.
    private static let methods: Set = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]

    private var knownMethod: String { Self.methods.contains(method) ? method : "OTHER" }

    /// `GET /api/v1/surahs/{number}`.
    var name: String { "\(knownMethod) \(route ?? "unknown")" }

    fileprivate var tags: [String: String] {
        var tags = ["status": "\(status)", "method": knownMethod, "route": route ?? "unknown"]
        tags["request_id"] = SentryScrubber.harmlessID(id)
        return tags
    }

    /// When a time after its start was, in seconds since 1970.
    fileprivate func time(after offset: Duration) -> Double { startedAt.timeIntervalSince1970 + offset / .seconds(1) }
}

extension JSONWriter {
    fileprivate mutating func writeCommon(
        _ eventID: String, _ configuration: SentryConfiguration, tags: [String: String]
    ) {
        member("event_id", eventID)
        // Sentry has no name for Swift on servers.
        member("platform", "other")
        member("release", configuration.release)
        member("environment", configuration.environment)
        if let name = configuration.serverName { member("server_name", name) }
        key("sdk")
        object { json in
            json.member("name", "quran-backend")
            json.member("version", configuration.release.split(separator: "@").last.map(String.init))
        }
        member("tags", configuration.tags.merging(tags) { $1 })
    }

    /// Members in the order of their names.
    private mutating func member(_ name: StaticString, _ members: [String: String]) {
        key(name)
        object { json in
            for (name, value) in members.sorted(by: { $0.key < $1.key }) {
                json.key(name)
                json.value(value)
            }
        }
    }

    // MARK: Errors

    fileprivate mutating func write(failure request: RequestRecord, unreported: Int) {
        key("timestamp")
        value(request.time(after: request.duration))
        // A store that can't be asked for a while is no fault of the program.
        member("level", request.status == 503 ? "warning" : "error")
        member("transaction", request.name)
        if let error = request.error {
            writeException(error)
            if request.status == 503 {
                key("fingerprint")
                array(["unavailable", "\(type(of: error))"]) { $0.value($1) }
            }
        }
        if unreported > 0 { member("extra", ["unreported": "\(unreported)"]) }
        writeContexts(request)
    }

    private mutating func writeException(_ error: any Error) {
        key("exception")
        object { json in
            json.key("values")
            json.array([error]) { json, error in
                json.object { json in
                    json.member("type", "\(type(of: error))")
                    json.member("value", SentryScrubber.scrubbed("\(error)"))
                }
            }
        }
    }

    fileprivate mutating func write(_ message: SentryMessage) {
        key("timestamp")
        value(message.date.timeIntervalSince1970)
        member("level", message.level.sentryName)
        key("logentry")
        object { $0.member("formatted", SentryScrubber.scrubbed(message.text)) }
        if let error = message.error { writeException(error) }
        if !message.details.isEmpty { member("extra", message.details.mapValues(SentryScrubber.scrubbed)) }
        guard let trace = message.traceID else { return }
        key("contexts")
        object { json in
            json.key("trace")
            json.object { json in
                json.member("trace_id", trace)
                json.member("span_id", TraceContext.identifier(bytes: 8))
            }
        }
    }

    // MARK: Transactions

    /// More spans than these are not told, so that what is sent stays below 64 kB.
    private static let stepLimit = 50

    fileprivate mutating func write(transaction request: RequestRecord, system: String?) {
        member("type", "transaction")
        member("transaction", request.name)
        key("transaction_info")
        object { $0.member("source", "route") }
        key("start_timestamp")
        value(request.time(after: .zero))
        key("timestamp")
        value(request.time(after: request.duration))
        writeContexts(request)
        key("spans")
        array(request.steps.prefix(Self.stepLimit).flatMap { request.spans(of: $0, system: system) }) {
            $1.write(to: &$0)
        }
    }

    private mutating func writeContexts(_ request: RequestRecord) {
        key("contexts")
        object { json in
            json.key("trace")
            json.object { json in
                json.member("trace_id", request.trace.traceID)
                json.member("span_id", request.trace.spanID)
                if let parent = request.trace.parentSpanID { json.member("parent_span_id", parent) }
                json.member("op", "http.server")
                json.member("status", sentryStatus(ofHTTP: request.status))
            }
            json.key("response")
            json.object { json in
                json.member("status_code", request.status)
                json.member("body_size", request.responseBytes)
            }
        }
    }
}

extension Logger.Level {
    fileprivate var sentryName: String {
        switch self {
        case .trace, .debug: "debug"
        case .info, .notice: "info"
        case .warning: "warning"
        case .error: "error"
        case .critical: "fatal"
        }
    }
}
