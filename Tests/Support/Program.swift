public import Foundation
import Synchronization

/// The built `quran` program, run as its users run it.
public struct Program: Sendable {
    public struct Result: Sendable {
        public let status: Int32
        public let output: String
        public let errors: String
    }

    /// Beside the test bundle.
    public static let executable: URL = {
        let bundle = ProcessInfo.processInfo.arguments.first { $0.contains(".build") || $0.hasSuffix(".xctest") }
        var folder = URL(filePath: bundle ?? "").deletingLastPathComponent()
        while folder.path.count > 1 {
            let candidate = folder.appending(path: "quran")
            if FileManager.default.isExecutableFile(atPath: candidate.path) { return candidate }
            folder = folder.deletingLastPathComponent()
        }
        return Repository.root.appending(path: ".build/debug/quran")
    }()

    /// Runs a command to its end.
    ///
    /// - Parameter environment: all that the program sees of an environment, besides `PATH` and `HOME`.
    public static func run(
        _ arguments: [String], environment: [String: String] = [:], directory: URL? = nil
    ) async throws -> Result {
        let process = try start(arguments, environment: environment, directory: directory)
        // Files, not pipes: a program that prints a lot must not wait for a reader.
        await process.waitUntilExit()
        return Result(
            status: process.status, output: try process.output(), errors: try process.errors())
    }

    /// Starts a command and goes on.
    public static func start(
        _ arguments: [String], environment: [String: String] = [:], directory: URL? = nil
    ) throws -> RunningProgram {
        try RunningProgram(executable, arguments, environment: environment, directory: directory)
    }
}

/// A process of the program.
public final class RunningProgram: @unchecked Sendable {
    private let process = Process()
    private let outputFile = TemporaryFolder.unique("output")
    private let errorFile = TemporaryFolder.unique("errors")

    init(_ executable: URL, _ arguments: [String], environment: [String: String], directory: URL?) throws {
        let inherited = ProcessInfo.processInfo.environment
        process.executableURL = executable
        process.arguments = arguments
        process.environment = environment.merging(
            ["PATH", "HOME"].reduce(into: [:]) { $0[$1] = inherited[$1] }
        ) { own, _ in own }
        if let directory { process.currentDirectoryURL = directory }
        for file in [outputFile, errorFile] { try Data().write(to: file) }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try FileHandle(forWritingTo: outputFile)
        process.standardError = try FileHandle(forWritingTo: errorFile)
        try Command.spawning.withLock { [process] _ in try process.run() }
    }

    public var processIdentifier: Int32 { process.processIdentifier }
    public var isRunning: Bool { process.isRunning }
    public var status: Int32 { process.terminationStatus }

    public func output() throws -> String { try String(contentsOf: outputFile, encoding: .utf8) }
    public func errors() throws -> String { try String(contentsOf: errorFile, encoding: .utf8) }

    public func waitUntilExit() async { await onThread { [process] in process.waitUntilExit() } }

    public func signal(_ signal: Int32) { kill(process.processIdentifier, signal) }

    /// Ends the process if it still runs.
    public func end() {
        if process.isRunning { signal(SIGKILL) }
        process.waitUntilExit()
    }
}

/// Waits until something is so, looking again every few milliseconds.
///
/// - Throws: ``TestFailure`` if it isn't within the generous limit.
public func eventually(
    _ what: String, within limit: Duration = .seconds(60), _ condition: () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + limit
    while try await !condition() {
        guard ContinuousClock.now < deadline else { throw TestFailure("not within \(limit): \(what)") }
        try await Task.sleep(for: .milliseconds(10))
    }
}
