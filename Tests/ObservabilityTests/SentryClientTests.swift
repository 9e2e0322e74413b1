import Foundation
import JSON
import Logging
import NIOCore
import NIOHTTP1
import Synchronization
import TestSupport
import Testing

@testable import Observability

/// The client with a receiver on loopback.
@Suite(.timeLimit(.minutes(2))) struct `The Sentry client` {
    /// Time that a test moves.
    private final class Elapsed: Sendable {
        private let time = Mutex(Duration.zero)

        func advance(by duration: Duration) { time.withLock { $0 += duration } }

        var now: @Sendable () -> Duration { { self.time.withLock(\.self) } }
    }

    private struct Broken: Error {}
    private struct Absent: Error {}

    private let elapsed = Elapsed()
    private let log = RecordingLog()

    private func client(
        _ base: String, _ change: (inout SentryConfiguration) -> Void = { $0.transactionRate = 1 }
    ) throws -> SentryClient {
        SentryClient(
            try configuration(at: base, change), elapsed: elapsed.now, logger: Logger(label: "test") { _ in log })
    }

    /// Runs the client until `test` is done.
    private func running(_ client: SentryClient, _ test: () async throws -> Void) async throws {
        let task = Task { try await client.run() }
        do {
            try await test()
            task.cancel()
        } catch {
            task.cancel()
            throw error
        }
        try await task.value
    }

    /// The members of the items of all envelopes that arrived, by the type of the item.
    private func items(_ receiver: LoopbackServer, _ type: String) -> [[String: JSONValue]] {
        receiver.requests.flatMap { request in
            let lines = request.body.split(separator: UInt8(ascii: "\n")).dropFirst()
                .compactMap { JSONReader.read(Array($0))?.object }
            return zip(lines, lines.dropFirst()).filter { $0.0["type"]?.string == type && $0.0["length"] != nil }.map(
                \.1)
        }
    }

    private func discarded(_ receiver: LoopbackServer) -> [String: Int] {
        var counts: [String: Int] = [:]
        for discard in items(receiver, "client_report").flatMap({ $0["discarded_events"]?.array ?? [] }) {
            let name = "\(discard.object?["reason"]?.string ?? "") \(discard.object?["category"]?.string ?? "")"
            counts[name, default: 0] += discard.object?["quantity"]?.int ?? 0
        }
        return counts
    }

    @Test func `sends failures, sampled requests, messages and lines of log`() async throws {
        try await LoopbackServer.with(.text("{}")) { receiver in
            let client = try client(receiver.base)
            var logger = Logger(label: "test") { _ in SentryLogHandler(client) }
            logger.logLevel = .trace
            try await running(client) {
                client.observe(record(status: 500, error: Broken()))
                client.capture(message: "the cache is cold", level: .warning, tags: ["alert": "cold", "key": "a@b.c"])
                logger.warning("not this")
                logger.error(
                    "the structure changed", metadata: ["error": "password=hunter2", "user": "0123", "path": "/secret"])
                logger[metadataKey: "trace"] = "no trace"
                logger.critical("no way out")
                logger[metadataKey: "trace"] = "4bf92f3577b34da6a3ce929d0e0e4736"
                logger.error("given up")
                logger[metadataKey: "hb.request.id"] = "mine-1"
                logger.error("request failed", metadata: ["error": "Broken()"])
                try await eventually("all is sent") { receiver.requests.count == 6 }
            }
            let events = items(receiver, "event")
            #expect(events.map { $0["level"]?.string } == ["error", "warning", "error", "fatal", "error"])
            #expect(events[1]["logentry"]?.object?["formatted"]?.string == "the cache is cold")
            #expect(events[1]["tags"]?.object?["alert"]?.string == "cold")
            #expect(events[1]["tags"]?.object?["key"]?.string == "[email]")
            #expect(events[2]["logentry"]?.object?["formatted"]?.string == "the structure changed")
            #expect(events[2]["extra"]?.object?.mapValues(\.string) == ["error": "password=[hidden]"])
            let traces = events.suffix(2).map { $0["contexts"]?.object?["trace"]?.object?["trace_id"]?.string }
            #expect(traces == [nil, "4bf92f3577b34da6a3ce929d0e0e4736"])
            #expect(items(receiver, "transaction").count == 1)
            let request = try #require(receiver.requests.first)
            #expect(request.method == "POST" && request.path == "/api/42/envelope/")
            #expect(request.headers["content-type"] == "application/x-sentry-envelope")
            let auth = try #require(request.headers["x-sentry-auth"])
            #expect(auth.contains("sentry_version=7") && auth.contains("sentry_key=publickey0"))
            #expect(log.lines.isEmpty)
        }
    }

    @Test func `samples no health checks and no unknown addresses, and nothing at rate 0`() async throws {
        try await LoopbackServer.with(.text("{}")) { receiver in
            let client = try client(receiver.base) {
                $0.transactionRate = 1
                $0.unsampledRoutes = ["/api/v1/health"]
            }
            let none = try self.client(receiver.base) { $0.transactionRate = 0 }
            try await running(client) {
                try await running(none) {
                    none.observe(record())
                    client.observe(record(route: "/api/v1/health"))
                    client.observe(record(route: nil, status: 404))
                    client.capture(message: "last", level: .error)
                    none.capture(message: "last", level: .error)
                    try await eventually("all is sent") { receiver.requests.count == 2 }
                }
            }
            #expect(items(receiver, "transaction").isEmpty && items(receiver, "event").count == 2)
            #expect(discarded(receiver).isEmpty)
        }
    }

    @Test func `tells once a minute that a store can't be asked, and how often it could not`() async throws {
        try await LoopbackServer.with(.text("{}")) { receiver in
            let client = try client(receiver.base) { $0.transactionRate = 0 }
            try await running(client) {
                for _ in 0..<50 { client.observe(record(status: 503, error: Absent())) }
                client.observe(record(status: 503, error: Broken()))
                elapsed.advance(by: .seconds(61))
                for _ in 0..<50 { client.observe(record(status: 503, error: Absent())) }
                try await eventually("all is sent") { receiver.requests.count == 3 }
            }
            let events = items(receiver, "event")
            #expect(events.map { $0["level"]?.string } == ["warning", "warning", "warning"])
            #expect(events[0]["fingerprint"]?.array?.map(\.string) == ["unavailable", "Absent"])
            #expect(events.map { $0["extra"]?.object?["unreported"]?.string } == [nil, nil, "49"])
        }
    }

    @Test func `keeps no more than the queue holds while the receiver hangs, and counts the rest`() async throws {
        try await LoopbackServer.with(.silence) { receiver in
            let client = try client(receiver.base) { $0.transactionRate = 0 }
            try await running(client) {
                client.capture(message: "first", level: .error)
                try await eventually("the first is under way") { receiver.requests.count == 1 }
                for number in 1...1000 { client.capture(message: "\(number)", level: .error) }
                receiver.answer(with: .text("{}"))
                try await eventually("all that was kept is sent") { receiver.requests.count == 101 }
            }
            #expect(items(receiver, "event")[1]["logentry"]?.object?["formatted"]?.string == "1")
            #expect(items(receiver, "event").last?["logentry"]?.object?["formatted"]?.string == "100")
            #expect(discarded(receiver) == ["queue_overflow error": 900, "network_error error": 1])
            #expect(log.lines.count == 2 && log.lines[0].contains("no answer within 5"))
            #expect(!log.lines.joined().contains("publickey0"))
        }
    }

    @Test func `sends nothing more until the receiver wants more`() async throws {
        try await LoopbackServer.with(.status(429, headers: ["Retry-After": "30"])) { receiver in
            let client = try client(receiver.base)
            try await running(client) {
                client.capture(message: "one", level: .error)
                try await eventually("it is refused") { log.lines.count == 1 }
                receiver.answer(with: .text("{}"))
                elapsed.advance(by: .seconds(29))
                for _ in 0..<5 { client.capture(message: "two", level: .error) }
                client.observe(record())
                try await eventually("they are dropped") { client.discarded == 6 }
                #expect(receiver.requests.count == 1)
                elapsed.advance(by: .seconds(2))
                client.capture(message: "three", level: .error)
                try await eventually("it is sent") { receiver.requests.count == 2 }
            }
            #expect(discarded(receiver) == ["ratelimit_backoff error": 5, "ratelimit_backoff transaction": 1])
        }
    }

    @Test(
        arguments: [
            .noise, .endless, .truncated(Array("nonsense".utf8)), .status(500), .status(413),
            .redirect(to: "http://127.0.0.1:1/"),
            .content([UInt8](repeating: 0, count: 100)),
        ] as [LoopbackServer.Answer])
    func `loses what a receiver answers nonsense to, and nothing else`(answer: LoopbackServer.Answer) async throws {
        try await LoopbackServer.with(answer) { receiver in
            let client = try client(receiver.base)
            try await running(client) {
                client.capture(message: "one", level: .error)
                try await eventually("it was tried") { receiver.requests.count == 1 }
                receiver.answer(with: .text("{}"))
                client.capture(message: "two", level: .error)
                try await eventually("the next is sent") { receiver.requests.count == 2 }
            }
            #expect(items(receiver, "event").count == 2)
        }
    }

    @Test func `understands what it is asked to spare`() {
        func limits(_ status: UInt, _ headers: HTTPHeaders) -> SentryRateLimits {
            var limits = SentryRateLimits()
            limits.note(status: status, headers: headers, at: .seconds(100))
            return limits
        }
        let cases: [(UInt, HTTPHeaders, error: Int, transaction: Int)] = [
            (200, [:], 0, 0), (500, ["Retry-After": "10"], 0, 0), (429, [:], 60, 60), (429, ["Retry-After": "7"], 7, 7),
            (429, ["Retry-After": "nonsense"], 60, 60), (429, ["Retry-After": "-5"], 60, 60),
            (429, ["Retry-After": "1e300"], 86400, 86400), (429, ["Retry-After": "nan"], 60, 60),
            (200, ["X-Sentry-Rate-Limits": "60:transaction:key"], 0, 60),
            (200, ["X-Sentry-Rate-Limits": "60:transaction:key, 2700:default;error;security:organization"], 2700, 60),
            (429, ["X-Sentry-Rate-Limits": "5::organization:reason", "Retry-After": "9"], 5, 5),
            (200, ["X-Sentry-Rate-Limits": "5:attachment;unknown:key"], 0, 0),
            (200, ["X-Sentry-Rate-Limits": "nonsense"], 0, 0), (200, ["X-Sentry-Rate-Limits": ":::,,;"], 0, 0),
        ]
        for (status, headers, error, transaction) in cases {
            let limits = limits(status, headers)
            for (category, seconds) in [(SentryReport.Category.error, error), (.transaction, transaction)] {
                #expect(limits.isLimited(category, at: .seconds(100)) == (seconds > 0), "\(headers)")
                #expect(!limits.isLimited(category, at: .seconds(100 + seconds)), "\(headers)")
                if seconds > 0 { #expect(limits.isLimited(category, at: .seconds(100 + seconds) - .milliseconds(1))) }
            }
        }
    }
}
