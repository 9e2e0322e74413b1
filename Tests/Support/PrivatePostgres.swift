public import Foundation

/// A PostgreSQL server for one test, on a free port, in a temporary folder, that may be restarted, paused and broken.
public final class PrivatePostgres: Sendable {
    /// How `pg_ctl` ends the server.
    public enum Ending: String, Sendable, CaseIterable {
        /// Ends every session, and writes everything down.
        case fast
        /// As a crash does: the next start recovers.
        case immediate
    }

    public let port: Int
    public let folder: URL
    private let usesTLS: Bool
    private let settings: [String]

    /// Makes no server yet.
    ///
    /// - Parameter settings: more of the server's, as in `max_connections=100`.
    public init(tls: Bool = false, settings: [String] = []) throws {
        self.settings = settings
        folder = FileManager.default.temporaryDirectory.appending(path: "postgres-\(UUID().uuidString)")
        port = try Port.free()
        usesTLS = tls
    }

    /// Runs `body` with a server, which is stopped and deleted afterwards.
    public static func run<R>(tls: Bool = false, _ body: (PrivatePostgres) async throws -> R) async throws -> R {
        let server = try PrivatePostgres(tls: tls)
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

    /// With the password of the server's only role, a superuser.
    public func url(host: String = "127.0.0.1", _ query: String = "") -> String {
        url(host: host, port: port, query)
    }

    private func url(host: String, port: Int, _ query: String) -> String {
        "postgresql://tester:private-secret@\(host):\(port)/postgres\(query)"
    }

    public var certificate: String { folder.appending(path: "data/server.crt").path }

    // MARK: Starting and ending

    /// Starts the server, and makes its data before the first time. Returns when it answers.
    public func start() async throws {
        if !FileManager.default.fileExists(atPath: folder.path) {
            try await initialise()
            if usesTLS { try await makeCertificate() }
        }
        try await launch(port: port)
    }

    /// Runs the stopped server for a while where its clients don't look, for changes that they can't see being made.
    ///
    /// - Parameter body: gets the URL that is true meanwhile.
    public func elsewhere(_ body: (String) async throws -> Void) async throws {
        let port = try Port.free()
        try await launch(port: port)
        let outcome: Result<Void, any Error>
        do { outcome = .success(try await body(url(host: "127.0.0.1", port: port, ""))) } catch {
            outcome = .failure(error)
        }
        try await stop()
        try outcome.get()
    }

    public func stop(_ ending: Ending = .fast) async throws { try await control("stop", "-m", ending.rawValue) }

    public func restart(_ ending: Ending = .fast) async throws { try await control("restart", "-m", ending.rawValue) }

    /// Ends the server and deletes its data.
    public func remove() async {
        do {
            if try postmaster() != nil {
                try await proceed()
                try await stop(.immediate)
            }
        } catch { print("a private server did not stop: \(error)") }
        do { try FileManager.default.removeItem(at: folder) } catch { print("left behind: \(folder.path): \(error)") }
    }

    // MARK: Pausing

    /// No process of the server runs on. Its connections stay, and new ones are made by the kernel: a black hole.
    public func pause() async throws {
        guard let postmaster = try postmaster() else { throw TestFailure("the server does not run") }
        // It first, so that it starts no more of the others.
        try await signal(SIGSTOP, to: [postmaster]) { $0 == "T" }
        try await signal(SIGSTOP, to: children(of: postmaster)) { $0 == "T" }
    }

    public func proceed() async throws {
        guard let postmaster = try postmaster() else { return }
        try await signal(SIGCONT, to: children(of: postmaster) + [postmaster]) { $0 != "T" }
    }

    private func signal(
        _ signal: Int32, to processes: [pid_t], until isDone: (Character) -> Bool
    ) async throws {
        for process in processes { kill(process, signal) }
        try await eventually("the server's processes take the signal") {
            processes.allSatisfy { ProcessState($0).map { isDone($0.letter) } ?? true }
        }
    }

    /// The process that starts all others, if the server runs.
    private func postmaster() throws -> pid_t? {
        let file = folder.appending(path: "data/postmaster.pid")
        guard FileManager.default.fileExists(atPath: file.path) else { return nil }
        return try String(contentsOf: file, encoding: .utf8).split(separator: "\n").first.flatMap { pid_t($0) }
    }

    private func children(of parent: pid_t) throws -> [pid_t] {
        try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { pid_t($0) }
            .filter { ProcessState($0)?.parent == parent }
    }

    /// What Linux says of a process.
    private struct ProcessState {
        let letter: Character
        let parent: pid_t

        /// - Returns: `nil` for a process that is gone.
        init?(_ process: pid_t) {
            // The name, in parentheses, may hold anything: what counts comes after the last of them.
            guard let stat = FileManager.default.contents(atPath: "/proc/\(process)/stat"),
                let rest = String(decoding: stat, as: UTF8.self).split(separator: ")").last?.split(separator: " "),
                rest.count > 1, let letter = rest[0].first, let parent = pid_t(rest[1])
            else { return nil }
            self.letter = letter
            self.parent = parent
        }
    }

    // MARK: Programs

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

    private func launch(port: Int) async throws {
        let all =
            [
                "listen_addresses=127.0.0.1", "port=\(port)", "unix_socket_directories=", "fsync=off",
                "shared_buffers=16MB", "max_connections=60",
            ] + (usesTLS ? ["ssl=on"] : []) + settings
        try await control("start", "-o", all.map { "-c \($0)" }.joined(separator: " "))
    }

    /// `pg_ctl` finds the server by the pid in its folder and waits for it; a restart keeps the settings of the start.
    private func control(_ arguments: String...) async throws {
        let log = arguments.first == "stop" ? [] : ["-l", folder.path + "/data/log"]
        let program = try await binary("pg_ctl")
        try await Self.run(asPostgres: true, [program] + arguments + ["-w", "-D", folder.path + "/data"] + log)
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
