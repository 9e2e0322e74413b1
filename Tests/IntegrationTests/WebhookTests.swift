import Foundation
import Storage
import TestSupport
import Testing
import Webhooks

private let token = "a secret for tests, of 32 bytes or more"
private let (old, new) = ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX")

/// What other systems announce, through the running program.
@Suite struct `Webhooks that come in` {
    private static let event = #"{"type": "translation.updated", "data": {"id": "en.pickthall"}}"#

    private func seeded(
        _ engine: DatabaseEngine, _ test: @Sendable (TestDatabase, [String: String]) async throws -> Void
    ) async throws {
        try await TestDatabase.with(engine, holding: .texts) { store in
            try await test(
                store, ["DATABASE_URL": store.url, "AUTH_SECRET": token, "WEBHOOK_SECRET": "\(old), \(new)"])
        }
    }

    private func post(
        _ body: String, to server: TestServer, id: String = UUID().uuidString, secret: String = old,
        skew: TimeInterval = 0, changing: [String: String] = [:]
    ) async throws -> TestServer.Answer {
        let bytes = Array(body.utf8)
        let headers = try [WebhookSecret(secret)].headers(id: id, at: Date.now.addingTimeInterval(skew), body: bytes)
        let signed = Dictionary(uniqueKeysWithValues: headers.map { ($0.name, $0.value) })
        return try await server.send(
            .post, "webhooks/content", headers: signed.merging(changing) { $1 }, body: Data(bytes))
    }

    private func kind(_ answer: TestServer.Answer) throws -> String {
        let type = try answer.json()["type"] as? String ?? ""
        return type.replacing("urn:quran-backend:problem:", with: "")
    }

    /// What the cache did, for each of some addresses: `detail=memory`, or a miss.
    private func hits(_ paths: [String], from server: TestServer) async throws -> [String] {
        var hits: [String] = []
        for path in paths {
            let status = try await server.get(path).headers["cache-status"] ?? ""
            if status.contains("hit") && status.contains("detail=memory") { hits.append(path) }
        }
        return hits
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `outdate exactly what they name, in every instance, and once`(engine: DatabaseEngine) async throws {
        try await seeded(engine) { _, environment in
            try await TestServer.with(environment) { one in
                try await TestServer.with(environment) { two in
                    let paths = [
                        "surahs", "surahs/2", "surahs/3", "surahs/2?translations=en.pickthall",
                        "surahs/3?translations=ru.sablukov", "surahs/3?tafsirs=ar.jalalayn",
                        "translations/en.pickthall",
                        "translations/ru.sablukov", "tafsirs/ar.jalalayn", "editions", "reciters",
                    ]
                    for (event, outdated, tags) in [
                        (
                            Self.event,
                            ["editions", "surahs/2?translations=en.pickthall", "translations/en.pickthall"],
                            ["editions", "translation:en.pickthall"]
                        ),
                        (
                            #"{"type":"surah.created","timestamp":"2026-01-01T00:00:00Z","data":{"number":2}}"#,
                            ["surahs", "surahs/2", "surahs/2?translations=en.pickthall"], ["surah:2", "surahs"]
                        ),
                        (
                            #"{"type":"edition.deleted","data":{"id":"ar.jalalayn"}}"#,
                            ["editions", "surahs/3?tafsirs=ar.jalalayn", "tafsirs/ar.jalalayn"],
                            ["editions", "quran:ar.jalalayn", "tafsir:ar.jalalayn", "translation:ar.jalalayn"]
                        ),
                        (
                            #"{"type":"edition.deleted","data":{"id":"ar.jalalayn","kind":"translation"}}"#,
                            ["editions"], ["editions", "translation:ar.jalalayn"]
                        ),
                    ] {
                        for server in [one, two] {
                            for path in paths { #expect(try await server.get(path).status == 200, "\(path)") }
                            #expect(try await hits(paths, from: server) == paths)
                        }
                        let id = "msg_\(UUID().uuidString)"
                        let answer = try await post(event, to: one, id: id)
                        #expect(answer.status == 202)
                        #expect(try answer.json()["tags"] as? [String] == tags)
                        // Whoever announced it reads it.
                        let known = paths.filter { !outdated.contains($0) }
                        #expect(try await hits(outdated, from: one).isEmpty, "\(event)")
                        try await eventually("the other instance has seen it") {
                            try await hits([outdated[0]], from: two).isEmpty
                        }
                        #expect(try await hits(Array(outdated.dropFirst()), from: two).isEmpty)
                        for server in [one, two] { #expect(try await hits(known, from: server) == known) }
                        // Again, here and there: answered alike, without effect.
                        for server in [one, two] {
                            for path in paths { _ = try await server.get(path) }
                            let again = try await post(event, to: server, id: id, secret: new)
                            #expect(again.status == 202 && again.body == answer.body)
                            #expect(try await hits(paths, from: server) == paths)
                        }
                    }
                }
            }
        }
    }

    @Test func `are refused unless they are signed, lately, with a known secret`() async throws {
        // Its own: some of what is sent is taken, and outdates what others hold.
        try await TestDatabase.with(.sqlite, holding: .facts) { store in
            let environment = ["DATABASE_URL": store.url, "WEBHOOK_SECRET": "\(old) \(new)", "LOG_LEVEL": "trace"]
            try await TestServer.with(environment) { server in
                let stranger = "whsec_\(Data(repeating: 9, count: 32).base64EncodedString())"
                var answers = [try await post(Self.event, to: server, secret: stranger)]
                for (name, value) in [
                    ("webhook-id", "msg_other"), ("webhook-timestamp", "1700000000"),
                    ("webhook-signature", "v1,CANARY"),
                    ("webhook-signature", ""), ("webhook-id", ""), ("webhook-timestamp", "CANARY"),
                ] {
                    answers.append(try await post(Self.event, to: server, changing: [name: value]))
                }
                answers.append(try await server.send(.post, "webhooks/content", body: Data(Self.event.utf8)))
                for answer in answers { #expect(try answer.status == 401 && kind(answer) == "bad-signature") }
                // One text for all causes.
                #expect(try Set(answers.map { try $0.json()["detail"] as? String }).count == 1)
                for skew in [-301.0, 310] {
                    let stale = try await post(Self.event, to: server, skew: skew)
                    #expect(try stale.status == 401 && kind(stale) == "bad-signature")
                    #expect(try (stale.json()["detail"] as? String)?.contains("300 s") == true)
                }
                for (secret, skew) in [(old, -290.0), (new, 290), (new, 0)] {
                    #expect(try await post(Self.event, to: server, secret: secret, skew: skew).status == 202)
                }
                let log = try server.program.errors()
                for secret in [old, new, stranger, "CANARY", "en.pickthall\"", "v1,"] { #expect(!log.contains(secret)) }
            }
        }
    }

    @Test func `are refused if they are malformed, and told where`() async throws {
        // Its own: some of what is sent is taken, and outdates what others hold.
        try await TestDatabase.with(.sqlite, holding: .facts) { store in
            try await TestServer.with(["DATABASE_URL": store.url, "WEBHOOK_SECRET": old]) { server in
                for type in [
                    "translation.changed", "surah", "ayah.updated", "Surah.updated", "", "user.created.updated",
                ] {
                    let answer = try await post("{\"type\":\"\(type)\",\"data\":{}}", to: server)
                    #expect(try answer.status == 422 && kind(answer) == "unknown-event")
                    let error = try (answer.json()["errors"] as? [[String: Any]])?.first
                    #expect(error?["pointer"] as? String == "#/type")
                    let known = (error?["allowed"] as? String)?.split(separator: ", ")
                    #expect(known?.count == 12 && known?.contains("reciter.deleted") == true)
                }
                for (body, pointer) in [
                    ("nonsense", "#"), ("[]", "#"), ("{}", "#/type"), (#"{"type":5,"data":{}}"#, "#/type"),
                    (#"{"type":"surah.updated"}"#, "#/data"), (#"{"type":"surah.updated","data":5}"#, "#/data"),
                    (#"{"type":"surah.updated","data":{}}"#, "#/data/number"),
                    (#"{"type":"surah.updated","data":{"number":115}}"#, "#/data/number"),
                    (#"{"type":"surah.updated","data":{"number":"2"}}"#, "#/data/number"),
                    (#"{"type":"surah.updated","data":{"number":2,"id":"x"}}"#, "#/data/id"),
                    (#"{"type":"reciter.updated","data":{"id":"A B"}}"#, "#/data/id"),
                    (#"{"type":"edition.updated","data":{"id":"x","kind":"poem"}}"#, "#/data/kind"),
                    (#"{"type":"edition.updated","data":{"id":"x"},"more":1}"#, "#/more"),
                    (#"{"type":"edition.updated","type":"edition.updated","data":{"id":"x"}}"#, "#"),
                ] {
                    let answer = try await post(body, to: server)
                    #expect(try answer.status == 400 && kind(answer) == "invalid-body", "\(body)")
                    #expect(try (answer.json()["errors"] as? [[String: Any]])?.first?["pointer"] as? String == pointer)
                }
                let large = try await post(String(repeating: " ", count: (64 << 10) - 1) + "{}", to: server)
                #expect(large.status == 413)
                let full = String(repeating: " ", count: (64 << 10) - Self.event.utf8.count) + Self.event
                #expect(try await post(full, to: server).status == 202)
                #expect(try await server.get("webhooks/content").status == 405)
            }
        }
    }

    @Test func `are not taken where no secret is configured`() async throws {
        let store = try await TestDatabase.seeded(.sqlite)
        try await TestServer.with(["DATABASE_URL": store.url]) { server in
            let answer = try await post(Self.event, to: server)
            #expect(try answer.status == 404 && kind(answer) == "not-configured")
            #expect(try (answer.json()["detail"] as? String)?.contains("WEBHOOK_SECRET") == true)
        }
    }

    @Test(arguments: [
        (["WEBHOOK_SECRET": "whsec_CANARY"], "WEBHOOK_SECRET"), (["WEBHOOK_SECRET": "\(old) CANARY"], "WEBHOOK_SECRET"),
        (["WEBHOOK_TARGETS": "https://cdn.example/"], "WEBHOOK_TARGET_SECRET"),
        (["WEBHOOK_TARGETS": "https://a:CANARY@cdn.example/", "WEBHOOK_TARGET_SECRET": old], "WEBHOOK_TARGETS"),
        (
            ["WEBHOOK_TARGETS": "https://a.example/ https://a.example/", "WEBHOOK_TARGET_SECRET": old],
            "WEBHOOK_TARGETS"
        ),
        (["WEBHOOK_TARGETS": "https://a.example/", "WEBHOOK_TARGET_SECRET": "CANARY"], "WEBHOOK_TARGET_SECRET"),
    ])
    func `that are configured wrongly end the program with 78 and the variable`(
        environment: [String: String], name: String
    ) async throws {
        let refused = try await Program.run(["serve"], environment: environment)
        #expect(refused.status == 78 && refused.errors.contains(name))
        #expect(refused.errors.split(separator: "\n").count == 1 && !refused.errors.contains("CANARY"))
    }
}

/// What is told to other systems, by the running program.
@Suite struct `Webhooks that go out` {
    private func environment(_ store: TestDatabase, _ receiver: LoopbackServer) -> [String: String] {
        [
            "DATABASE_URL": store.url, "AUTH_SECRET": token, "WEBHOOK_TARGETS": "\(receiver.base)/hook?key=CANARY",
            "WEBHOOK_TARGET_SECRET": "\(old),\(new)",
        ]
    }

    private func withStore(_ engine: DatabaseEngine, _ test: @Sendable (TestDatabase) async throws -> Void) async throws
    {
        try await TestDatabase.with(engine, holding: .facts) { store in
            try await test(store)
        }
    }

    /// The tags of the messages, all of which must be signed with either secret.
    private static let undelivered = "SELECT count(*) FROM webhook_deliveries WHERE state <> 'delivered'"

    private func tags(_ requests: [LoopbackServer.Request]) throws -> [String] {
        try requests.map { request in
            for secret in [old, new] {
                _ = try WebhookVerifier(secrets: [WebhookSecret(secret)]).verify(
                    id: request.headers["webhook-id"], timestamp: request.headers["webhook-timestamp"],
                    signature: request.headers["webhook-signature"], body: request.body)
            }
            let message = try JSONSerialization.jsonObject(with: Data(request.body)) as? [String: Any]
            return (message?["data"] as? [String: Any])?["tag"] as? String ?? ""
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `tell each change once, whoever made it and however many instances there are`(engine: DatabaseEngine)
        async throws
    {
        try await LoopbackServer.with(.status(200)) { receiver in
            try await withStore(engine) { store in
                try await TestServer.with(environment(store, receiver)) { _ in
                    try await TestServer.with(environment(store, receiver)) { _ in
                        try await store.shell("UPDATE surahs SET name_english = 'Renamed' WHERE number IN (2, 3)")
                        try await store.shell("UPDATE reciters SET style = style")
                        let reciters = try await store.shell("SELECT id FROM reciters").split(separator: "\n")
                        let expected = ["reciters", "surah:2", "surah:3", "surahs"] + reciters.map { "reciter:\($0)" }
                        try await eventually("all is told") {
                            guard try Set(tags(receiver.requests)) == Set(expected) else { return false }
                            return try await store.shell(Self.undelivered) == "0"
                        }
                        // Only what was changed twice may have been told twice, with two versions.
                        let ids = receiver.requests.compactMap { $0.headers["webhook-id"] }
                        #expect(Set(ids).count == ids.count)
                        #expect(Set(receiver.requests.map(\.body)).count == ids.count)
                    }
                }
            }
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `tell what was committed before the server was killed, and while it was not there`(engine: DatabaseEngine)
        async throws
    {
        try await LoopbackServer.with(.silence) { receiver in
            try await withStore(engine) { store in
                let first = try await TestServer.start(environment(store, receiver))
                defer { first.program.end() }
                try await store.shell("UPDATE surahs SET name_english = 'Renamed' WHERE number = 2")
                try await eventually("it is under way") { receiver.requests.count == 2 }
                first.program.signal(SIGKILL)
                await first.program.waitUntilExit()
                try await store.shell("UPDATE surahs SET name_english = 'Renamed' WHERE number = 3")
                receiver.answer(with: .status(204))
                let before = receiver.requests
                try await TestServer.with(environment(store, receiver)) { _ in
                    try await eventually("all is told") {
                        let told = try tags(Array(receiver.requests.dropFirst(2)))
                        guard Set(told) == ["surah:2", "surah:3", "surahs"] else { return false }
                        return try await store.shell(Self.undelivered) == "0"
                    }
                }
                let ids = Set(receiver.requests.dropFirst(2).compactMap { $0.headers["webhook-id"] })
                #expect(ids.isSuperset(of: before.compactMap { $0.headers["webhook-id"] }))
            }
        }
    }

    @Test func `are listed for admins, who may have them sent again`() async throws {
        try await LoopbackServer.with(.status(410)) { receiver in
            try await withStore(.sqlite) { store in
                let environment = environment(store, receiver)
                try await TestServer.with(environment) { server in
                    func authorization(_ role: String) async throws -> [String: String] {
                        let result = try await Program.run(
                            ["token", "--user", "a", "--role", role], environment: environment)
                        return ["Authorization": "Bearer \(result.output.trimmingCharacters(in: .newlines))"]
                    }
                    let (admin, user) = (try await authorization("admin"), try await authorization("user"))
                    func list(_ query: String) async throws -> [[String: Any]] {
                        let answer = try await server.get("admin/webhooks/deliveries\(query)", headers: admin)
                        #expect(answer.status == 200 && answer.headers["cache-control"] == "no-store")
                        return try answer.json()["deliveries"] as? [[String: Any]] ?? []
                    }
                    #expect(try await list("").isEmpty)
                    try await store.shell("UPDATE surahs SET name_english = 'Renamed' WHERE number = 2")
                    try await eventually("both are given up") { try await list("?state=dead").count == 2 }
                    #expect(try await list("?state=pending").isEmpty)
                    let one = try #require(try await list("?state=dead&per_page=1&page=2").first)
                    let id = try #require(one["id"] as? String)
                    #expect(one["target"] as? String == "\(receiver.base)/hook" && one["attempts"] as? Int == 1)
                    #expect(one["last_error"] as? String == "answered 410" && one["next_attempt_at"] is NSNull)

                    receiver.answer(with: .status(200))
                    let retry = "admin/webhooks/deliveries/\(id)/retry"
                    for (headers, status) in [([:], 401), (user, 403)] {
                        #expect(try await server.get("admin/webhooks/deliveries", headers: headers).status == status)
                        #expect(try await server.get(retry, method: .post, headers: headers).status == status)
                    }
                    #expect(try await server.get(retry, method: .post, headers: admin).status == 202)
                    try await eventually("it is delivered") { try await list("?state=delivered").count == 1 }
                    #expect(try await server.get(retry, method: .post, headers: admin).status == 409)
                    let unknown = "admin/webhooks/deliveries/msg_0/retry"
                    #expect(try await server.get(unknown, method: .post, headers: admin).status == 404)
                    for (query, status) in [("?state=lost", 400), ("?page=2", 404), ("?order=id", 400)] {
                        let answer = try await server.get("admin/webhooks/deliveries\(query)", headers: admin)
                        #expect(answer.status == status)
                    }
                    let log = try server.program.errors()
                    #expect(log.contains("given up") && !log.contains("CANARY") && !log.contains(old))
                }
            }
        }
    }
}
