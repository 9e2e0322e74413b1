public import Foundation
import Synchronization

/// Runs another program, without blocking the cooperative pool.
///
/// Foundation's `Process` waits, on Linux, for everyone who inherited its socket, and so for ever for a program that
/// leaves a server behind, as `pg_ctl start` does.
public enum Command {
    /// Held while a process is made: what is open for one of them for a moment is not inherited by another.
    static let spawning = Mutex(())

    /// Runs a program to its end.
    ///
    /// - Returns: what it wrote, errors included.
    /// - Throws: ``TestFailure`` if it could not be started, or failed.
    @discardableResult
    public static func run(_ command: [String]) async throws -> String {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread { continuation.resume(with: Result { try runBlocking(command) }) }
        }
    }

    private static func runBlocking(_ command: [String]) throws -> String {
        // Through a file, as a server that is left behind keeps its output open.
        let output = FileManager.default.temporaryDirectory.appending(path: "output-\(UUID().uuidString)")
        guard FileManager.default.createFile(atPath: output.path, contents: nil) else {
            throw TestFailure("can't write \(output.path)")
        }
        defer { unlink(output.path) }
        let child = try start(command, output: output.path)
        let status = reap(child)
        let text = try String(contentsOf: output, encoding: .utf8)
        guard status == 0 else { throw TestFailure("\(command.joined(separator: " ")) failed: \(text)") }
        return text
    }

    /// Starts a program and leaves it running.
    ///
    /// - Parameter output: a file that exists, which its output is added to.
    public static func start(_ command: [String], output: String = "/dev/null") throws -> pid_t {
        try spawning.withLock { _ in try spawn(command, output: output) }
    }

    private static func spawn(_ command: [String], output: String) throws -> pid_t {
        #if canImport(Darwin)
            var actions: posix_spawn_file_actions_t?
        #else
            var actions = posix_spawn_file_actions_t()
        #endif
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_APPEND, 0)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        #if os(Linux)
            // What other tests have open meanwhile is theirs: a listener that a server inherits keeps its port for ever.
            for name in try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd") {
                if let descriptor = Int32(name), descriptor > 2 {
                    posix_spawn_file_actions_addclose(&actions, descriptor)
                }
            }
        #endif
        var arguments = command.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        var child = pid_t()
        let spawned = posix_spawnp(&child, command[0], &actions, nil, &arguments, environ)
        guard spawned == 0 else { throw TestFailure("\(command[0]) can't be started: error \(spawned)") }
        return child
    }

    /// Waits for the end of a program that was started here.
    ///
    /// - Returns: its status, as `waitpid` gives it.
    @discardableResult
    public static func reap(_ child: pid_t) -> Int32 {
        var status: Int32 = 0
        while waitpid(child, &status, 0) == -1, errno == EINTR {}
        return status
    }
}
