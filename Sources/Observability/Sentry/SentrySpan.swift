import Foundation
import JSON

/// A part of a transaction.
struct SentrySpan {
    enum Value {
        case text(String)
        case number(Int)
        case flag(Bool)
    }

    let id = TraceContext.identifier(bytes: 8)
    let traceID: String
    let parentID: String
    /// What kind of work it was, in Sentry's words.
    let operation: String
    /// Seconds since 1970.
    let start: Double
    let end: Double
    let data: KeyValuePairs<String, Value>

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("span_id", id)
            json.member("parent_span_id", parentID)
            json.member("trace_id", traceID)
            json.member("op", operation)
            json.member("status", "ok")
            json.key("start_timestamp")
            json.value(start)
            json.key("timestamp")
            json.value(end)
            json.key("data")
            json.object { json in
                for (name, value) in data {
                    json.key(name)
                    switch value {
                    case .text(let text): json.value(text)
                    case .number(let number): json.value(number)
                    case .flag(let flag): json.value(flag)
                    }
                }
            }
        }
    }
}

extension RequestRecord {
    /// The spans of a step: a read through the cache, and below it the loading from the database if there was one.
    func spans(of step: RequestStep, system: String?) -> [SentrySpan] {
        func span(
            _ operation: String, from: Duration, to: Duration, below parent: String,
            _ data: KeyValuePairs<String, SentrySpan.Value>
        ) -> SentrySpan {
            let start = startedAt.timeIntervalSince1970
            return SentrySpan(
                traceID: trace.traceID, parentID: parent, operation: operation, start: start + from / .seconds(1),
                end: start + to / .seconds(1), data: data)
        }
        let end = step.offset + step.duration
        let database: KeyValuePairs<String, SentrySpan.Value> = ["db.system": .text(system ?? "unknown")]
        switch step.kind {
        case .cache(let source, let staleness, let bytes, let loading):
            let read = span(
                "cache.get", from: step.offset, to: end, below: trace.spanID,
                [
                    "cache.hit": .flag(source != "loaded"), "cache.source": .text(source),
                    "cache.item_size": .number(bytes), "cache.stale": .text(staleness ?? "no"),
                ])
            guard let loading else { return [read] }
            // Another request may have begun to load before this one asked.
            let start = max(step.offset, end - loading)
            return [read, span("db.query", from: start, to: end, below: read.id, database)]
        case .database:
            return [span("db.query", from: step.offset, to: end, below: trace.spanID, database)]
        }
    }
}

/// What Sentry calls the outcome that HTTP has a number for.
func sentryStatus(ofHTTP status: Int) -> String {
    switch status {
    case ..<400: "ok"
    case 401: "unauthenticated"
    case 403: "permission_denied"
    case 404, 410: "not_found"
    case 409: "already_exists"
    case 412: "failed_precondition"
    case 413: "out_of_range"
    case 429: "resource_exhausted"
    case 499: "cancelled"
    case ..<500: "invalid_argument"
    case 501: "unimplemented"
    case 503: "unavailable"
    case 504: "deadline_exceeded"
    default: "internal_error"
    }
}
