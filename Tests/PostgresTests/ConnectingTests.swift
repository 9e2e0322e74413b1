import Foundation
import Postgres
import TestSupport
import Testing

@Suite struct ConnectingTests {
    private static let secret = "s3cr3t-pass"

    private func failure(
        _ url: String, timeout: Duration = .seconds(10), deadline: Duration? = nil
    ) async throws -> PostgresError {
        try await withPool(url: url) {
            $0.connectTimeout = timeout
        } _: { pool in
            try await postgresError { try await pool.withConnection(deadline: deadline) { _ in } }
        }
    }

    /// The test server's URL with another password.
    private func url(password: String) throws -> String {
        let url = try #require(URLComponents(string: TestDatabase.postgresURL()))
        var changed = url
        changed.password = password
        return try #require(changed.string)
    }

    @Test("A wrong password is told apart, and stays secret")
    func wrongPassword() async throws {
        let error = try await failure(url(password: Self.secret))
        #expect(error.code == .authenticationFailed)
        #expect(error.sqlState == "28P01")
        #expect(!"\(error) \(error.message)".contains(Self.secret))
        #expect(error.message.contains("password authentication failed"))
        #expect(!error.message.contains("LOCATION"))
    }

    @Test("A database that doesn't exist is named with its SQLSTATE")
    func wrongDatabase() async throws {
        var url = try #require(URLComponents(string: TestDatabase.postgresURL()))
        url.path = "/no_such_database"
        let error = try await failure(try #require(url.string))
        #expect(error.code == .connectionFailed && error.sqlState == "3D000")
    }

    @Test("A port where nobody listens fails at once, also for those who wait")
    func wrongPort() async throws {
        let url = "postgresql://tester:\(Self.secret)@127.0.0.1:\(try Port.free())/postgres"
        let error = try await failure(url)
        #expect(error.code == .connectionFailed)
        #expect(!"\(error) \(error.message)".contains(Self.secret))
        try await withPool(url: url) {
            $0.maximumConnections = 2
        } _: { pool in
            let codes = await withTaskGroup(of: Bool.self) { group in
                for _ in 0..<100 {
                    group.addTask {
                        do {
                            try await pool.withConnection { _ in }
                            return false
                        } catch {
                            return (error as? PostgresError)?.code == .connectionFailed
                        }
                    }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(codes.count == 100 && codes.allSatisfy { $0 })
            #expect(pool.statistics.open == 0)
        }
    }

    @Test(
        "A URL that can't be parsed is refused without a piece of its password",
        arguments: [
            "", "nonsense", "mysql://u:s3cr3t-pass@h/db", "postgresql://u:s3cr3t%zz-pass@h/db",
            "postgresql://u:a@s3cr3t-pass@h/db", "postgresql://u:s3cr3t-pass/x@h/db", "postgresql://u@h:99999/db",
            "postgresql://u:p@h/db?s3cr3t-pass", "postgresql://u:p@h/db?nokey=s3cr3t-pass",
            "host=h password='s3cr3t-pass",
            "host=h s3cr3t-pass", "postgresql://u:p@h/db\0",
        ])
    func badURL(url: String) throws {
        let error = #expect(throws: PostgresError.self) { try PostgresConfiguration(url: url) }
        #expect(error?.code == .invalidParameter)
        #expect("\(String(describing: error)) \(error?.message ?? "")".contains("s3cr3t") == false)
    }

    @Test("A configuration shows its server and not its password")
    func redaction() throws {
        let configuration = try PostgresConfiguration(url: "postgresql://reader:s3cr3t-pass@db.example:6000/quran")
        var dumped = ""
        dump(configuration, to: &dumped)
        for text in ["\(configuration)", String(reflecting: configuration), dumped] {
            #expect(text.contains("db.example") && text.contains("6000") && !text.contains("s3cr3t"))
        }
    }

    @Test("A server that accepts and never answers fails within the connect timeout")
    func blackHole() async throws {
        let listener = try SilentListener()
        let started = ContinuousClock.now
        let url = "postgresql://tester:\(Self.secret)@127.0.0.1:\(listener.port)/postgres"
        let error = try await failure(url, timeout: .milliseconds(200))
        #expect(error.code == .connectionFailed)
        #expect(!error.description.contains(Self.secret))
        #expect(started.duration(to: .now) < .seconds(5))
        withExtendedLifetime(listener) {}
    }

    @Test("A deadline and a cancellation also end a job that is connecting, and a shutdown doesn't wait for it")
    func deadlineWhileConnecting() async throws {
        let listener = try SilentListener()
        let url = "postgresql://tester@127.0.0.1:\(listener.port)/postgres"
        let started = ContinuousClock.now
        let error = try await failure(url, timeout: .seconds(60), deadline: .milliseconds(100))
        #expect(error.code == .deadlineExceeded)
        try await withPool(url: url) {
            $0.connectTimeout = .seconds(60)
        } _: { pool in
            let task = Task { try await pool.withConnection { _ in } }
            try await eventually("the job connects") { pool.statistics.running == 1 }
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
        }
        #expect(started.duration(to: .now) < .seconds(30))
        withExtendedLifetime(listener) {}
    }

    @Test("The server knows the application by name, and speaks UTF-8 whatever the environment says")
    func sessionSettings() async throws {
        try await withPool {
            $0.applicationName = "recitation"
        } _: { pool in
            let name = try await pool.text("SHOW application_name")
            #expect(name == "recitation")
            let encoding = try await pool.text("SHOW client_encoding")
            #expect(encoding == "UTF8")
        }
    }

    @Test("sslmode=require fails against a server without TLS")
    func tlsRequiredButMissing() async throws {
        try await PrivatePostgres.run { server in
            let error = try await failure(server.url("?sslmode=require"))
            #expect(error.code == .connectionFailed)
            #expect(!error.description.contains("private-secret"))
            #expect(error.message.contains("SSL"))
        }
    }

    @Test("With a server that has a certificate, sslmode means what libpq says")
    func tls() async throws {
        try await PrivatePostgres.run(tls: true) { server in
            let root = "&sslrootcert=\(server.certificate)"
            let encrypted = "SELECT ssl::text FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
            for url in [
                server.url("?sslmode=require"), server.url(host: "localhost", "?sslmode=verify-full\(root)"),
                server.url("?sslmode=verify-ca\(root)"),
            ] {
                try await withPool(url: url) { pool in
                    #expect(try await pool.text(encrypted) == "true")
                    let error = try await postgresError {
                        try await pool.withConnection(deadline: .milliseconds(100)) {
                            try $0.query("SELECT pg_sleep(30)")
                        }
                    }
                    #expect(error.code == .deadlineExceeded)
                    let text = String(repeating: "ٱلْقُرْآن ", count: 100_000)
                    #expect(Array(try await pool.text("SELECT $1::text", [.text(text)]).utf8) == Array(text.utf8))
                }
            }
            // The name isn't in the certificate.
            #expect(try await failure(server.url("?sslmode=verify-full\(root)")).code == .connectionFailed)
            // The certificate isn't known.
            let unknown = server.url(host: "localhost", "?sslmode=verify-full&sslrootcert=/nonexistent")
            #expect(try await failure(unknown).code == .connectionFailed)
        }
    }
}
