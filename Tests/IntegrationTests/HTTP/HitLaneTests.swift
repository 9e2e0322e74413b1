import Foundation
import Storage
import TestSupport
import Testing

/// What is in memory takes the lane: nobody can tell but by how fast it is.
@Suite struct `The hit lane` {
    @Test(arguments: [1, 2]) func `answers with the lane and without are the same`(seed: UInt64) async throws {
        try await Self.withBoth { lane, router in
            for target in Conversation.targets {
                // What is answered first is loaded, and taught the lane.
                for server in [lane.server, router.server] {
                    for coding in ["", "Accept-Encoding: br\r\n", "Accept-Encoding: gzip\r\n"] {
                        _ = try await server.answers(
                            to: "GET \(target) HTTP/1.1\r\nHost: a\r\n\(coding)Connection: close\r\n\r\n")
                    }
                }
            }
            var random = SplitMix(seed: seed)
            let conversations = (0..<400).map { _ in Conversation(using: &random) }
            // Some at a time: what ends with an error is closed only when its client had time to read it.
            await withTaskGroup(of: [(Int, [String])].self) { group in
                for first in 0..<Self.talkers {
                    group.addTask {
                        var all: [(Int, [String])] = []
                        for index in stride(from: first, to: conversations.count, by: Self.talkers) {
                            let conversation = conversations[index]
                            all.append(
                                (
                                    index,
                                    [
                                        await conversation.held(with: lane.server),
                                        await conversation.held(with: router.server),
                                    ]
                                ))
                        }
                        return all
                    }
                }
                for await held in group {
                    for (index, answers) in held {
                        #expect(answers[0] == answers[1] && !answers[0].isEmpty, "\(conversations[index].pieces)")
                    }
                }
            }
            // Counted and logged alike, too.
            // What was refused is counted a moment after its answer.
            for _ in 1...20 where try await lane.counts() != router.counts() { await Task.yield() }
            let (counted, expected) = (try await lane.counts(), try await router.counts())
            for labels in Set(counted.keys).union(expected.keys) {
                #expect(counted[labels] ?? 0 == expected[labels] ?? 0, "\(labels)")
            }
            try await eventually("they have logged alike") { try lane.requestLines() == router.requestLines() }
            #expect(try await lane.laneAnswers() > 200)
            #expect(try await router.laneAnswers() == 0)
        }
    }

    @Test func `a hit takes the lane, and a change, an option or a condition finds its answer`() async throws {
        try await TestDatabase.with(.sqlite, holding: .twoTexts) { store in
            try await Counted.with(["DATABASE_URL": store.url]) { counted in
                let server = counted.server
                let first = try await server.get("ayahs/1:1")
                let taken = try await counted.laneAnswers()
                let second = try await server.get("ayahs/1:1")
                #expect(second.body == first.body && second.headers["etag"] == first.headers["etag"])
                #expect(try await counted.laneAnswers() == taken + 1)
                let etag = try #require(second.headers["etag"])
                #expect(try await server.get("ayahs/1:1", headers: ["If-None-Match": etag]).status == 304)
                #expect(try await counted.laneAnswers() == taken + 2)
                _ = try await store.shell(
                    "UPDATE ayah_texts SET text = 'changed' WHERE edition = 'uthmani' AND ayah = 1")
                try await eventually("the change is served") {
                    let answer = try await server.get("ayahs/1:1", headers: ["If-None-Match": etag])
                    return answer.status == 200 && String(decoding: answer.body, as: UTF8.self).contains("\"changed\"")
                }
            }
        }
    }

    @Test func `pages of some origins are told alike, with the lane and without`() async throws {
        try await Self.withBoth(["CORS_ORIGINS": "https://one.example https://two.example"]) { lane, router in
            for path in ["surahs/2", "ayahs/1:1"] {
                for headers in [[:], ["Origin": "https://two.example"], ["Origin": "https://three.example"]] {
                    var answers: [[String: String]] = []
                    for server in [lane.server, router.server] {
                        _ = try await server.get(path)
                        answers.append(try await server.get(path, headers: headers).headers)
                    }
                    for name in ["vary", "access-control-allow-origin", "access-control-expose-headers", "etag"] {
                        #expect(answers[0][name] == answers[1][name], "\(name) of \(path) for \(headers)")
                    }
                    #expect(answers[0]["vary"]?.contains("Origin") == true)
                }
            }
            #expect(try await lane.laneAnswers() >= 6)
        }
    }

    @Test func `addresses that were understood by a structure are forgotten with it`() async throws {
        try await TestDatabase.with(.sqlite, holding: .twoTexts) { store in
            try await TestServer.with(["DATABASE_URL": store.url]) { server in
                let paths = ["ayahs/287", "ayahs/290", "ayahs/2:286", "pages/50", "surahs/3?per_page=1"]
                func answers() async throws -> [Data] {
                    var answers: [Data] = []
                    for path in paths { answers.append(try await server.get(path).body) }
                    return answers
                }
                let before = try await answers()
                for (second, third) in [(287, 199), (286, 200)] {
                    _ = try await store.shell(
                        """
                        BEGIN; UPDATE surahs SET ayah_count = \(second) WHERE number = 2;
                        UPDATE surahs SET ayah_count = \(third) WHERE number = 3;
                        INSERT INTO content_bumps (tag) VALUES ('structure'); COMMIT
                        """)
                    // Somebody asks all the time, also while the change is being taken over.
                    try await eventually("the new structure is asked") {
                        let isNew = try await answers() != before
                        return isNew == (second == 287)
                    }
                    for _ in 1...20 { #expect(try await (answers() == before) == (second == 286)) }
                }
            }
        }
    }

    @Test func `the lane keeps to the limits of rates, and says what is left`() async throws {
        let store = try await TestDatabase.seeded(.sqlite)
        try await Counted.with(["DATABASE_URL": store.url, "RATE_LIMIT_ADDRESS": "1/h,20"]) { counted in
            let server = counted.server
            let client = ["X-Forwarded-For": "192.0.2.7"]
            var answers: [TestServer.Answer] = []
            for _ in 1...30 { answers.append(try await server.get("surahs/1", headers: client)) }
            #expect(answers.prefix(20).allSatisfy { $0.status == 200 })
            #expect(answers.dropFirst(20).allSatisfy { $0.status == 429 })
            #expect(answers[5].headers["ratelimit"]?.hasPrefix("\"address\";r=14;") == true)
            #expect(answers[5].headers["ratelimit-policy"] == "\"address\";q=20;w=72000")
            #expect(try await counted.laneAnswers() == 19)
            #expect(try await server.get("surahs/1", headers: ["X-Forwarded-For": "192.0.2.8"]).status == 200)
        }
    }

    /// How many talk at a time.
    private static let talkers = 32

    private static func withBoth(
        _ more: [String: String] = [:], _ test: @Sendable (Counted, Counted) async throws -> Void
    ) async throws {
        try await TestDatabase.with(.sqlite, holding: .twoTexts) { store in
            // No date of a change comes of age while the servers are asked one after the other.
            _ = try await store.shell("UPDATE content_versions SET changed_at = changed_at - 3600")
            let settings = ["DATABASE_URL": store.url, "LOG_LEVEL": "info", "LOG_FORMAT": "json"].merging(more) { $1 }
            try await Counted.with(settings) { lane in
                try await Counted.with(settings.merging(["HIT_LANE": "off"]) { $1 }) { try await test(lane, $0) }
            }
        }
    }
}

/// Requests that are sent over one connection, some of them hostile, in pieces.
private struct Conversation {
    let pieces: [String]
    /// Whether the client says that it sends nothing more.
    let finishes: Bool

    static let targets = [
        "/api/v1/surahs", "/api/v1/surahs/1", "/api/v1/surahs/1/", "/api/v1/surahs/112?translations=en.pickthall",
        "/api/v1/surahs/2?per_page=3&page=2", "/api/v1/ayahs/2:255", "/api/v1/ayahs/262",
        "/api/v1/ayahs?from=1:1&to=1:7",
        "/api/v1/juzs", "/api/v1/pages/3", "/api/v1/reciters", "/api/v1/translations/en.pickthall", "/api/v1/meta",
        "/api/v1/surahs/2", "/api/v1/surahs/%31",
    ]
    private static let otherTargets = [
        "/api/v1/surahs/115", "/api/v1/surahs/one", "/api/v1/surahs/1?a=b", "/nowhere", "/api/v1/me", "/", "*",
        "/api/v1/surahs/1?script=none", "/api/v1/surahs/1#a", "/api/v1/../v1/surahs/1", "http://a/api/v1/surahs/1",
        "/api/v1/surahs/%zz", "/api/v1/surahs/\u{e9}", "//api/v1/surahs/1", "/api/v1/surahs/1?",
    ]
    private static let methods = ["GET", "GET", "GET", "GET", "GET", "GET", "HEAD", "HEAD", "OPTIONS", "DELETE", "get"]
    /// What the lane understands.
    private static let tameFields = [
        "Accept-Encoding: gzip, deflate, br", "Accept-Encoding: gzip", "accept-encoding: br;q=0.1, gzip;q=0.2",
        "ACCEPT-ENCODING: identity;q=0, *;q=0.5", "Accept-Encoding: gzip;q=0", "Accept-Encoding: q=;;,",
        "If-None-Match: *", "If-None-Match: \"a\", W/\"b\"", "If-None-Match: \"", "If-None-Match: W/*",
        "Origin: https://app.example.org", "Connection: keep-alive", "Connection: Keep-Alive", "X-Request-Id: mine",
        "X-Request-Id: a b", "X-Request-Id: \(String(repeating: "x", count: 129))",
        "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "Content-Length: 0",
        "X-Forwarded-For: 192.0.2.1", "X-Forwarded-For: nobody", "Cookie: a=b", "Accept: text/html",
        "Authorization: Bearer none", "User-Agent: \t Mozilla \t", "X-Long: \(String(repeating: "a", count: 3000))",
        "Cache-Control: no-cache",
    ]
    /// What it leaves to the router.
    private static let oddFields = [
        "Accept-Encoding:", "If-Match: *", "If-Match: \"a\"", "If-Modified-Since: Sun, 06 Nov 2095 08:49:37 GMT",
        "If-Modified-Since: Sunday, 06-Nov-94 08:49:37 GMT", "If-Modified-Since: yesterday",
        "If-Unmodified-Since: Sun Nov  6 08:49:37 1994", "Range: bytes=0-9", "Content-Length: 00",
    ]
    private static let fields = [
        "Expect: nothing", "Transfer-Encoding: identity", "X\u{0}: a", "No colon", " Folded: a",
        "Content-Length: 5x", "Host: b", "X-\u{e9}: a", "X: \u{e9}", "Content-Length: 3", "Transfer-Encoding: chunked",
        "X: \(String(repeating: "a", count: 9000))", "Upgrade: h2c", "X : a", "X: a\rb",
        "Proxy-Connection: close", "Proxy-Connection: keep-alive",
    ]

    init(using random: inout SplitMix) {
        var text = ""
        let count = Int.random(in: 1...5, using: &random)
        // In every other one there is nothing that the lane leaves to the router for good.
        let isTame = Bool.random(using: &random)
        for index in 0..<count {
            let isHostile = !isTame && Int.random(in: 0..<12, using: &random) == 0
            let targets = !isTame && Int.random(in: 0..<8, using: &random) == 0 ? Self.otherTargets : Self.targets
            let fields = isHostile ? Self.fields : isTame ? Self.tameFields : Self.tameFields + Self.oddFields
            let methods = isTame ? ["GET", "HEAD"] : Self.methods
            text +=
                "\(methods.randomElement(using: &random) ?? "GET") \(targets.randomElement(using: &random) ?? "/") "
            text += isHostile ? ["HTTP/1.1", "HTTP/1.0", "HTTP/9", ""].randomElement(using: &random) ?? "" : "HTTP/1.1"
            text += "\r\nHost: localhost\r\n"
            for _ in 0..<Int.random(in: 0...3, using: &random) {
                text += "\(fields.randomElement(using: &random) ?? "")\r\n"
            }
            text += index == count - 1 ? "Connection: close\r\n\r\n" : "\r\n"
        }
        var pieces: [String] = []
        var rest = Substring(text)
        while !rest.isEmpty {
            let isWhole = Bool.random(using: &random)
            let piece = rest.prefix(isWhole ? rest.count : Int.random(in: 1...300, using: &random))
            pieces.append(String(piece))
            rest = rest.dropFirst(piece.count)
        }
        self.pieces = pieces
        finishes = Int.random(in: 0..<4, using: &random) == 0
    }

    /// - Returns: what was answered, without what differs from one moment to the next.
    func held(with server: TestServer) async -> String {
        var received = ""
        do {
            let socket = try Socket(port: server.port)
            do {
                for piece in pieces { try await socket.send(piece) }
                if finishes { socket.finish() }
            } catch is TestFailure {
                // The server may close before it has read everything.
            }
            received = String(decoding: await socket.receiveToEnd(), as: UTF8.self)
        } catch {
            return ""
        }
        return received.replacing(/(Date|RateLimit): [^\r]*/, with: "").replacing(/ttl=-?[0-9]+/, with: "ttl=")
            .replacing(/X-Request-Id: [0-9a-f]{8}-[0-9a-f-]{27}/, with: "X-Request-Id: made")
    }
}
