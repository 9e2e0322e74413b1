import Foundation
import Testing

/// A Redis server for one test, on a free port, in a temporary folder, that may be restarted, paused and broken.
actor PrivateServer {
    nonisolated let port: Int
    nonisolated let folder: URL
    private let settings: [String]
    private let usesTLS: Bool
    private var pid: pid_t?

    private init(port: Int, folder: URL, usesTLS: Bool, settings: [String]) {
        self.port = port
        self.folder = folder
        self.usesTLS = usesTLS
        self.settings = settings
    }

    /// Runs `body` with a server, which is stopped and deleted afterwards.
    static func run<R: Sendable>(
        tls: Bool = false, _ settings: String..., body: (PrivateServer) async throws -> R
    ) async throws -> R {
        let folder = FileManager.default.temporaryDirectory.appending(path: "redis-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let server = PrivateServer(port: try Port.free(), folder: folder, usesTLS: tls, settings: settings)
        do {
            if tls { try await server.makeCertificate() }
            try await server.start()
            let value = try await body(server)
            await server.remove()
            return value
        } catch {
            await server.remove()
            throw error
        }
    }

    /// With the password that all private servers want.
    nonisolated var url: String { "redis://:private-secret@127.0.0.1:\(port)" }
    nonisolated var certificate: String { folder.appending(path: "server.crt").path }

    /// Returns when the server answers.
    func start() async throws {
        var arguments = [
            "redis-server", "--bind", "127.0.0.1", "--dir", folder.path, "--save", "", "--appendonly", "no",
            "--requirepass", "private-secret", "--logfile", folder.appending(path: "log").path,
        ]
        if usesTLS {
            arguments += [
                "--port", "0", "--tls-port", "\(port)", "--tls-auth-clients", "no", "--tls-cert-file", certificate,
                "--tls-key-file", folder.appending(path: "server.key").path, "--tls-ca-cert-file", certificate,
            ]
        } else {
            arguments += ["--port", "\(port)"]
        }
        pid = try Command.start(arguments + settings)
        let probe = SocketProbe(port: port)
        try await eventually("redis-server listens on port \(port)") { probe.accepts() }
    }

    func stop() {
        guard let pid else { return }
        self.pid = nil
        kill(pid, SIGCONT)
        kill(pid, SIGKILL)
        Command.reap(pid)
    }

    /// The server neither reads nor answers, and its connections stay: a black hole.
    func pause() { signal(SIGSTOP) }
    func proceed() { signal(SIGCONT) }

    private func signal(_ signal: Int32) {
        if let pid { kill(pid, signal) }
    }

    private func makeCertificate() async throws {
        try await Command.run([
            "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
            "-addext", "subjectAltName=DNS:localhost", "-keyout", folder.appending(path: "server.key").path,
            "-out", certificate,
        ])
    }

    private func remove() {
        stop()
        do { try FileManager.default.removeItem(at: folder) } catch { print("left behind: \(folder.path): \(error)") }
    }
}
