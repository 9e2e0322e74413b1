import Foundation
import JSON
import Logging
import NIOCore
import TestSupport
import Testing

@testable import Observability

/// A request for the tests.
func record(
    id: String = "mine-1", trace: TraceContext = TraceContext(), method: String = "GET",
    route: String? = "/api/v1/surahs/{number}", status: Int = 200, steps: [RequestStep] = [],
    error: (any Error)? = nil
) -> RequestRecord {
    RequestRecord(
        id: id, trace: trace, method: method, route: route, status: status,
        startedAt: Date(timeIntervalSince1970: 1_800_000_000.25), duration: .milliseconds(1500), responseBytes: 12,
        steps: steps, error: error)
}

func configuration(
    at base: String = "https://sentry.example", _ change: (inout SentryConfiguration) -> Void = { _ in }
) throws -> SentryConfiguration {
    let address = base.replacing("://", with: "://publickey0@")
    var configuration = SentryConfiguration(
        dsn: try #require(SentryDSN("\(address)/42")), release: "quran-backend@1.2.3")
    configuration.tags = ["engine": "sqlite"]
    change(&configuration)
    return configuration
}

@Suite struct `A Sentry envelope` {
    private func lines(_ report: SentryReport, _ configuration: SentryConfiguration) throws -> [JSONValue] {
        var envelope = SentryEnvelope(configuration)
        envelope.add(report)
        let text = String(buffer: envelope.bytes(sentAt: Date(timeIntervalSince1970: 1_800_000_000)))
        return try text.split(separator: "\n").map { try #require(JSONReader.read(Array($0.utf8))) }
    }

    private let trace = TraceContext(traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")

    @Test func `holds a failed request, with its trace and no text of the client's`() throws {
        let failure = record(
            trace: try #require(trace), method: "STEAL", status: 500, error: TestFailure("password=hunter2 failed"))
        let lines = try lines(.failure(failure, unreported: 0), configuration { $0.serverName = "one" })
        try #require(lines.count == 3)
        let (header, item, event) = (lines[0].object ?? [:], lines[1].object ?? [:], lines[2].object ?? [:])
        #expect(header["dsn"]?.string == "https://publickey0@sentry.example/42")
        #expect(header["sent_at"]?.string == "2027-01-15T08:00:00Z")
        #expect(header["trace"]?.object?["trace_id"]?.string == trace?.traceID)
        #expect(header["trace"]?.object?["public_key"]?.string == "publickey0")
        #expect(header["event_id"]?.string == event["event_id"]?.string)
        #expect(item["type"]?.string == "event")
        #expect(event["timestamp"]?.number == 1_800_000_001.75)
        #expect(event["level"]?.string == "error" && event["server_name"]?.string == "one")
        #expect(event["release"]?.string == "quran-backend@1.2.3" && event["environment"]?.string == "production")
        #expect(event["transaction"]?.string == "OTHER /api/v1/surahs/{number}")
        let exception = try #require(event["exception"]?.object?["values"]?.array?.first?.object)
        #expect(exception["type"]?.string == "TestFailure")
        #expect(exception["value"]?.string == "password=[hidden] failed")
        let tags = try #require(event["tags"]?.object)
        #expect(tags["status"]?.string == "500" && tags["engine"]?.string == "sqlite")
        #expect(tags["request_id"]?.string == "mine-1" && tags["method"]?.string == "OTHER")
        let context = try #require(event["contexts"]?.object?["trace"]?.object)
        #expect(context["trace_id"]?.string == trace?.traceID && context["span_id"]?.string == trace?.spanID)
        #expect(context["parent_span_id"]?.string == "00f067aa0ba902b7")
        #expect(context["status"]?.string == "internal_error")
    }

    @Test func `holds the length of each item in bytes`() throws {
        var envelope = SentryEnvelope(try configuration())
        envelope.add(.message(SentryMessage(text: "سورة\nالبقرة", level: .critical)))
        envelope.add([SentryQueue.Discard(reason: .overflow, category: .error): 3])
        var rest = envelope.bytes()
        func line() -> [String: JSONValue] {
            let bytes = Array(rest.readableBytesView.prefix { $0 != 0x0A })
            rest.moveReaderIndex(forwardBy: bytes.count + 1)
            return JSONReader.read(bytes)?.object ?? [:]
        }
        #expect(line()["event_id"]?.string?.count == 32)
        for (type, member) in [("event", "logentry"), ("client_report", "discarded_events")] {
            let header = line()
            #expect(header["type"]?.string == type)
            let payload = rest.readBytes(length: header["length"]?.int ?? 0) ?? []
            #expect(JSONReader.read(payload)?.object?[member] != nil)
            let end = rest.readBytes(length: 1)
            #expect(end == [0x0A])
        }
        #expect(rest.readableBytes == 0)
    }

    @Test func `holds a request with what it did`() throws {
        let steps = [
            RequestStep(
                .cache(source: "loaded", staleness: nil, bytes: 900, loading: .milliseconds(200)),
                offset: .milliseconds(100), duration: .milliseconds(300)),
            RequestStep(
                .cache(source: "memory", staleness: "expired", bytes: 7, loading: nil), offset: .milliseconds(500),
                duration: .zero),
            RequestStep(
                .cache(source: "loaded", staleness: nil, bytes: 7, loading: .seconds(9)), offset: .milliseconds(600),
                duration: .milliseconds(100)),
            RequestStep(.database, offset: .milliseconds(800), duration: .milliseconds(100)),
        ]
        let request = record(trace: try #require(trace), steps: steps)
        let lines = try lines(.transaction(request), configuration())
        let transaction = try #require(lines[2].object)
        #expect(lines[1].object?["type"]?.string == "transaction" && transaction["type"]?.string == "transaction")
        #expect(transaction["transaction"]?.string == "GET /api/v1/surahs/{number}")
        #expect(transaction["start_timestamp"]?.number == 1_800_000_000.25)
        #expect(transaction["timestamp"]?.number == 1_800_000_001.75)
        #expect(transaction["contexts"]?.object?["trace"]?.object?["op"]?.string == "http.server")
        let spans = try #require(transaction["spans"]?.array).compactMap(\.object)
        #expect(
            spans.map { $0["op"]?.string } == [
                "cache.get", "db.query", "cache.get", "cache.get", "db.query", "db.query",
            ])
        let hits = spans.map { $0["data"]?.object?["cache.hit"]?.isTrue }
        #expect(hits == [false, nil, true, false, nil, nil])
        let parents = spans.map { $0["parent_span_id"]?.string }
        let (root, ids) = (trace?.spanID, spans.map { $0["span_id"]?.string })
        #expect(parents == [root, ids[0], root, root, ids[3], root])
        let starts = spans.compactMap { $0["start_timestamp"]?.number }.map {
            Int((($0 - 1_800_000_000.25) * 1000).rounded())
        }
        // What was loaded is loaded at the end of the read, and never before it.
        #expect(starts == [100, 200, 500, 600, 600, 800])
        #expect(spans[0]["data"]?.object?["cache.item_size"]?.int == 900)
        #expect(spans[2]["data"]?.object?["cache.stale"]?.string == "expired")
        #expect(spans.allSatisfy { $0["trace_id"]?.string == trace?.traceID })
    }

    @Test func `is never larger than 64 kB`() throws {
        let long = String(repeating: "\"\n\u{1}س<a> ", count: 20000)
        let details = Dictionary(uniqueKeysWithValues: (0..<12).map { ("detail\($0)", long) })
        let message = SentryMessage(
            text: long, level: .error, tags: details, details: details, error: TestFailure(long))
        let steps = (0..<100).map { _ in
            RequestStep(
                .cache(source: "loaded", staleness: "source-down", bytes: .max, loading: .seconds(100_000)),
                offset: .seconds(0.123456), duration: .seconds(0.123456))
        }
        for report in [
            .message(message), .transaction(record(steps: steps)),
            .failure(record(steps: steps, error: TestFailure(long)), unreported: .max),
        ] as [SentryReport] {
            var envelope = SentryEnvelope(try configuration())
            envelope.add(report)
            #expect(envelope.bytes().readableBytes <= 64 << 10)
        }
    }

    @Test(arguments: [
        (200, "ok"), (304, "ok"), (400, "invalid_argument"), (401, "unauthenticated"), (403, "permission_denied"),
        (404, "not_found"), (412, "failed_precondition"), (418, "invalid_argument"), (429, "resource_exhausted"),
        (500, "internal_error"), (503, "unavailable"), (599, "internal_error"),
    ])
    func `names outcomes as Sentry does`(status: Int, name: String) { #expect(sentryStatus(ofHTTP: status) == name) }

    @Test func `is chosen by its trace alone, and by nobody who does not know the key`() throws {
        let one = try configuration { $0.transactionRate = 0.1 }
        let other = try configuration(at: "https://other.example") { $0.transactionRate = 0.1 }
        let traces = (0..<4000).map { _ in TraceContext().traceID }
        let sampled = traces.filter(one.isSampled)
        #expect(sampled == traces.filter(other.isSampled))
        #expect((250...550).contains(sampled.count))
        let dsn = try #require(SentryDSN("https://another@sentry.example/42"))
        #expect(traces.filter { SentryConfiguration(dsn: dsn, release: "").lot(of: $0) < 0.1 } != sampled)
        let (all, none) = (try configuration { $0.transactionRate = 1 }, try configuration { $0.transactionRate = 0 })
        #expect(traces.allSatisfy(all.isSampled) && !traces.contains(where: none.isSampled))
    }
}
