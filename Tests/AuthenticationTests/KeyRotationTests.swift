import Authentication
import Foundation
import Logging
import ServiceLifecycle
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1))) struct `Keys of a file` {
    private func write(_ set: String, to file: URL) throws { try Data(set.utf8).write(to: file, options: .atomic) }

    @Test func `are read again when the file changes, and old ones verify nothing more`() async throws {
        let (old, new) = (SigningKey.es256("old"), SigningKey.edDSA("new"))
        let clock = TestClock()
        try await withKeyFile(keySet(old.jwk()), clock: clock) { verifier, file async throws in
            let (oldToken, newToken) = (try old.token(), try new.token())
            #expect(await verifier.refusal(of: oldToken) == nil)
            #expect(await verifier.refusal(of: newToken) == .unknownKey)
            try write(keySet(old.jwk(), new.jwk()), to: file)
            clock.advance(by: .seconds(1))
            #expect(await verifier.refusal(of: oldToken) == nil)
            #expect(await verifier.refusal(of: newToken) == nil)
            try write(keySet(new.jwk()), to: file)
            clock.advance(by: .seconds(1))
            #expect(await verifier.refusal(of: oldToken) == .unknownKey)
            #expect(await verifier.refusal(of: newToken) == nil)
        }
    }

    @Test func `are looked at once a second at most`() async throws {
        let (old, new) = (SigningKey.es256("old"), SigningKey.es256("new"))
        let clock = TestClock()
        try await withKeyFile(keySet(old.jwk()), clock: clock) { verifier, file async throws in
            try write(keySet(new.jwk()), to: file)
            clock.advance(by: .milliseconds(999))
            #expect(try await verifier.refusal(of: new.token()) == .unknownKey)
            clock.advance(by: .milliseconds(1))
            #expect(try await verifier.refusal(of: new.token()) == nil)
        }
    }

    @Test func `are told apart where size and time of modification are the same`() async throws {
        let keys = (0..<3).map { _ in SigningKey.es256("same") }
        let clock = TestClock()
        try await withKeyFile(keySet(keys[0].jwk()), clock: clock) { verifier, file async throws in
            let date = Date(timeIntervalSince1970: 1_700_000_000)
            for (key, isReplaced) in [(keys[1], true), (keys[2], false)] {
                try Data(keySet(key.jwk()).utf8).write(to: file, options: isReplaced ? .atomic : [])
                try FileManager.default.setAttributes([.modificationDate: date], ofItemAtPath: file.path)
                clock.advance(by: .seconds(1))
                #expect(try await verifier.refusal(of: key.token()) == nil)
                #expect(try await verifier.refusal(of: keys[0].token()) == .badSignature)
            }
        }
    }

    @Test func `may be behind links that are moved, as Kubernetes does`() async throws {
        let (old, new) = (SigningKey.es256("old"), SigningKey.es256("new"))
        let clock = TestClock()
        try await withTemporaryFolder { folder async throws in
            let link = folder.appending(path: "current")
            for (name, key) in [("1", old), ("2", new)] {
                let version = folder.appending(path: name)
                try FileManager.default.createDirectory(at: version, withIntermediateDirectories: true)
                try write(keySet(key.jwk()), to: version.appending(path: "jwks.json"))
            }
            try FileManager.default.createSymbolicLink(atPath: link.path, withDestinationPath: "1")
            let verifier = try await TokenVerifier(
                keys: .jwksFile(link.appending(path: "jwks.json")), policy: TokenPolicy(), clock: clock.clock,
                logger: .silent)
            #expect(try await verifier.refusal(of: old.token()) == nil)
            try FileManager.default.removeItem(at: link)
            try FileManager.default.createSymbolicLink(atPath: link.path, withDestinationPath: "2")
            clock.advance(by: .seconds(1))
            #expect(try await verifier.refusal(of: old.token()) == .unknownKey)
            #expect(try await verifier.refusal(of: new.token()) == nil)
        }
    }

    @Test(arguments: ["", "{", #"{"keys":5}"#, #"{"keys":[{"kty":"oct","k":"AAAA"}]}"#, nil])
    func `stay as they are while the file is broken or missing`(broken: String?) async throws {
        let (old, new) = (SigningKey.es256("old"), SigningKey.es256("new"))
        let clock = TestClock()
        let log = RecordingLog()
        try await withKeyFile(keySet(old.jwk()), clock: clock, log: log) { verifier, file async throws in
            if let broken { try write(broken, to: file) } else { try FileManager.default.removeItem(at: file) }
            for _ in 0..<3 {
                clock.advance(by: .seconds(1))
                #expect(try await verifier.refusal(of: old.token()) == nil)
                // It may be that the file would have it.
                #expect(try await verifier.refusal(of: new.token()) == .keysUnavailable)
            }
            try write(keySet(new.jwk()), to: file)
            clock.advance(by: .seconds(1))
            #expect(try await verifier.refusal(of: new.token()) == nil)
            #expect(try await verifier.refusal(of: old.token()) == .unknownKey)
        }
        #expect(log.lines.count { $0.hasPrefix("the key set cannot be read") } == 3)
        #expect(log.lines.count { $0.hasPrefix("the keys of tokens were read") } == 2)
    }

    @Test func `may all be taken away`() async throws {
        let key = SigningKey.es256("key")
        let clock = TestClock()
        try await withKeyFile(keySet(key.jwk()), clock: clock) { verifier, file async throws in
            let token = try key.token()
            #expect(await verifier.refusal(of: token) == nil)
            try write(keySet(), to: file)
            clock.advance(by: .seconds(1))
            #expect(await verifier.refusal(of: token) == .unknownKey)
        }
    }
}

@Suite(.timeLimit(.minutes(1))) struct `Keys of an address` {
    private func verifier(
        _ server: LoopbackServer, _ clock: TestClock, log: RecordingLog = RecordingLog()
    ) async throws -> TokenVerifier {
        try await TokenVerifier(
            keys: .jwksURL(#require(URL(string: server.keys))), policy: TokenPolicy(), clock: clock.clock,
            logger: Logger(label: "test", factory: { _ in log }))
    }

    @Test func `are fetched when the first token comes, if they were not before`() async throws {
        let key = SigningKey.es256("key")
        try await LoopbackServer.with(.text(keySet(key.jwk()))) { server async throws in
            let verifier = try await verifier(server, TestClock())
            #expect(server.requests.count == 0)
            for _ in 0..<3 { #expect(try await verifier.refusal(of: key.token()) == nil) }
            #expect(server.requests.count == 1)
            #expect(server.requests.first?.headers["traceparent"]?.count == 55)
        }
    }

    @Test func `are fetched at the start and at the interval, and old ones verify nothing more`() async throws {
        let (old, new) = (SigningKey.es256("old"), SigningKey.es256("new"))
        let clock = TestClock()
        try await LoopbackServer.with(.text(keySet(old.jwk()))) { server async throws in
            let verifier = try await verifier(server, clock)
            let service = Task { try await verifier.run() }
            try await until { clock.sleepers(for: .seconds(300)) == 1 }
            #expect(server.requests.count == 1)
            let token = try old.token()
            #expect(await verifier.refusal(of: token) == nil)
            server.answer(with: .text(keySet(new.jwk())))
            clock.advance(by: .seconds(299))
            #expect(await verifier.refusal(of: token) == nil)
            #expect(server.requests.count == 1)
            clock.advance(by: .seconds(1))
            try await until { clock.sleepers(for: .seconds(300)) == 1 }
            #expect(server.requests.count == 2)
            #expect(await verifier.refusal(of: token) == .unknownKey)
            #expect(try await verifier.refusal(of: new.token()) == nil)
            service.cancel()
            try await service.value
        }
    }

    @Test func `are fetched at once for a key that is not known, and for 1,000 tokens of it once`() async throws {
        let (old, new) = (SigningKey.es256("old"), SigningKey.es256("new"))
        let clock = TestClock()
        try await LoopbackServer.with(.text(keySet(old.jwk()))) { server async throws in
            let verifier = try await verifier(server, clock)
            #expect(try await verifier.refusal(of: old.token()) == nil)
            clock.advance(by: .seconds(10))
            server.answer(with: .text(keySet(old.jwk(), new.jwk())))
            let refusals = try await withThrowingTaskGroup { group in
                for number in 0..<1000 {
                    let token = try new.token(Forge.claims(sub: #""user \#(number)""#))
                    group.addTask { await verifier.refusal(of: token) }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(refusals.count == 1000)
            #expect(refusals.allSatisfy { $0 == nil })
            #expect(server.requests.count == 2)
        }
    }

    @Test func `are fetched for strangers' tokens once in ten seconds`() async throws {
        let key = SigningKey.es256("key")
        let clock = TestClock()
        try await LoopbackServer.with(.text(keySet(key.jwk()))) { server async throws in
            let verifier = try await verifier(server, clock)
            #expect(try await verifier.refusal(of: key.token()) == nil)
            for round in 0..<3 {
                clock.advance(by: .milliseconds(9999))
                for number in 0..<20 {
                    let stranger = SigningKey.es256("\(round) \(number)")
                    #expect(try await verifier.refusal(of: stranger.token()) == .unknownKey)
                }
                #expect(server.requests.count == 1 + round)
                clock.advance(by: .milliseconds(1))
                for number in 0..<20 {
                    let stranger = SigningKey.es256("\(round) \(number)")
                    #expect(try await verifier.refusal(of: stranger.token()) == .unknownKey)
                }
                #expect(server.requests.count == 2 + round)
            }
            // What needs no key is refused without asking.
            clock.advance(by: .seconds(10))
            for token in [Forge.token(), "a.b.c", try key.token(header: #"{"alg":"HS256","kid":"other"}"#)] {
                #expect(await verifier.refusal(of: token) != nil)
            }
            #expect(server.requests.count == 4)
        }
    }

    @Test func `need no names to be exchanged`() async throws {
        let (old, new) = (SigningKey.es256("old"), SigningKey.es256("new"))
        let clock = TestClock()
        try await LoopbackServer.with(.text("{\"keys\":[{\(old.members)}]}")) { server async throws in
            let verifier = try await verifier(server, clock)
            let token = try old.token(header: #"{"alg":"ES256"}"#)
            #expect(await verifier.refusal(of: token) == nil)
            server.answer(with: .text("{\"keys\":[{\(new.members)}]}"))
            clock.advance(by: .seconds(10))
            #expect(try await verifier.refusal(of: new.token(header: #"{"alg":"ES256"}"#)) == nil)
            #expect(await verifier.refusal(of: token) == .badSignature)
        }
    }

    static let failures: [(String, LoopbackServer.Answer)] = [
        ("500", .status(500)), ("404", .status(404)), ("204", .status(204)), ("garbage", .text("<html>sorry</html>")),
        ("nothing", .text("")), ("a secret", .text(#"{"keys":[{"kty":"oct","k":"SECRETCANARY"}]}"#)),
        ("10 MB", .text(#"{"keys":[]}"# + String(repeating: " ", count: 10 << 20))), ("no end", .endless),
        ("half", .truncated(Array(#"{"keys":[]}                                "#.utf8))), ("no HTTP", .noise),
        ("another place", .redirect(to: "http://127.0.0.1:1/keys")),
        ("a place without TLS", .redirect(to: "http://issuer.example/keys")),
    ]

    @Test(arguments: failures) func `stay as they are while the server fails`(
        name: String, answer: LoopbackServer.Answer
    )
        async throws
    {
        let (old, new) = (SigningKey.es256("old"), SigningKey.es256("new"))
        let clock = TestClock()
        let log = RecordingLog()
        try await LoopbackServer.with(.text(keySet(old.jwk()))) { server async throws in
            let verifier = try await verifier(server, clock, log: log)
            let token = try old.token()
            #expect(await verifier.refusal(of: token) == nil)
            server.answer(with: answer)
            clock.advance(by: .seconds(10))
            #expect(try await verifier.refusal(of: new.token()) == .keysUnavailable)
            #expect(await verifier.refusal(of: token) == nil)
            #expect(try await verifier.refusal(of: old.token(Forge.claims(sub: #""another""#))) == nil)
            #expect(server.requests.count == 2)
            server.answer(with: .text(keySet(new.jwk())))
            clock.advance(by: .seconds(10))
            #expect(try await verifier.refusal(of: new.token()) == nil)
            #expect(await verifier.refusal(of: token) == .unknownKey)
        }
        #expect(log.lines.contains { $0.hasPrefix("the key set cannot be read") && $0.contains("http://127.0.0.1:") })
        #expect(!log.lines.contains { $0.contains("CANARY") })
    }

    @Test(arguments: failures) func `are unavailable until they were read once`(
        name: String, answer: LoopbackServer.Answer
    )
        async throws
    {
        let key = SigningKey.es256("key")
        let clock = TestClock()
        try await LoopbackServer.with(answer) { server async throws in
            let verifier = try await verifier(server, clock)
            #expect(try await verifier.refusal(of: key.token()) == .keysUnavailable)
            #expect(await verifier.refusal(of: "nonsense") == .keysUnavailable)
            server.answer(with: .text(keySet(key.jwk())))
            #expect(try await verifier.refusal(of: key.token()) == .keysUnavailable)
            #expect(server.requests.count == 1)
            clock.advance(by: .seconds(10))
            #expect(try await verifier.refusal(of: key.token()) == nil)
        }
    }

    @Test(arguments: [LoopbackServer.Answer.silence, .half(Array(#"{"keys":[]}                        "#.utf8))])
    func `are not waited for longer than five seconds`(answer: LoopbackServer.Answer) async throws {
        let (old, new) = (SigningKey.es256("old"), SigningKey.es256("new"))
        let clock = TestClock()
        let log = RecordingLog()
        try await LoopbackServer.with(.text(keySet(old.jwk()))) { server async throws in
            let verifier = try await verifier(server, clock, log: log)
            #expect(try await verifier.refusal(of: old.token()) == nil)
            server.answer(with: answer)
            clock.advance(by: .seconds(10))
            let token = try new.token()
            let waiting = Task { await verifier.refusal(of: token) }
            try await until { clock.sleepers(for: .seconds(5)) == 1 && server.requests.count == 2 }
            // Who needs no new key does not wait.
            #expect(try await verifier.refusal(of: old.token(Forge.claims(sub: #""another""#))) == nil)
            clock.advance(by: .seconds(5))
            #expect(await waiting.value == .keysUnavailable)
            #expect(clock.sleepers(for: .seconds(5)) == 0)
        }
        #expect(log.lines.contains { $0.contains("no answer within 5.0 seconds") })
    }

    @Test func `have not changed if they come in another order`() async throws {
        let (first, second) = (SigningKey.es256("1"), SigningKey.edDSA("2"))
        let clock = TestClock()
        let log = RecordingLog()
        try await LoopbackServer.with(.text(keySet(first.jwk(), second.jwk()))) { server async throws in
            let verifier = try await verifier(server, clock, log: log)
            let service = Task { try await verifier.run() }
            for requests in 1...3 {
                try await until { clock.sleepers(for: .seconds(300)) == 1 }
                #expect(server.requests.count == requests)
                #expect(try await verifier.refusal(of: first.token()) == nil)
                server.answer(with: .text(keySet(second.jwk(), first.jwk(#""use":"sig""#))))
                clock.advance(by: .seconds(300))
            }
            service.cancel()
            try await service.value
        }
        // Tokens that were verified are forgotten when the keys change, which is logged.
        #expect(log.lines.count { $0.hasPrefix("the keys of tokens were read") } == 1)
    }

    @Test func `are not taken from where a server points to`() async throws {
        let key = SigningKey.es256("key")
        try await LoopbackServer.with(.text(keySet(key.jwk()))) { other async throws in
            try await LoopbackServer.with(.redirect(to: other.keys)) { server async throws in
                let verifier = try await verifier(server, TestClock())
                #expect(try await verifier.refusal(of: key.token()) == .keysUnavailable)
                #expect(other.requests.count == 0)
            }
        }
    }

    @Test func `are asked for again soon while the server fails`() async throws {
        let key = SigningKey.es256("key")
        let clock = TestClock()
        try await LoopbackServer.with(.status(500)) { server async throws in
            let verifier = try await verifier(server, clock)
            let service = Task { try await verifier.run() }
            for round in 1...3 {
                try await until { clock.sleepers(for: .seconds(10)) == 1 }
                #expect(server.requests.count == round)
                if round == 3 { server.answer(with: .text(keySet(key.jwk()))) }
                clock.advance(by: .seconds(10))
            }
            try await until { clock.sleepers(for: .seconds(300)) == 1 }
            #expect(try await verifier.refusal(of: key.token()) == nil)
            service.cancel()
            try await service.value
        }
    }

    @Test func `are unavailable where nobody listens`() async throws {
        let port = try await LoopbackServer.with(.silence) { $0.port }
        let verifier = try await TokenVerifier(
            keys: .jwksURL(#require(URL(string: "http://127.0.0.1:\(port)/keys"))), policy: TokenPolicy(),
            clock: TestClock().clock, logger: .silent)
        #expect(try await verifier.refusal(of: SigningKey.es256("key").token()) == .keysUnavailable)
    }

    @Test func `are no longer fetched after a graceful shutdown, in the middle of which nobody waits`() async throws {
        let clock = TestClock()
        try await LoopbackServer.with(.silence) { server async throws in
            let verifier = try await verifier(server, clock)
            let group = ServiceGroup(services: [verifier], logger: .silent)
            let running = Task { try await group.run() }
            try await until { server.requests.count == 1 }
            let waiting = Task { await verifier.refusal(of: "a.b.c") }
            await group.triggerGracefulShutdown()
            try await running.value
            #expect(await waiting.value == .keysUnavailable)
            #expect(clock.sleepers(for: .seconds(5)) == 0)
        }
    }

    @Test func `of a secret or file need no service, but may have one`() async throws {
        let group = ServiceGroup(services: [try await secretVerifier()], logger: .silent)
        let running = Task { try await group.run() }
        await group.triggerGracefulShutdown()
        try await running.value
    }

    @Test(arguments: [
        ("http://issuer.example/keys", 300), ("http://127.0.0.1.evil.example/keys", 300), ("http://127.1/keys", 300),
        ("http://localhost.evil.example/keys", 300), ("http://0.0.0.0/keys", 300), ("http://[::2]/keys", 300),
        ("ftp://127.0.0.1/keys", 300), ("file:///etc/passwd", 300), ("keys.json", 300), ("https:///keys", 300),
        ("https://user:SECRET-CANARY@issuer.example/keys", 300), ("https://SECRET-CANARY@issuer.example/keys", 300),
        ("https://issuer.example/keys", 9), ("https://issuer.example/keys", 86401),
    ]) func `must be kept from eavesdroppers, without a password, at a sane interval`(
        address: String, seconds: Int
    ) async throws {
        let source = KeySource.jwksURL(try #require(URL(string: address)), refresh: .seconds(seconds))
        let error = await #expect(throws: AuthenticationError.self) {
            try await TokenVerifier(keys: source, policy: TokenPolicy(), logger: .silent)
        }
        #expect(error?.code == .invalidConfiguration)
        #expect(error.map { everythingPrinted(of: $0).contains("CANARY") } == false)
    }

    @Test(arguments: [
        "https://issuer.example/keys", "HTTPS://issuer.example:8443/keys?a=b", "http://localhost:1/",
        "http://127.9.9.9/",
        "http://[::1]:8080/keys",
    ]) func `may be any of https, or on this machine`(address: String) async throws {
        let source = KeySource.jwksURL(try #require(URL(string: address)))
        _ = try await TokenVerifier(keys: source, policy: TokenPolicy(), logger: .silent)
    }
}
