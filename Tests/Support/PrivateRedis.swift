public import Foundation

/// A Redis server for one test, on a free port, in a temporary folder, that may be restarted, paused and broken.
///
/// It wants a password, and keeps nothing over a restart but what ``restart(from:)`` is given.
public actor PrivateRedis {
    /// What the server held at a moment.
    public struct Snapshot: Sendable {
        fileprivate let file: URL
    }

    public nonisolated let port: Int
    public nonisolated let folder: URL
    private let settings: [String]
    private let usesTLS: Bool
    private var pid: pid_t?

    /// - Parameters:
    ///   - port: a free one, unless one is given.
    ///   - settings: further arguments of `redis-server`.
    public init(port: Int? = nil, tls: Bool = false, settings: [String] = []) throws {
        self.port = try port ?? Port.free()
        self.settings = settings
        usesTLS = tls
        folder = FileManager.default.temporaryDirectory.appending(path: "redis-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    /// Runs `body` with a server, which is stopped and deleted afterwards.
    public static func run<R: Sendable>(
        tls: Bool = false, _ settings: String..., body: (PrivateRedis) async throws -> R
    ) async throws -> R {
        let server = try PrivateRedis(tls: tls, settings: settings)
        do {
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
    public nonisolated var url: String { "redis://:private-secret@127.0.0.1:\(port)" }
    public nonisolated var certificate: String { folder.appending(path: "server.crt").path }

    // MARK: Starting and ending

    /// Starts it empty. Returns when it answers.
    public func start() async throws {
        try removeDump()
        try await launch()
    }

    /// Kills it, like a machine that loses its power.
    public func stop() {
        guard let pid else { return }
        self.pid = nil
        kill(pid, SIGCONT)
        kill(pid, SIGKILL)
        Command.reap(pid)
    }

    /// Kills it, and starts it empty.
    public func restart() async throws {
        stop()
        try await start()
    }

    /// Kills it, and starts it with what it held when the snapshot was made.
    public func restart(from snapshot: Snapshot) async throws {
        stop()
        try removeDump()
        try FileManager.default.copyItem(at: snapshot.file, to: dump)
        try await launch()
        try await eventually("redis-server has read its snapshot") { try await command("PING") == "PONG" }
    }

    /// Keeps a copy of all that it holds.
    public func snapshot() async throws -> Snapshot {
        let answer = try await command("SAVE")
        guard answer == "OK" else { throw TestFailure("SAVE said \(answer)") }
        let copy = folder.appending(path: "snapshot-\(UUID().uuidString).rdb")
        try FileManager.default.copyItem(at: dump, to: copy)
        return Snapshot(file: copy)
    }

    /// Kills it and deletes what it wrote.
    public func remove() {
        stop()
        do { try FileManager.default.removeItem(at: folder) } catch { print("left behind: \(folder.path): \(error)") }
    }

    // MARK: While it runs

    /// The server neither reads nor answers, and its connections stay: a black hole.
    public func pause() { signal(SIGSTOP) }
    public func proceed() { signal(SIGCONT) }

    /// Sends a command with `redis-cli`.
    ///
    /// - Returns: the reply, without the last line end; for a list one line an element.
    @discardableResult
    public func command(_ words: String...) async throws -> String {
        let tls = usesTLS ? ["--tls", "--cacert", certificate, "-h", "localhost"] : []
        let program = ["redis-cli", "--no-auth-warning", "-a", "private-secret", "-p", "\(port)"]
        return try await Command.run(program + tls + words).trimmingCharacters(in: .newlines)
    }

    // MARK: -

    private var dump: URL { folder.appending(path: "dump.rdb") }

    private func removeDump() throws {
        if FileManager.default.fileExists(atPath: dump.path) { try FileManager.default.removeItem(at: dump) }
    }

    private func launch() async throws {
        if usesTLS, !FileManager.default.fileExists(atPath: certificate) { try await makeCertificate() }
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
        try await eventually("redis-server listens on port \(port)") { Port.isOpen(port) }
    }

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
}
