import Foundation
import Storage
import TestSupport
import Testing

/// Connections that want too much, from the outside, against a server with small limits.
@Suite struct `Hostile connections` {
    private static func with(
        _ settings: [String: String] = [:], _ test: @Sendable (TestServer) async throws -> Void
    ) async throws {
        let store = try await TestDatabase.seeded(.sqlite)
        let small = [
            "DATABASE_URL": store.url, "AUTH_SECRET": TestServer.secret, "LOG_LEVEL": "debug",
            "LIMIT_HEADER_FIELD_BYTES": "2000", "LIMIT_HEADER_BYTES": "4000", "LIMIT_HEADER_COUNT": "20",
            "LIMIT_TARGET_BYTES": "1000", "LIMIT_BODY_BYTES": "100000",
        ]
        try await TestServer.with(small.merging(settings) { $1 }) { server in
            try await test(server)
            #expect(try await server.isWell())
            #expect(server.program.isRunning)
        }
    }

    private static func get(_ path: String = "/api/v1/meta", _ headers: String = "") -> String {
        "GET \(path) HTTP/1.1\r\nHost: localhost\r\n\(headers)\r\n"
    }

    private static func post(_ headers: String) -> String {
        "POST /api/v1/webhooks/content HTTP/1.1\r\nHost: localhost\r\n\(headers)\r\n"
    }

    @Test func `heads that are too large are refused, and the connection is closed`() async throws {
        try await Self.with { server in
            let table: [(String, Int, String)] = [
                (Self.get("/api/v1/meta?\(String(repeating: "a", count: 1001))"), 414, "target-too-long"),
                (Self.get("/\(String(repeating: "a", count: 100_000))"), 414, "target-too-long"),
                (Self.get("/api/v1/meta", "X-A: \(String(repeating: "a", count: 3000))\r\n"), 431, "head-too-large"),
                (Self.get("/api/v1/meta", "X-A: \(String(repeating: "a", count: 300_000))\r\n"), 431, "head-too-large"),
                (Self.get("/api/v1/meta", "X-A: \(String(repeating: " ", count: 300_000))\r\n"), 431, "head-too-large"),
                (
                    Self.get(
                        "/api/v1/meta",
                        (1...4).map { "X-\($0): \(String(repeating: "a", count: 1500))\r\n" }.joined()), 431,
                    "head-too-large"
                ),
                (Self.get("/api/v1/meta", (1...30).map { "X-\($0): a\r\n" }.joined()), 431, "head-too-large"),
            ]
            for (request, status, kind) in table {
                let answers = try await server.answers(to: request)
                #expect(answers.map(\.status) == [status], "\(request.prefix(40))")
                #expect(answers.first?.kind == kind)
                #expect(answers.first?.headers["content-type"] == "application/problem+json")
                #expect(answers.first?.headers["connection"] == "close")
            }
            let allowed = Self.get(
                "/api/v1/meta", "X-A: \(String(repeating: "a", count: 1900))\r\nConnection: close\r\n")
            #expect(try await server.answers(to: allowed).map(\.status) == [200])
        }
    }

    /// What is sent, and the statuses of the answers. All end with the connection.
    private static let malformed: [(String, String, [Int])] = [
        ("nonsense", "nonsense\r\n\r\n", [400]),
        ("TLS", "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}", [400]),
        ("a NUL in a header", get("/api/v1/meta", "X-A: a\0b\r\n"), [400]),
        ("a folded header", get("/api/v1/meta", "X-A: a\r\n b\r\n"), [400]),
        ("no Host", "GET /api/v1/meta HTTP/1.1\r\n\r\n", [400]),
        ("two Hosts", get("/api/v1/meta", "Host: other\r\n"), [400]),
        ("a space before the colon", get("/api/v1/meta", "X-A : a\r\n"), [400]),
        ("HTTP/2 without asking", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", [400]),
        ("HTTP/1.0 without Host", "GET /api/v1/meta HTTP/1.0\r\n\r\n", [200]),
        (
            "an absolute target",
            "GET http://localhost/api/v1/meta HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", [200]
        ),
        ("an upgrade", get("/api/v1/meta", "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"), [200]),
        ("a tunnel", "CONNECT localhost:80 HTTP/1.1\r\nHost: localhost\r\n\r\n", [404]),
        ("lengths that differ", post("Content-Length: 3\r\nContent-Length: 4\r\n") + "abcd", [400]),
        ("a length that is none", post("Content-Length: -1\r\n"), [400]),
        ("a length beyond all numbers", post("Content-Length: 99999999999999999999999999\r\n"), [400]),
        ("a length and chunks", post("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n") + "0\r\n\r\n", [400]),
        ("an unknown encoding", post("Transfer-Encoding: gzip\r\n"), [400]),
        ("an expectation that nobody meets", post("Expect: the-best\r\nContent-Length: 3\r\n"), [417]),
        ("chunks that are none", get("/api/v1/meta", "Transfer-Encoding: chunked\r\n") + "zz\r\n", [200]),
    ]

    @Test func `what is no HTTP, or may be read in two ways, is refused, and the connection is closed`() async throws {
        try await Self.with { server in
            for (name, request, statuses) in Self.malformed {
                let found = try await server.answers(to: request).map(\.status)
                #expect(found == statuses, "\(name)")
            }
        }
    }

    @Test func `bodies are bounded, also where nobody reads them`() async throws {
        try await Self.with { server in
            let announced = try await server.answers(to: Self.get("/api/v1/meta", "Content-Length: 100001\r\n"))
            #expect(announced.map(\.status) == [413] && announced.first?.kind == "content-too-large")
            #expect(announced.first?.headers["connection"] == "close")
            #expect(announced.first?.headers["access-control-allow-origin"] == "*")

            // Without end: the answer comes, and the rest is not read.
            let chunk = "1000\r\n\(String(repeating: "a", count: 4096))\r\n"
            let endless =
                Self.get("/api/v1/meta", "Transfer-Encoding: chunked\r\n") + String(repeating: chunk, count: 5000)
            let read = try await server.answers(to: endless)
            #expect(read.allSatisfy { [200, 413].contains($0.status) } && read.count <= 1)

            // Extensions of chunks are no part of the body, and bounded too.
            let extended =
                Self.get("/api/v1/meta", "Transfer-Encoding: chunked\r\n")
                + "1;\(String(repeating: "x", count: 4_000_000))\r\na\r\n0\r\n\r\n"
            #expect(try await server.answers(to: extended).count <= 1)

            // A small body that nobody wants keeps the connection.
            let small =
                Self.get("/api/v1/meta", "Content-Length: 3\r\n") + "abc"
                + Self.get("/api/v1/meta", "Connection: close\r\n")
            #expect(try await server.answers(to: small).map(\.status) == [200, 200])
        }
    }

    @Test func `who asks whether to send a body is told to go on`() async throws {
        try await Self.with(["WEBHOOK_SECRET": "whsec_\(Data(count: 32).base64EncodedString())"]) { server in
            let socket = try Socket(port: server.port)
            try await socket.send(Self.post("Expect: 100-continue\r\nContent-Length: 2\r\nConnection: close\r\n"))
            #expect(String(decoding: try await socket.receive(), as: UTF8.self).hasPrefix("HTTP/1.1 100 "))
            try await socket.send("{}")
            let answers = RawAnswer.all(in: await socket.receiveToEnd())
            #expect(answers.map(\.status) == [401])
            let tooLarge = try await server.answers(to: Self.post("Expect: 100-continue\r\nContent-Length: 200000\r\n"))
            #expect(tooLarge.map(\.status) == [413])
        }
    }

    @Test func `a head, a body and a pause that take too long end the connection, and others are served meanwhile`()
        async throws
    {
        try await Self.with(["TIMEOUT_HEAD": "300ms", "TIMEOUT_BODY": "300ms", "TIMEOUT_IDLE": "500ms"]) { server in
            let slow = try (1...20).map { _ in try Socket(port: server.port) }
            for socket in slow { try await socket.send("GET /api/v1/meta HTTP/1.1\r\nX-") }
            let body = try Socket(port: server.port)
            try await body.send(Self.get("/api/v1/meta", "Content-Length: 20000\r\n") + "abc")
            let silent = try Socket(port: server.port)
            let kept = try Socket(port: server.port)
            try await kept.send(Self.get())
            for _ in 1...20 { #expect(try await server.isWell()) }
            for socket in slow {
                let answers = RawAnswer.all(in: await socket.receiveToEnd())
                #expect(answers.map(\.status) == [408] && answers.first?.kind == "too-slow")
            }
            #expect(RawAnswer.all(in: await body.receiveToEnd()).map(\.status) == [200])
            #expect(await silent.receiveToEnd().isEmpty)
            #expect(RawAnswer.all(in: await kept.receiveToEnd()).map(\.status) == [200])
            // Drop by drop is no faster.
            let dripping = try Socket(port: server.port)
            let began = ContinuousClock.now
            await #expect(throws: TestFailure.self) {
                while ContinuousClock.now - began < .seconds(30) {
                    try await dripping.send("\r\n")
                    try await Task.sleep(for: .milliseconds(20))
                }
            }
        }
    }

    @Test func `a body that stops is told so by whoever reads it`() async throws {
        let settings = [
            "TIMEOUT_BODY": "300ms", "LIMIT_TRANSFER_RATE": "10",
            "WEBHOOK_SECRET": "whsec_\(Data(count: 32).base64EncodedString())",
        ]
        try await Self.with(settings) { server in
            let stopped = try await server.answers(to: Self.post("Content-Length: 20\r\n") + "{")
            #expect(stopped.map(\.status) == [408] && stopped.first?.kind == "too-slow")
            // So does one that has sent much, and then falls silent.
            let body = String(repeating: " ", count: 500)
            let began = ContinuousClock.now
            let silent = try await server.answers(to: Self.post("Content-Length: 1000\r\n") + body)
            #expect(silent.map(\.status) == [408] && ContinuousClock.now - began < .seconds(30))
            let cut = try Socket(port: server.port)
            try await cut.send(Self.post("Content-Length: 20\r\n") + "{")
            cut.finish()
            #expect(RawAnswer.all(in: await cut.receiveToEnd()).map(\.status) == [400])
            let broken = try await server.answers(to: Self.post("Transfer-Encoding: chunked\r\n") + "1\r\n{\r\nzz\r\n")
            #expect(broken.map(\.status) == [400] && broken.first?.kind == "malformed-request")
        }
    }

    @Test func `who never reads is closed, and takes no memory`() async throws {
        try await Self.with(["TIMEOUT_WRITE": "300ms", "TIMEOUT_IDLE": "60s"]) { server in
            let path = "/api/v1/ayahs?translations=en.pickthall,ru.sablukov,ur.jalandhry&tafsirs=ar.jalalayn"
            #expect(try await server.get(String(path.dropFirst("/api/v1/".count))).status == 200)
            let before = try residentKilobytes(server)
            // 3 MB each, 100 of them on each of 10 connections: 3 GB.
            let sockets = try (1...10).map { _ in try Socket(port: server.port, window: 4096) }
            for socket in sockets { try await socket.send(String(repeating: Self.get(path), count: 100)) }
            for _ in 1...10 { #expect(try await server.isWell()) }
            try await eventually("all are closed") {
                try server.program.errors().components(separatedBy: "client takes no answer").count > 10
            }
            let after = try residentKilobytes(server)
            #expect(after - before < 300_000)
        }
    }

    @Test(arguments: ["Connection: close\r\n", ""])
    func `who reads slowly gets all of the last answer`(closing: String) async throws {
        try await Self.with { server in
            let path = "ayahs?translations=en.pickthall,ru.sablukov,ur.jalandhry&tafsirs=ar.jalalayn"
            let expected = try await server.get(path).body
            let socket = try Socket(port: server.port, window: 4096)
            try await socket.send(Self.get("/api/v1/\(path)", closing))
            // As one that pipes a request into a connection does.
            if closing.isEmpty { socket.finish() }
            // Longer than a connection lingers after its last answer.
            try await Task.sleep(for: .seconds(3))
            let answers = RawAnswer.all(in: await socket.receiveToEnd())
            #expect(answers.map(\.status) == [200] && answers.first?.body == expected)
        }
    }

    @Test func `what waits for a slow reader is sent, though the server stops`() async throws {
        try await Self.with { server in
            let path = "ayahs?translations=en.pickthall,ru.sablukov,ur.jalandhry&tafsirs=ar.jalalayn"
            let expected = try await server.get(path).body
            let store = try await TestDatabase.seeded(.sqlite)
            try await TestServer.with(["DATABASE_URL": store.url, "AUTH_SECRET": TestServer.secret]) { server in
                let port = try server.port
                let socket = try Socket(port: port, window: 4096)
                try await socket.send(Self.get("/api/v1/\(path)"))
                let start = try await socket.receive()
                server.program.signal(SIGTERM)
                try await eventually("the server stops") { !Port.isOpen(port) }
                let answers = RawAnswer.all(in: await start + socket.receiveToEnd())
                #expect(answers.map(\.status) == [200] && answers.first?.body == expected)
            }
        }
    }

    @Test func `who sends all before it reads is told why it was refused at once`() async throws {
        try await Self.with(["LIMIT_BODY_BYTES": "80000000"]) { server in
            let head =
                "PUT /api/v1/me/bookmarks/b1 HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n"
                + "Content-Type: application/json\r\nConnection: close\r\n\r\n"
            let socket = try Socket(port: server.port)
            // More parts than wait for a reader, before there is an answer, and more bytes than the system keeps for both.
            try await socket.send(head + String(repeating: "1\r\n \r\n", count: 100))
            let part = "f4240\r\n\(String(repeating: " ", count: 1_000_000))\r\n"
            for _ in 1...60 { try await socket.send(part) }
            try await socket.send("0\r\n\r\n")
            #expect(RawAnswer.all(in: try await socket.receiveAll()).map(\.status) == [401])
        }
    }

    @Test func `ten thousand requests in a row are answered in order, and others meanwhile`() async throws {
        try await Self.with { server in
            let port = try server.port
            let reader = Task.detached { () -> Int in
                let socket = try Socket(port: port)
                let writer = Task.detached {
                    let batch = String(repeating: Self.get("/api/v1/sajdas"), count: 100)
                    for _ in 1...99 { try await socket.send(batch) }
                    try await socket.send(String(repeating: Self.get("/api/v1/sajdas"), count: 99))
                    try await socket.send(Self.get("/api/v1/sajdas", "Connection: close\r\n"))
                }
                let data = await socket.receiveToEnd()
                try await writer.value
                let answers = RawAnswer.all(in: data)
                #expect(answers.allSatisfy { $0.status == 200 })
                return answers.count
            }
            for _ in 1...20 { #expect(try await server.isWell()) }
            #expect(try await reader.value == 10_000)
        }
    }

    @Test func `connections are bounded, and so are those of one address`() async throws {
        let settings = [
            "LIMIT_CONNECTIONS": "20", "LIMIT_CONNECTIONS_PER_ADDRESS": "5", "TRUSTED_PROXIES": "127.0.0.1",
            "METRICS_PORT": "\(try Port.free())",
        ]
        try await Self.with(settings) { server in
            let port = try server.port
            var open = try (1...5).map { _ in try Socket(port: port, from: "127.0.0.2") }
            for socket in open {
                try await socket.send(Self.get())
                #expect(try await socket.receive().starts(with: Data("HTTP/1.1 200".utf8)))
            }
            let refused = try await Socket(port: port, from: "127.0.0.2").receiveToEnd()
            #expect(RawAnswer.all(in: refused).map(\.status) == [503])
            #expect(
                try await server.answers(to: Self.get("/api/v1/meta", "Connection: close\r\n"), from: "127.0.0.3").map(
                    \.status) == [200])
            open.removeAll()
            try await eventually("there is room again") {
                try await server.answers(to: Self.get("/api/v1/meta", "Connection: close\r\n"), from: "127.0.0.2").map(
                    \.status)
                    == [200]
            }
            // Those of proxies are bounded together with all others only.
            var all: [Socket] = []
            var answer: [Int] = []
            while all.count < 30, answer.isEmpty {
                let socket = try Socket(port: port)
                try await socket.send(Self.get("/api/v1/meta"))
                let start = try await socket.receive()
                if start.starts(with: Data("HTTP/1.1 503".utf8)) { answer = [503] } else { all.append(socket) }
            }
            #expect(answer == [503] && (15...20).contains(all.count))
            all.removeAll()
            try await eventually("there is room again") { try await server.isWell() }
            let log = try server.program.errors()
            #expect(log.contains("connections are refused") && log.contains("127.0.0.0/24"))
            _ = try await server.answers(to: "nonsense\r\n\r\n")
            let text = try await server.metrics(at: settings["METRICS_PORT"])
            for series in [
                #"connections_refused_total{reason="address"}"#, #"connections_refused_total{reason="total"}"#,
                #"heads_refused_total{kind="malformed-request"}"#, "connections",
            ] {
                #expect(text.contains("\nquran_http_\(series) "), "\(series)")
            }
        }
    }

    private func residentKilobytes(_ server: TestServer) throws -> Int {
        let status = try String(
            contentsOfFile: "/proc/\(server.program.processIdentifier)/status", encoding: .utf8)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") })
        return try #require(line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) })
    }
}
