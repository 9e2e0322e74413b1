import Caching
import ContentService
import Foundation
import Logging
import Quran
import ServiceLifecycle
import Storage
import Synchronization
import TestSupport
import Testing
import Webhooks

@Suite(.timeLimit(.minutes(2))) struct `Telling others of changes` {
    private static let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

    /// A store with targets, and a dispatcher that tells them.
    private struct Scene: Sendable {
        let store: TestDatabase
        let dispatcher: WebhookDispatcher
        let hooks = ContentHooks()
        let clock: TestClock
        let log: RecordingLog

        /// Changes something, as the feed would say.
        func raise(_ tags: ContentTag...) async throws {
            try await store.database.write { [engine = store.database.engine] in
                try engine.raiseVersions(of: Set(tags), $0)
            }
            hooks.dispatch(.everything)
        }

        func deliveries(_ state: WebhookDelivery.State? = nil) async throws -> [WebhookDelivery] {
            let outbox = WebhookOutbox(store.database.engine)
            return try await store.database.read { try outbox.deliveries(state, rows: 0..<1000, $0) }
        }
    }

    private func scene(
        _ engine: DatabaseEngine, targets: [String], timeout: Duration = .seconds(10),
        _ test: @Sendable (Scene) async throws -> Void
    ) async throws {
        try await TestDatabase.with(engine) { store in
            let (clock, log) = (TestClock(), RecordingLog())
            let logger = Logger(label: "test") { _ in log }
            let dispatcher = try await WebhookDispatcher(
                database: store.database, targets: targets.map { try WebhookTarget($0) },
                secrets: [WebhookSecret(Self.secret)], timeout: timeout,
                clock: WebhookClock(now: { clock.now }, sleep: { try await clock.sleep($0) }, random: { 0.5 }),
                logger: logger)
            let scene = Scene(store: store, dispatcher: dispatcher, clock: clock, log: log)
            dispatcher.follow(scene.hooks)
            let service = Task { try await dispatcher.run() }
            let result: Result<Void, any Error>
            do { result = .success(try await test(scene)) } catch { result = .failure(error) }
            service.cancel()
            try await service.value
            try result.get()
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `each change comes once, signed, and names what it is of`(engine: DatabaseEngine) async throws {
        try await LoopbackServer.with(.status(204)) { receiver in
            try await scene(engine, targets: ["\(receiver.base)/hook?key=CANARY"]) { scene in
                let (surah, pickthall) = (try #require(SurahNumber(2)), try #require(EditionID("en.pickthall")))
                let user = try #require(UserHash(String(repeating: "a", count: 32)))
                try await scene.raise(
                    .surah(surah), .surahs, .structure, .edition(.translation, pickthall), .editions, .reciters, .all,
                    .user(user), .namespace("quran"))
                try await eventually("all is told") { try await scene.deliveries(.delivered).count == 7 }
                let verifier = WebhookVerifier(secrets: [try WebhookSecret(Self.secret)]) { [clock = scene.clock] in
                    clock.now
                }
                var told: [String: String] = [:]
                for request in receiver.requests {
                    #expect(request.method == "POST" && request.path == "/hook?key=CANARY")
                    #expect(request.headers["content-type"] == "application/json")
                    let webhook = try verifier.verify(
                        id: request.headers["webhook-id"], timestamp: request.headers["webhook-timestamp"],
                        signature: request.headers["webhook-signature"], body: request.body)
                    told[webhook.id] = String(decoding: request.body, as: UTF8.self)
                }
                func message(_ kind: String, _ id: String, _ tag: String) -> String {
                    #"{"type":"\#(kind).changed","timestamp":"2027-01-15T08:00:00.000Z","#
                        + #""data":{"kind":"\#(kind)","id":\#(id),"tag":"\#(tag)","version":1}}"#
                }
                #expect(
                    told.values.sorted()
                        == [
                            message("surah", "\"2\"", "surah:2"), message("surahs", "null", "surahs"),
                            message("structure", "null", "structure"), message("editions", "null", "editions"),
                            message("translation", "\"en.pickthall\"", "translation:en.pickthall"),
                            message("reciters", "null", "reciters"), message("everything", "null", "all"),
                        ].sorted())
                #expect(try await Set(scene.deliveries().map(\.id)) == Set(told.keys))
                #expect(try await scene.deliveries().allSatisfy { $0.target == "\(receiver.base)/hook" })
                #expect(!scene.log.lines.contains { $0.contains("CANARY") })
            }
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `what is not taken comes again on schedule under its id, is given up, and may be sent by hand`(
        engine: DatabaseEngine
    ) async throws {
        try await LoopbackServer.with(.redirect(to: "http://127.0.0.1:1/")) { receiver in
            try await scene(engine, targets: ["\(receiver.base)/?key=CANARY"]) { scene in
                try await scene.raise(.surahs)
                for (attempt, wait) in [5, 30, 120, 600, 1800, 7200, 18000, 36000].enumerated() {
                    try await eventually("attempt \(attempt + 1) failed") {
                        try await scene.deliveries().first?.attempts == attempt + 1
                    }
                    #expect(receiver.requests.count == attempt + 1)
                    let due = timestamp(scene.clock.now.addingTimeInterval(Double(wait) * 1.1))
                    #expect(try await scene.deliveries().first?.nextAttemptAt == due)
                    if attempt == 4 { receiver.answer(with: .status(500)) }
                    // Not sooner, though it looks.
                    scene.clock.advance(by: .seconds(Double(wait) * 1.1 - 1))
                    scene.hooks.dispatch(.everything)
                    scene.clock.advance(by: .seconds(1))
                    scene.hooks.dispatch(.everything)
                }
                try await eventually("it is given up") { try await scene.deliveries(.dead).count == 1 }
                #expect(receiver.requests.count == 9)
                #expect(Set(receiver.requests.compactMap { $0.headers["webhook-id"] }).count == 1)
                #expect(Set(receiver.requests.compactMap { $0.headers["webhook-timestamp"] }).count == 9)
                #expect(Set(receiver.requests.map(\.body)).count == 1)
                // One trace, in which each attempt is a span.
                let parents = receiver.requests.compactMap { $0.headers["traceparent"]?.split(separator: "-") }
                #expect(parents.allSatisfy { $0.count == 4 } && Set(parents.map { $0[2] }).count == 9)
                let trace = try #require(parents.first?[1])
                #expect(trace.count == 32 && parents.allSatisfy { $0[1] == trace })
                #expect(
                    scene.log.lines.contains { $0.hasPrefix("a webhook is given up") && $0.contains("trace=\(trace)") })
                let dead = try #require(try await scene.deliveries(.dead).first)
                #expect(dead.attempts == 9 && dead.lastError == "answered 500")
                #expect(
                    scene.log.lines.count { $0.hasPrefix("a webhook is given up") && $0.contains("127.0.0.1") } == 1)
                #expect(!scene.log.lines.contains { $0.contains("CANARY") })

                scene.clock.advance(by: .seconds(86400))
                receiver.answer(with: .status(200))
                guard case .due = try await scene.dispatcher.retry(dead.id) else {
                    throw TestFailure("a dead delivery is not sent again")
                }
                try await eventually("it is delivered") { try await scene.deliveries(.delivered).count == 1 }
                #expect(receiver.requests.count == 10)
                #expect(try await scene.deliveries().first?.lastError == nil)
                guard case .deliveredBefore = try await scene.dispatcher.retry(dead.id),
                    case .unknown = try await scene.dispatcher.retry("msg_0")
                else { throw TestFailure("what can't be sent again is") }
            }
        }
    }

    @Test func `a receiver that is gone is asked no more, and one that wants time gets it`() async throws {
        try await LoopbackServer.with(.status(410)) { gone in
            let date = "Fri, 15 Jan 2027 08:05:00 GMT"
            let busy: [LoopbackServer.Answer] = [
                .status(503, headers: ["Retry-After": "100"]), .status(429, headers: ["Retry-After": date]),
                .status(503, headers: ["Retry-After": "soon"]),
            ]
            for (answer, wait) in zip(busy, [100.0, 300, 5.5]) {
                try await LoopbackServer.with(answer) { receiver in
                    try await scene(.sqlite, targets: [gone.base, receiver.base]) { scene in
                        try await scene.raise(.surahs)
                        try await eventually("both answered") {
                            let (dead, pending) = (
                                try await scene.deliveries(.dead), try await scene.deliveries(.pending)
                            )
                            return dead.count == 1 && pending.first?.attempts == 1
                        }
                        let dead = try await scene.deliveries(.dead).first
                        #expect(dead?.attempts == 1 && dead?.lastError == "answered 410")
                        let due = timestamp(scene.clock.now.addingTimeInterval(wait))
                        #expect(try await scene.deliveries(.pending).first?.nextAttemptAt == due)
                    }
                }
            }
        }
    }

    @Test func `a target that does not answer holds up neither another nor the end`() async throws {
        try await LoopbackServer.with(.silence) { silent in
            try await LoopbackServer.with(.status(200)) { receiver in
                let tags = SurahNumber.all.prefix(40).map { ContentTag.surah($0) }
                try await scene(.sqlite, targets: [silent.base, receiver.base], timeout: .seconds(3600)) { scene in
                    try await scene.store.database.write { try DatabaseEngine.sqlite.raiseVersions(of: Set(tags), $0) }
                    scene.hooks.dispatch(.everything)
                    try await eventually("the other has all") {
                        try await scene.deliveries(.delivered).count == tags.count && silent.requests.count == 4
                    }
                    #expect(receiver.requests.count == tags.count)
                    // The service ends with four requests under way, or the test's time limit ends it.
                }
                #expect(silent.requests.count == 4)
            }
        }
    }

    @Test func `an answer that takes too long, breaks off or is no HTTP is none`() async throws {
        let refused: [LoopbackServer.Answer] = [.silence, .noise]
        for answer in refused {
            try await LoopbackServer.with(answer) { receiver in
                try await scene(.sqlite, targets: [receiver.base], timeout: .milliseconds(200)) { scene in
                    try await scene.raise(.surahs)
                    try await eventually("the attempt failed") { try await scene.deliveries().first?.attempts == 1 }
                    let delivery = try #require(try await scene.deliveries().first)
                    #expect(delivery.state == .pending && delivery.lastError?.isEmpty == false)
                    if case .silence = answer { #expect(delivery.lastError == "no answer within 0.2 seconds") }
                }
            }
        }
        // What comes after the head is nobody's concern.
        for answer in [LoopbackServer.Answer.endless, .truncated([1, 2]), .half([1, 2])] {
            try await LoopbackServer.with(answer) { receiver in
                try await scene(.sqlite, targets: [receiver.base], timeout: .seconds(1)) { scene in
                    try await scene.raise(.surahs)
                    try await eventually("it is delivered") { try await scene.deliveries(.delivered).count == 1 }
                }
            }
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `what an instance took and never finished is sent by another when its time is up`(engine: DatabaseEngine)
        async throws
    {
        try await LoopbackServer.with(.silence) { receiver in
            try await TestDatabase.with(engine) { store in
                let clock = TestClock()
                func dispatcher() async throws -> WebhookDispatcher {
                    try await WebhookDispatcher(
                        database: store.database, targets: [WebhookTarget(receiver.base)],
                        secrets: [WebhookSecret(Self.secret)],
                        clock: WebhookClock(now: { clock.now }, sleep: { try await clock.sleep($0) }, random: { 0 }),
                        logger: TestDatabase.logger)
                }
                let first = try await dispatcher()
                try await store.database.write { try engine.raiseVersions(of: [.surahs], $0) }
                let running = Task { try await first.run() }
                try await eventually("it is under way") { receiver.requests.count == 1 }
                running.cancel()
                try await running.value
                receiver.answer(with: .status(200))
                let second = try await dispatcher()
                let other = Task { try await second.run() }
                // Looks, and finds it taken.
                try await until { clock.sleepers(for: .milliseconds(15_001)) == 1 }
                #expect(receiver.requests.count == 1)
                clock.advance(by: .milliseconds(15_001))
                try await eventually("it comes again") { receiver.requests.count == 2 }
                #expect(Set(receiver.requests.compactMap { $0.headers["webhook-id"] }).count == 1)
                other.cancel()
                try await other.value
            }
        }
    }
}
