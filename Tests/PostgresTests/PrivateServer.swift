import Foundation

/// A PostgreSQL server for one test, in a temporary folder, that may be restarted and broken.
final class PrivateServer: Sendable {
    let port: Int
    let folder: URL
    private let settings: [String]

    private init(port: Int, folder: URL, settings: [String]) {
        self.port = port
        self.folder = folder
        self.settings = settings
    }

    /// Runs `body` with a server, which is stopped and deleted afterwards.
    static func run<R>(tls: Bool = false, _ body: (PrivateServer) async throws -> R) async throws -> R {
        let folder = FileManager.default.temporaryDirectory.appending(path: "postgres-\(UUID().uuidString)")
        let port = try Port.free()
        let settings =
            [
                "listen_addresses=127.0.0.1", "port=\(port)", "unix_socket_directories=\(folder.path)", "fsync=off",
                "shared_buffers=16MB", "max_connections=20",
            ] + (tls ? ["ssl=on"] : [])
        let server = PrivateServer(port: port, folder: folder, settings: settings)
        do {
            try await server.initialise()
            if tls { try await server.makeCertificate() }
            try await server.control("start")
            let value = try await body(server)
            await server.remove()
            return value
        } catch {
            await server.remove()
            throw error
        }
    }

    func url(host: String = "127.0.0.1", _ query: String = "") -> String {
        "postgresql://tester:private-secret@\(host):\(port)/postgres\(query)"
    }

    var certificate: String { folder.appending(path: "data/server.crt").path }

    func restart() async throws { try await control("restart", "-m", "fast") }
    func start() async throws { try await control("start") }
    func stop() async throws { try await control("stop", "-m", "fast") }

    private func initialise() async throws {
        if Self.isRoot {
            try await Self.run("install", "-d", "-o", "postgres", "-m", "755", folder.path)
        } else {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        }
        let password = folder.appending(path: "password")
        try Data("private-secret\n".utf8).write(to: password)
        let initdb = try await binary("initdb")
        try await Self.run(
            asPostgres: true, initdb, "-D", folder.path + "/data", "-U", "tester", "-A", "scram-sha-256",
            "--pwfile", password.path, "-E", "UTF8", "--no-sync")
    }

    private func makeCertificate() async throws {
        try await Self.run(
            asPostgres: true, "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
            "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", folder.path + "/data/server.key",
            "-out", certificate)
        try await Self.run(asPostgres: true, "chmod", "600", folder.path + "/data/server.key")
    }

    /// `pg_ctl` finds the server by the pid in its folder and waits for it.
    private func control(_ arguments: String...) async throws {
        var options: [String] = []
        if arguments.first != "stop" { options = ["-l", folder.path + "/data/log"] }
        if arguments.first == "start" {
            options += ["-o", settings.map { "-c \($0)" }.joined(separator: " ")]
        }
        let program = try await binary("pg_ctl")
        try await Self.run(
            asPostgres: true, [program] + arguments + ["-w", "-D", folder.path + "/data"] + options)
    }

    private func remove() async {
        do { try await control("stop", "-m", "immediate") } catch { print("a private server did not stop: \(error)") }
        do { try FileManager.default.removeItem(at: folder) } catch { print("left behind: \(folder.path): \(error)") }
    }

    private func binary(_ name: String) async throws -> String {
        if let folder = ProcessInfo.processInfo.environment["TEST_POSTGRES_BINDIR"] { return "\(folder)/\(name)" }
        let folder = try await Self.run("pg_config", "--bindir").trimmingCharacters(in: .whitespacesAndNewlines)
        return "\(folder)/\(name)"
    }

    private static var isRoot: Bool { getuid() == 0 }

    @discardableResult
    private static func run(asPostgres: Bool = false, _ command: String...) async throws -> String {
        try await run(asPostgres: asPostgres, command)
    }

    @discardableResult
    private static func run(asPostgres: Bool, _ command: [String]) async throws -> String {
        let prefix = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
        return try await Command.run((asPostgres && isRoot ? prefix : []) + command)
    }
}
