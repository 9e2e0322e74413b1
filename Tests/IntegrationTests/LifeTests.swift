import Foundation
import NIOCore
import Quran
import Storage
import TestSupport
import Testing

/// How the program starts, fails and ends.
@Suite struct `The life of the program` {
    @Test func `without a store serve says how to make one and exits with 66`() async throws {
        let result = try await Program.run(
            ["serve"], environment: ["DATABASE_URL": "sqlite:\(TemporaryFolder.unique("none").path)/quran.sqlite"])
        #expect(result.status == 66)
        #expect(result.errors.split(separator: "\n").count == 1)
        #expect(result.errors.contains("quran migrate && quran seed"))
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `a store that was never migrated, or never seeded, is refused in one line`(engine: DatabaseEngine) async throws
    {
        try await TestDatabase.with(engine, holding: .nothing) { store in
            let environment = ["DATABASE_URL": store.url, "QURAN_RESOURCES": Repository.root.path]
            if engine == .sqlite { try await store.shell("CREATE TABLE other (a)") }
            let unmigrated = try await Program.run(["serve"], environment: environment)
            #expect(unmigrated.status == 66 && unmigrated.errors.contains("quran migrate"))
            #expect(try await Program.run(["migrate"], environment: environment).status == 0)
            let unseeded = try await Program.run(["serve"], environment: environment)
            #expect(unseeded.status == 66 && unseeded.errors.contains("quran seed"))
            #expect(unseeded.errors.split(separator: "\n").count == 1)
        }
    }

    @Test func `a port in use is one clear line and 69`() async throws {
        let store = try await TestDatabase.seeded(.sqlite)
        try await TestServer.with(["DATABASE_URL": store.url]) { server in
            let port = try #require(URLComponents(string: server.base)?.port)
            let second = try await Program.run(
                ["serve"],
                environment: [
                    "DATABASE_URL": store.url, "PORT": "\(port)", "LOG_LEVEL": "critical",
                    "QURAN_RESOURCES": Repository.root.path,
                ])
            #expect(second.status == 69)
            #expect(second.errors.contains("\(port)") && second.errors.contains("in use"))
            #expect(second.errors.split(separator: "\n").count == 1)
        }
    }

    @Test func `an unreachable database is one clear line and 69, without its password`() async throws {
        let result = try await Program.run(
            ["serve"],
            environment: [
                "DATABASE_URL": "postgres://quran:hunter2@127.0.0.1:1/quran", "QURAN_RESOURCES": Repository.root.path,
            ])
        #expect(result.status == 69)
        #expect(result.errors.split(separator: "\n").count == 1)
        #expect(!result.errors.contains("hunter2"))
    }

    @Test(arguments: [["DATABASE_URL": "mysql://secret@host/db"], ["QURAN_RESOURCES": "/nowhere"]])
    func `a wrong configuration is refused with 78 and the name of the variable`(setting: [String: String]) async throws
    {
        let result = try await Program.run(["migrate", "--status"], environment: setting)
        // Settings are read before the store is looked for, except where its folder is what is wrong.
        let name = try #require(setting.keys.first)
        if name == "QURAN_RESOURCES" {
            #expect(result.status == 78 || result.status == 66)
        } else {
            #expect(result.status == 78)
            #expect(result.errors.contains(name))
        }
        #expect(!result.errors.contains("secret"))
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `without content the server comes up with structure and says how to load texts`(engine: DatabaseEngine)
        async throws
    {
        try await TestDatabase.with(engine, holding: .nothing) { store in
            let empty = TemporaryFolder.unique("empty")
            try FileManager.default.createDirectory(at: empty, withIntermediateDirectories: true)
            let environment = ["DATABASE_URL": store.url, "QURAN_CONTENT_DIR": empty.path]
            try await TestServer.with(environment, arguments: ["--migrate", "--seed"]) { server in
                let surah = try await server.get("surahs/1?translations=en.pickthall").json()
                let ayahs = try #require((surah["surah"] as? [String: Any])?["ayahs"] as? [[String: Any]])
                #expect(ayahs.count == 7)
                #expect(ayahs.allSatisfy { $0["text"] is NSNull })
                let translations = ayahs.compactMap { $0["translations"] as? [[String: Any]] }
                #expect(translations.allSatisfy { $0.first?["text"] is NSNull })
                let health = try await server.get("health")
                #expect(health.status == 200)
                let components = try #require(try health.json()["components"] as? [String: Any])
                let detail = try #require((components["content"] as? [String: Any])?["detail"] as? String)
                #expect(detail.contains("quran seed"))
                #expect(try server.program.errors().contains("quran seed"))
            }
        }
    }

    @Test func `a store with a broken structure is not served`() async throws {
        try await TestDatabase.with(.sqlite, holding: .facts) { store in
            try await store.shell("DELETE FROM divisions WHERE kind = 'juz' AND number = 30")
            let environment = ["DATABASE_URL": store.url, "QURAN_RESOURCES": Repository.root.path]
            let result = try await Program.run(["serve"], environment: environment)
            #expect(result.status == 65 && result.errors.contains("juz"))
            let verify = try await Program.run(["verify", "--json"], environment: environment)
            #expect(verify.status == 65)
            let report = try #require(
                try JSONSerialization.jsonObject(with: Data(verify.output.utf8)) as? [String: Any])
            #expect(report["sound"] as? Bool == false)
            #expect((report["violations"] as? [String])?.isEmpty == false)
        }
    }

    @Test func `refused content leaves the store as it was and exits with 65`() async throws {
        let content = SyntheticContent.shared
        try await TestDatabase.with(.sqlite) { store in
            let folder = TemporaryFolder.unique("changed")
            try FileManager.default.copyItem(at: content.folder, to: folder)
            let file = folder.appending(path: "translations/nl.keyzer.txt")
            var bytes = try Data(contentsOf: file)
            bytes[bytes.count / 2] ^= 1
            try bytes.write(to: file)
            let environment = ["DATABASE_URL": store.url, "QURAN_RESOURCES": content.resources.path]
            let refused = try await Program.run(["seed", "--from", folder.path], environment: environment)
            #expect(refused.status == 65)
            #expect(refused.errors.contains("nl.keyzer.txt"))
            #expect(try await store.shell("SELECT count(*) FROM surahs") == "0")
            #expect(try await store.shell("SELECT count(*) FROM ayah_texts") == "0")
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `SIGTERM ends the server with 0 after a request in flight`(engine: DatabaseEngine) async throws {
        let store = try await TestDatabase.seeded(engine)
        let server = try await TestServer.start(["DATABASE_URL": store.url])
        defer { server.program.end() }
        let port = try #require(URLComponents(string: server.base)?.port)
        // 3 MB that are asked for before the signal, and read after it.
        let path = "ayahs?translations=en.pickthall,ru.sablukov,ur.jalandhry&tafsirs=ar.jalalayn"
        let expected = try await server.get(path).body.count
        let connection = try Socket(port: port)
        try await connection.send("GET /api/v1/\(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        let start = try await connection.receive()
        #expect(start.starts(with: Data("HTTP/1.1 200".utf8)))
        server.program.signal(SIGTERM)
        let answer = start + (try await connection.receiveAll())
        let body = try #require(answer.range(of: Data("\r\n\r\n".utf8)))
        #expect(answer[body.upperBound...].count == expected)
        try await eventually("the server ends") { !server.program.isRunning }
        #expect(server.program.status == 0)
        #expect(try server.program.errors().contains("stopped"))
    }

    @Test func `health says 503 when the database is gone and 200 when it is back`() async throws {
        try await TestDatabase.with(.postgres, holding: .facts) { store in
            try await TestServer.with(["DATABASE_URL": store.url]) { server in
                #expect(try await server.get("health").status == 200)
                let name = try #require(URLComponents(string: store.url)?.path.dropFirst())
                let admin = try TestDatabase.postgresURL()
                try await run(
                    TestDatabase.psqlProgram, ["-qc", "ALTER DATABASE \(name) ALLOW_CONNECTIONS false", admin])
                try await run(
                    TestDatabase.psqlProgram,
                    ["-qc", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '\(name)'", admin])
                // What was found a moment ago may be told once more.
                try await eventually("health says so") { try await server.get("health").status == 503 }
                #expect(try await server.get("health").json()["status"] as? String == "unavailable")
                let cold = try await server.get("surahs/2")
                #expect(cold.status == 503 && cold.headers["retry-after"] != nil)
                try await run(
                    TestDatabase.psqlProgram, ["-qc", "ALTER DATABASE \(name) ALLOW_CONNECTIONS true", admin])
                try await eventually("health is back") { try await server.get("health").status == 200 }
                #expect(try await server.get("surahs/2").status == 200)
            }
        }
    }

    @Test func `every command has help with examples`() async throws {
        for command in [
            [], ["serve"], ["migrate"], ["seed"], ["verify"], ["health"], ["token"], ["warm-cache"], ["clear-cache"],
            ["cache-stats"],
        ] {
            let result = try await Program.run(command + ["--help"])
            #expect(result.status == 0 && result.output.contains("EXAMPLES"), "\(command)")
        }
        #expect(try await Program.run(["nonsense"]).status == 64)
    }

    @Test func `health asks a running server`() async throws {
        let store = try await TestDatabase.seeded(.sqlite)
        try await TestServer.with(["DATABASE_URL": store.url]) { server in
            let answer = try await Program.run(["health", "--url", server.base, "--json"])
            #expect(answer.status == 0 && answer.output.contains("\"status\":\"ok\""))
        }
        #expect(try await Program.run(["health", "--url", "http://127.0.0.1:1"]).status == 69)
    }
}
