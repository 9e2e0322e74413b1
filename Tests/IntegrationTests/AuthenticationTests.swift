import Foundation
import Storage
import TestSupport
import Testing

/// Who may ask, through the running program.
@Suite struct `Tokens` {
    private static let secret = "a secret for tests, of 32 bytes or more"

    private struct Me: Decodable {
        struct User: Decodable {
            let id: String
            let hash: String
            let role: String
        }

        let user: User
    }

    private func token(_ environment: [String: String], _ arguments: String...) async throws -> String {
        let result = try await Program.run(["token"] + arguments, environment: environment)
        guard result.status == 0 else { throw TestFailure("quran token: \(result.errors)") }
        return result.output.trimmingCharacters(in: .newlines)
    }

    private func environment(_ store: TestDatabase, _ more: [String: String] = [:]) -> [String: String] {
        ["DATABASE_URL": store.url, "AUTH_SECRET": Self.secret].merging(more) { $1 }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `who has a good token is let in as its user, all others are told that one is wanted`(
        engine: DatabaseEngine
    ) async throws {
        let store = try await TestDatabase.seeded(engine)
        let policy = ["AUTH_ISSUER": "https://id.example", "AUTH_AUDIENCE": "quran"]
        let environment = environment(store, policy)
        try await TestServer.with(environment) { server in
            let alice = try await token(environment, "--user", "ألِيس", "--ttl", "5m")
            let admin = try await token(environment, "--user", "editor", "--role", "admin")
            for (token, id, role) in [(alice, "ألِيس", "user"), (admin, "editor", "admin")] {
                let answer = try await server.get("me", headers: ["Authorization": "bEARER \(token)"])
                #expect(answer.status == 200)
                #expect(answer.headers["cache-control"] == "private, no-store")
                let user = try answer.decoded(as: Me.self).user
                #expect(user.id.utf8.elementsEqual(id.utf8) && user.role == role && user.hash.count == 32)
            }
            var forged = Array(alice)
            forged[forged.count - 10] = forged[forged.count - 10] == "A" ? "B" : "A"
            let elsewhere = try await token(self.environment(store), "--user", "alice")
            let foreign = try await token(
                self.environment(store, policy.merging(["AUTH_SECRET": String(repeating: "x", count: 32)]) { $1 }),
                "--user", "alice")
            for (header, error) in [
                (nil, nil), ("Basic YWxpY2U6YWxpY2U=", nil), ("Bearer \(String(forged))", "invalid_token"),
                ("Bearer \(elsewhere)", "invalid_token"), ("Bearer \(foreign)", "invalid_token"),
                ("Bearer \(alice), Bearer \(admin)", "invalid_token"), ("Bearer", "invalid_token"),
                ("Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbGljZSJ9.", "invalid_token"),
                ("Bearer \(String(repeating: "a", count: 9000))", "invalid_token"),
            ] as [(String?, String?)] {
                let answer = try await server.get("me", headers: header.map { ["Authorization": $0] } ?? [:])
                #expect(answer.status == 401, "\(header ?? "no header")")
                #expect(answer.headers["content-type"] == "application/problem+json")
                let challenge = try #require(answer.headers["www-authenticate"])
                #expect(challenge.hasPrefix(#"Bearer realm="quran-backend""#))
                #expect(challenge.contains("error=") == (error != nil))
            }
            // What is public stays so, whatever is sent along.
            #expect(try await server.get("surahs/1", headers: ["Authorization": "Bearer nonsense"]).status == 200)
            let log = try server.program.errors()
            for secret in [alice, admin, elsewhere, Self.secret, "ألِيس"] { #expect(!log.contains(secret)) }
        }
    }

    @Test func `an embedded store brings a secret of its own, which only its owner may read`() async throws {
        try await TestDatabase.with(.sqlite, holding: .facts) { store in
            let environment = ["DATABASE_URL": store.url]
            let file = URL(filePath: String(store.url.dropFirst("sqlite:".count))).deletingLastPathComponent()
                .appending(path: "token-secret")
            let token = try await token(environment, "--user", "alice")
            let mode = try FileManager.default.attributesOfItem(atPath: file.path)[.posixPermissions] as? Int
            #expect(mode == 0o600)
            for _ in 0..<2 {
                // Also after a restart.
                try await TestServer.with(environment) { server in
                    let answer = try await server.get("me", headers: ["Authorization": "Bearer \(token)"])
                    #expect(answer.status == 200)
                }
            }
            try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: file.path)
            let refused = try await Program.run(["serve"], environment: environment)
            #expect(refused.status == 78 && refused.errors.contains("chmod 600"))
        }
    }

    @Test func `a shared store wants a secret that instances agree on, and a configuration that means one thing`()
        async throws
    {
        let store = try await TestDatabase.seeded(.postgres)
        for (settings, words) in [
            ([:], "AUTH_SECRET"), (["AUTH_SECRET": "short"], "32"),
            (["AUTH_SECRET": Self.secret, "AUTH_JWKS_URL": "https://id.example/keys"], "only one"),
            (["AUTH_JWKS_URL": "http://id.example/keys"], "https"),
            (["AUTH_JWKS_FILE": "/nowhere.json"], "/nowhere.json"),
            (["AUTH_SECRET": Self.secret, "AUTH_ISSUER": ""], "issuer"),
        ] as [([String: String], String)] {
            let environment = ["DATABASE_URL": store.url, "QURAN_RESOURCES": SyntheticContent.shared.resources.path]
            let refused = try await Program.run(["serve"], environment: environment.merging(settings) { $1 })
            #expect(refused.status == 78 && refused.errors.contains(words), "\(settings): \(refused.errors)")
            #expect(!refused.errors.contains(Self.secret))
        }
        let published = ["DATABASE_URL": store.url, "AUTH_JWKS_URL": "https://id.example/keys"]
        #expect(try await Program.run(["token", "--user", "a"], environment: published).status == 78)
        for arguments in [
            ["--user", "a", "--ttl", "0s"], ["--user", "a", "--ttl", "1y"], ["--user", "a", "--role", "king"], [],
        ] {
            #expect(try await Program.run(["token"] + arguments, environment: environment(store)).status == 64)
        }
        #expect(try await Program.run(["token", "--user", "\u{7}"], environment: environment(store)).status == 70)
    }
}
