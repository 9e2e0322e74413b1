import Foundation
import Storage
import TestSupport
import Testing

/// What the running program tells Sentry.
@Suite(.timeLimit(.minutes(3))) struct `What Sentry is told` {
    private let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    private let parent = "00f067aa0ba902b7"

    private var traceparent: String { "00-\(trace)-\(parent)-00" }

    private func environment(
        _ store: TestDatabase, _ receiver: LoopbackServer, _ more: [String: String] = [:]
    ) -> [String: String] {
        [
            "DATABASE_URL": store.url, "AUTH_SECRET": TestServer.secret,
            "SENTRY_DSN": "http://publickey0@127.0.0.1:\(receiver.port)/42", "LOG_FORMAT": "json",
        ].merging(more) { $1 }
    }

    private func withStore(_ engine: DatabaseEngine, _ test: @Sendable (TestDatabase) async throws -> Void) async throws
    {
        try await TestDatabase.with(engine, holding: .facts) { store in
            try await test(store)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `each failed request once, with its trace, and nothing secret or personal`(engine: DatabaseEngine) async throws
    {
        try await LoopbackServer.with(.text("{}")) { receiver in
            try await withStore(engine) { store in
                let environment = environment(
                    store, receiver, ["SENTRY_TRACES_SAMPLE_RATE": "1", "SENTRY_ENVIRONMENT": "test"])
                let server = try await TestServer.start(environment)
                defer { server.program.end() }
                try await store.shell(
                    "ALTER TABLE user_records RENAME TO gone; ALTER TABLE reciters RENAME TO gone_as_well")
                let client = try await UserClient(server, user: "CANARY-user@mail.example")
                let headers = [
                    "traceparent": traceparent, "tracestate": "vendor=CANARY-state", "Cookie": "session=CANARY-cookie",
                    "X-Forwarded-For": "203.0.113.99", "User-Agent": "CANARY-agent", "X-Request-Id": "mine-1",
                    "Referer": "https://CANARY-referer.example/", "Idempotency-Key": "CANARY-key",
                ]
                let body = Data(#"{"from": "2:255", "note": "CANARY-note"}"#.utf8)
                let failed = [
                    try await client.send(.get, "me/bookmarks?collection=CANARY-collection", headers: headers),
                    try await client.send(.get, "me/bookmarks/CANARY-record", headers: headers),
                    try await client.send(.put, "me/bookmarks/CANARY-other", headers: headers, body: body),
                    try await server.get("reciters", headers: headers),
                ]
                for answer in failed { #expect(answer.status == 500) }
                let hostile = [
                    "X-Request-Id": "CANARY/\(String(repeating: "x", count: 200))",
                    "traceparent": "00-CANARY-\(parent)-01",
                ]
                #expect(try await server.get("reciters/x", headers: hostile).status == 500)
                server.program.signal(SIGTERM)
                await server.program.waitUntilExit()

                let items = try await SentryItem.all(from: receiver)
                let events = items.filter { $0.type == "event" }
                #expect(
                    events.map { $0.text("transaction") } == [
                        "GET /api/v1/me/bookmarks", "GET /api/v1/me/bookmarks/{id}", "PUT /api/v1/me/bookmarks/{id}",
                        "GET /api/v1/reciters", "GET /api/v1/reciters/{id}",
                    ])
                #expect(items.count { $0.type == "transaction" } == 5)
                for event in events.prefix(4) {
                    #expect(event.text("contexts.trace.trace_id") == trace)
                    #expect(event.text("contexts.trace.parent_span_id") == parent)
                    #expect(event.text("tags.request_id") == "mine-1" && event.text("tags.status") == "500")
                    #expect(event.text("tags.engine") == engine.rawValue && event.text("environment") == "test")
                    #expect(event.text("release")?.hasPrefix("quran-backend@") == true)
                    let exceptions = (event.payload["exception"] as? [String: Any])?["values"] as? [[String: Any]]
                    #expect(exceptions?.first?["type"] as? String == "StorageError")
                    #expect((exceptions?.first?["value"] as? String)?.isEmpty == false)
                    #expect((event.headers["trace"] as? [String: Any])?["trace_id"] as? String == trace)
                }
                #expect(events.last?.text("tags.request_id").flatMap { UUID(uuidString: $0) } != nil)
                #expect(events.last?.text("contexts.trace.trace_id")?.count == 32)

                let sent = receiver.requests.map { request in
                    "\(request.path) \(request.headers) " + String(decoding: request.body, as: UTF8.self)
                }.joined()
                let hash = try await userHash(at: client)
                for secret in [
                    client.token, "CANARY", "203.0.113.99", "mail.example", hash, TestServer.secret, "vendor=",
                ] {
                    #expect(!sent.contains(secret), "\(secret)")
                }
                // The log names the trace, and the key nowhere.
                let log = try server.program.errors()
                #expect(log.contains(trace) && !log.contains("publickey0"))
            }
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `an error that quotes secrets is told without them`(engine: DatabaseEngine) async throws {
        try await LoopbackServer.with(.text("{}")) { receiver in
            try await withStore(engine) { store in
                let server = try await TestServer.start(
                    environment(store, receiver, ["SENTRY_TRACES_SAMPLE_RATE": "0"]))
                defer { server.program.end() }
                let client = try await UserClient(server, user: "a")
                let secrets = [
                    client.token, "postgres://quran:HUNTER2@db/quran", "/api/v1/me/bookmarks/HUNTER2",
                    "password=HUNTER2",
                    "whsec_HUNTER2HUNTER2", "hunter2@mail.example", "/x?key=HUNTER2", "\"my HUNTER2\"",
                    "Authorization: Bearer HUNTER2",
                ]
                try await store.raiseOnWrites(of: "user_records", "no room for \(secrets.joined(separator: " "))")
                let body = Data(#"{"from": "2:255", "note": "HUNTER2"}"#.utf8)
                #expect(try await client.send(.put, "me/bookmarks/HUNTER2", body: body).status == 500)
                try await eventually("it is sent") { receiver.requests.count == 1 }
                let event = try #require(try await SentryItem.all(from: receiver).first)
                let exceptions = (event.payload["exception"] as? [String: Any])?["values"] as? [[String: Any]]
                let told = try #require(exceptions?.first?["value"] as? String)
                // What PostgreSQL says of values is withheld before it becomes an error.
                #expect(told.contains(engine == .sqlite ? "no room for [token]" : "P0001"), "\(told)")
                let sent = String(decoding: receiver.requests[0].body, as: UTF8.self)
                for secret in [client.token, "HUNTER2", "hunter2"] { #expect(!sent.contains(secret), "\(sent)") }
            }
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `what fails in the background, whatever is logged`(engine: DatabaseEngine) async throws {
        try await LoopbackServer.with(.text("{}")) { receiver in
            try await withStore(engine) { store in
                let more = ["SENTRY_TRACES_SAMPLE_RATE": "0", "LOG_LEVEL": "critical"]
                try await TestServer.with(environment(store, receiver, more)) { server in
                    try await store.shell("UPDATE surahs SET ayah_count = ayah_count + 1 WHERE number = 2")
                    try await eventually("it is told") { !receiver.requests.isEmpty }
                    let event = try #require(try await SentryItem.all(from: receiver).first)
                    #expect(event.text("logentry.formatted") == "the structure changed and is not taken over")
                    #expect(event.text("level") == "error" && event.text("extra.error")?.isEmpty == false)
                    #expect(event.text("contexts.trace.trace_id") == nil)
                    #expect(try server.program.errors().isEmpty)
                }
            }
        }
    }

    @Test func `a database that is gone, once for each kind of error`() async throws {
        try await LoopbackServer.with(.text("{}")) { receiver in
            try await PrivatePostgres.run { postgres in
                let database = try DatabaseURL(postgres.url()).open(create: true, logger: TestDatabase.logger)
                try await TestDatabase.migrator(database).migrate()
                _ = try await Seeder(database: database, seedData: SyntheticContent.shared.seedData).seed(from: nil)
                let store = TestDatabase(database: database, url: postgres.url())
                let environment = environment(store, receiver, ["SENTRY_TRACES_SAMPLE_RATE": "0"])
                try await TestServer.with(environment) { server in
                    try await postgres.stop(.immediate)
                    let headers = ["traceparent": traceparent]
                    for number in 1...30 {
                        #expect(try await server.get("juzs/\(number)", headers: headers).status == 503)
                    }
                    #expect(try await server.get("health").status == 503)
                    try await eventually("it is sent") { !receiver.requests.isEmpty }
                    let events = try await SentryItem.all(from: receiver)
                    let kinds = events.map { ($0.payload["fingerprint"] as? [String])?.last }
                    #expect(Set(kinds).count == kinds.count && kinds.count <= 3, "\(kinds)")
                    let first = try #require(events.first)
                    #expect(first.text("level") == "warning" && first.text("tags.status") == "503")
                    #expect(first.text("contexts.trace.trace_id") == trace)
                    try await postgres.start()
                }
            }
        }
    }

    /// What the server would call a user.
    private func userHash(at client: UserClient) async throws -> String {
        let store = try await TestDatabase.seeded(.sqlite)
        return try await TestServer.with(["DATABASE_URL": store.url, "AUTH_SECRET": TestServer.secret]) { server in
            let me = try await client.at(server).send(.get, "me").json()["user"] as? [String: Any]
            return try #require(me?["hash"] as? String)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `a sampled request is a transaction with what it read and loaded`(engine: DatabaseEngine) async throws {
        try await LoopbackServer.with(.text("{}")) { receiver in
            let store = try await TestDatabase.seeded(engine)
            try await TestServer.with(environment(store, receiver, ["SENTRY_TRACES_SAMPLE_RATE": "1.0"])) { server in
                let client = try await UserClient(server, user: "a")
                let headers = ["traceparent": traceparent]
                for _ in 1...2 {
                    #expect(try await server.get("surahs/2", headers: headers).status == 200)
                    #expect(try await client.send(.get, "me/bookmarks", headers: headers).status == 200)
                }
                #expect(try await client.send(.get, "me/sync", headers: headers).status == 200)
                #expect(try await server.get("health").status == 200)
                #expect(try await server.get("surahs/200").status == 404)
                #expect(try await server.get("nowhere").status == 404)
                try await eventually("all is sent") { receiver.requests.count == 6 }
                let items = try await SentryItem.all(from: receiver)
                #expect(items.allSatisfy { $0.type == "transaction" })
                #expect(
                    items.map { $0.text("transaction") } == [
                        "GET /api/v1/surahs/{number}", "GET /api/v1/me/bookmarks", "GET /api/v1/surahs/{number}",
                        "GET /api/v1/me/bookmarks", "GET /api/v1/me/sync", "GET /api/v1/surahs/{number}",
                    ])
                let operations = items.map { $0.spans.compactMap { $0["op"] as? String } }
                #expect(
                    operations == [
                        ["cache.get", "db.query"], ["cache.get", "db.query"], ["cache.get"], ["cache.get"],
                        ["db.query"], [],
                    ])
                let hits = items.prefix(4).map { ($0.spans.first?["data"] as? [String: Any])?["cache.hit"] as? Bool }
                #expect(hits == [false, false, true, true])
                let statuses = items.map { $0.text("contexts.trace.status") }
                #expect(statuses == ["ok", "ok", "ok", "ok", "ok", "not_found"])
                for item in items.prefix(5) {
                    #expect(item.text("contexts.trace.trace_id") == trace)
                    #expect(item.text("contexts.trace.parent_span_id") == parent)
                    #expect(item.text("contexts.trace.op") == "http.server")
                    let start = try #require(item.payload["start_timestamp"] as? Double)
                    let end = try #require(item.payload["timestamp"] as? Double)
                    #expect(start <= end && abs(Date.now.timeIntervalSince1970 - end) < 60)
                    for span in item.spans {
                        let (from, to) = (span["start_timestamp"] as? Double ?? 0, span["timestamp"] as? Double ?? 0)
                        #expect(start - 0.001 <= from && from <= to && to <= end + 0.001)
                    }
                }
            }
        }
    }

    @Test func `nothing without a failure at rate 0, and nothing at all without a DSN`() async throws {
        try await LoopbackServer.with(.text("{}")) { receiver in
            try await withStore(.sqlite) { store in
                for more in [["SENTRY_TRACES_SAMPLE_RATE": "0"], ["SENTRY_DSN": "", "SENTRY_TRACES_SAMPLE_RATE": "1"]] {
                    let server = try await TestServer.start(environment(store, receiver, more))
                    defer { server.program.end() }
                    #expect(
                        try await server.get("surahs", headers: ["traceparent": "\(traceparent.dropLast())1"]).status
                            == 200)
                    server.program.signal(SIGTERM)
                    await server.program.waitUntilExit()
                    #expect(server.program.status == 0 && receiver.requests.isEmpty)
                }
            }
        }
    }

    @Test(arguments: [LoopbackServer.Answer.silence, .noise, .endless, .status(500), .status(429)])
    func `costs requests nothing while the receiver is of no use`(answer: LoopbackServer.Answer) async throws {
        try await LoopbackServer.with(answer) { receiver in
            try await withStore(.sqlite) { store in
                let server = try await TestServer.start(
                    environment(store, receiver, ["SENTRY_TRACES_SAMPLE_RATE": "1"]))
                defer { server.program.end() }
                try await store.shell("ALTER TABLE reciters RENAME TO gone")
                for _ in 1...150 {
                    let start = ContinuousClock.now
                    #expect(try await server.get("surahs").status == 200)
                    #expect(try await server.get("reciters").status == 500)
                    #expect(ContinuousClock.now - start < .seconds(2))
                }
                #expect(!receiver.requests.isEmpty)
                let start = ContinuousClock.now
                server.program.signal(SIGTERM)
                await server.program.waitUntilExit()
                #expect(server.program.status == 0 && ContinuousClock.now - start < .seconds(10))
            }
        }
    }

    @Test func `what happened just before the end`() async throws {
        try await LoopbackServer.with(.text("{}")) { receiver in
            try await withStore(.sqlite) { store in
                let server = try await TestServer.start(
                    environment(store, receiver, ["SENTRY_TRACES_SAMPLE_RATE": "0"]))
                defer { server.program.end() }
                try await store.shell("ALTER TABLE reciters RENAME TO gone")
                try await withThrowingTaskGroup { group in
                    for _ in 1...30 { group.addTask { try await server.get("reciters").status } }
                    for try await status in group { #expect(status == 500) }
                }
                server.program.signal(SIGTERM)
                await server.program.waitUntilExit()
                #expect(server.program.status == 0)
                #expect(try await SentryItem.all(from: receiver).count { $0.type == "event" } == 30)
            }
        }
    }

    @Test(arguments: [
        (["SENTRY_DSN": "https://CANARY@host"], "SENTRY_DSN"),
        (["SENTRY_DSN": "https://CANARY:CANARY@host/1"], "SENTRY_DSN"),
        (["SENTRY_SAMPLE_RATE": "1.1"], "SENTRY_SAMPLE_RATE"), (["SENTRY_SAMPLE_RATE": "nan"], "SENTRY_SAMPLE_RATE"),
        (["SENTRY_TRACES_SAMPLE_RATE": "-0.1"], "SENTRY_TRACES_SAMPLE_RATE"),
        (["SENTRY_TRACES_SAMPLE_RATE": "all"], "SENTRY_TRACES_SAMPLE_RATE"),
        (["SENTRY_ENVIRONMENT": "two words"], "SENTRY_ENVIRONMENT"), (["SENTRY_SERVER_NAME": ""], "SENTRY_SERVER_NAME"),
    ])
    func `is configured rightly, or the program ends with 78 and the variable`(
        environment: [String: String], name: String
    ) async throws {
        let environment = ["SENTRY_DSN": "https://CANARY@sentry.example/1"].merging(environment) { $1 }
        let refused = try await Program.run(["serve"], environment: environment)
        #expect(refused.status == 78 && refused.errors.contains(name))
        #expect(refused.errors.split(separator: "\n").count == 1 && !refused.errors.contains("CANARY"))
    }
}

extension TestDatabase {
    /// Lets every insertion into a table fail with a text.
    fileprivate func raiseOnWrites(of table: String, _ text: String) async throws {
        switch database.engine {
        case .sqlite:
            try await shell("CREATE TRIGGER refuse BEFORE INSERT ON \(table) BEGIN SELECT RAISE(ABORT, '\(text)'); END")
        case .postgres:
            try await shell(
                """
                CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
                    $$ BEGIN RAISE EXCEPTION USING MESSAGE = '\(text)'; END $$;
                CREATE TRIGGER refuse BEFORE INSERT ON \(table) FOR EACH ROW EXECUTE FUNCTION refuse();
                """)
        }
    }
}
