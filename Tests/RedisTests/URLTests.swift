import Foundation
import Logging
import NIOCore
import Redis
import TestSupport
import Testing

@Suite struct `A Redis URL` {
    @Test(arguments: [
        ("redis://localhost", "redis://localhost:6379/0", false),
        ("redis://localhost/", "redis://localhost:6379/0", false),
        ("rediss://cache.example:6380/3", "rediss://cache.example:6380/3", true),
        ("redis://:p%40ss@10.0.0.1:7000/15", "redis://10.0.0.1:7000/15", false),
        ("redis://us%3Aer:p:w@h", "redis://us:er@h:6379/0", false),
        ("redis://[::1]:7000/1", "redis://[::1]:7000/1", false),
        ("redis://[fe80::2]", "redis://[fe80::2]:6379/0", false),
        ("redis://@h", "redis://h:6379/0", false),
    ])
    func `is read into its parts`(url: String, description: String, usesTLS: Bool) throws {
        let configuration = try RedisConfiguration(url: url)
        #expect(configuration.description == description)
        #expect((configuration.tls != nil) == usesTLS)
    }

    @Test(arguments: [
        "", "localhost", "http://h", "redis:/h", "redis://", "redis://:secret@", "redis://h:0", "redis://h:65536",
        "redis://h:", "redis://h:+1", "redis://h/x", "redis://h/-1", "redis://h/1/2", "redis://h/99999999999",
        "redis://:secret@h@k", "redis://:sec/ret@h", "redis://:sec%ret@h", "redis://:sec%f@h", "redis://:%ff@h",
        "redis://user@h", "redis://:secret?@h", "redis://:secret#@h", "redis://[::1", "redis://[::1]x:1", "redis://a b",
    ])
    func `that can't be meant is refused without being quoted`(url: String) throws {
        let error = try #require(throws: RedisError.self) { try RedisConfiguration(url: url) }
        #expect(error.code == .invalidConfiguration)
        #expect(!error.description.contains("sec"))
    }

    @Test func `never shows its password`() throws {
        let configuration = try RedisConfiguration(url: "rediss://user:top-secret@127.0.0.1:1/2")
        var dumped = ""
        dump(configuration, to: &dumped)
        let command = RedisCommand("AUTH", ["user", "top-secret"])
        dump(command, to: &dumped)
        for text in [
            dumped, "\(configuration)", String(reflecting: configuration), String(describing: [configuration]),
            "\(command)", String(reflecting: command), String(describing: [command]),
        ] {
            #expect(!text.contains("top-secret"))
        }
    }

    @Test func `of a server that refuses the password keeps it out of logs and errors`() async throws {
        try await PrivateRedis.run { server async throws in
            for url in [
                "redis://:wrong-secret@127.0.0.1:\(server.port)",
                "redis://somebody:wrong-secret@127.0.0.1:\(server.port)", "redis://127.0.0.1:\(server.port)",
            ] {
                let log = RecordingLog()
                let logger = Logger(label: "test", factory: { _ in log })
                try await withClient(url: url, logger: logger, waitsForConnection: false) { client async throws in
                    var errors: [RedisError] = []
                    try await eventually("the refusal is known") {
                        errors.append(try await redisError { _ = try await client.get("k") })
                        return errors.last?.code == .authenticationFailed
                    }
                    #expect(!errors.contains { "\($0)".contains("wrong-secret") })
                }
                #expect(log.lines.contains { $0.contains("can't connect") })
                #expect(!log.lines.contains { $0.contains("wrong-secret") })
            }
        }
    }

    @Test func `of a database that doesn't exist gives the server's error`() async throws {
        try await PrivateRedis.run { server async throws in
            try await withClient(url: server.url + "/4711", waitsForConnection: false) { client async throws in
                try await eventually("the refusal is known") {
                    try await redisError { _ = try await client.get("k") }.code == .server(prefix: "ERR")
                }
            }
        }
    }

    @Test func `selects its database and user, and the connections carry the name`() async throws {
        try await PrivateRedis.run("--user", "reader", "on", ">reader-secret", "~*", "+@all") { server async throws in
            let url = "redis://reader:reader-secret@127.0.0.1:\(server.port)/7"
            try await withClient(url: url) {
                $0.clientName = "quran-test"
            } _: { client async throws in
                let info = try await client.send(RedisCommand("CLIENT", ["INFO"])).text()
                #expect(info.contains(" name=quran-test "))
                #expect(info.contains(" user=reader "))
                #expect(info.contains(" db=7 "))
            }
        }
    }

    @Test func `with impossible limits is refused by the client`() throws {
        var configuration = try RedisConfiguration(url: "redis://h")
        configuration.commandTimeout = .zero
        let error = try #require(throws: RedisError.self) {
            try RedisClient(configuration: configuration, eventLoopGroup: eventLoops, logger: silentLogger)
        }
        #expect(error.code == .invalidConfiguration)
        configuration = try RedisConfiguration(url: "rediss://h")
        configuration.tls?.certificateAuthorityFile = "/nowhere.pem"
        #expect(throws: RedisError.self) {
            try RedisClient(configuration: configuration, eventLoopGroup: eventLoops, logger: silentLogger)
        }
    }
}
