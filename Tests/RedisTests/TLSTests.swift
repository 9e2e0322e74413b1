import NIOCore
import Redis
import TestSupport
import Testing

@Suite struct `Over TLS` {
    @Test func `a server with a certificate that is trusted is used, any other refused`() async throws {
        try await PrivateRedis.run(tls: true) { server async throws in
            let url = "rediss://:private-secret@localhost:\(server.port)"
            try await withClient(url: url) {
                $0.tls?.certificateAuthorityFile = server.certificate
            } _: { client async throws in
                let value = ByteBuffer(repeating: 7, count: 3 << 20)
                try await client.set("k", value)
                #expect(try await client.get("k") == value)
            }
            // Not trusted; trusted, but for another name; no TLS at all.
            try await expectNoConnection(url)
            try await expectNoConnection("rediss://:private-secret@127.0.0.1:\(server.port)") {
                $0.tls?.certificateAuthorityFile = server.certificate
            }
            try await expectNoConnection("redis://:private-secret@localhost:\(server.port)")
            try await withClient(url: url) {
                $0.tls?.verifiesServer = false
            } _: { client async throws in
                #expect(try await client.exists("k"))
            }
        }
    }

    @Test func `a server that speaks none, or is a black hole, is given up in time`() async throws {
        try await PrivateRedis.run(tls: true) { server async throws in
            try await withClient(url: "rediss://:private-secret@localhost:\(server.port)") {
                $0.tls?.certificateAuthorityFile = server.certificate
                $0.connectTimeout = .milliseconds(500)
                $0.commandTimeout = .milliseconds(500)
            } _: { client async throws in
                await server.pause()
                try await eventually("the connections are given up") {
                    _ = try await redisError { _ = try await client.get("k", timeout: .milliseconds(20)) }
                    return client.statistics.connected == 0
                }
                await server.proceed()
                try await eventually("connected again") { client.statistics.connected == 2 }
            }
        }
        try await PrivateRedis.run { server async throws in
            try await expectNoConnection("rediss://:private-secret@localhost:\(server.port)")
        }
    }

    private func expectNoConnection(
        _ url: String, _ configure: (inout RedisConfiguration) -> Void = { _ in }
    ) async throws {
        try await withClient(url: url, waitsForConnection: false) {
            configure(&$0)
            $0.connectTimeout = .milliseconds(500)
        } _: { client async throws in
            try await eventually("the cause is known") {
                let error = try await redisError { _ = try await client.get("k") }
                return error.code == .notConnected && error.cause != nil
            }
            #expect(!client.isConnected)
        }
    }
}
