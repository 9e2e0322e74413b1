import Foundation
import NIOCore
import NIOPosix

extension NIOSingletons {
    /// As many event loops as there are processors that this process may use, which `taskset` may have chosen. NIO counts those
    /// of the machine or container, and loops that share a processor wait for each other. What `NIO_SINGLETON_GROUP_LOOP_COUNT`
    /// says goes first. To be called before anything uses NIO.
    static func useOneLoopAProcessor() {
        guard ProcessInfo.processInfo.environment["NIO_SINGLETON_GROUP_LOOP_COUNT"] == nil,
            let allowed = processorsAllowed(), (1..<System.coreCount).contains(allowed)
        else { return }
        groupLoopCountSuggestion = allowed
    }

    /// - Returns: `nil` where the system does not say.
    private static func processorsAllowed() -> Int? {
        let file = "/proc/self/status"
        guard FileManager.default.isReadableFile(atPath: file) else { return nil }
        do {
            let status = try String(contentsOfFile: file, encoding: .utf8)
            let mask = status.split(separator: "\n").first { $0.hasPrefix("Cpus_allowed:") }
            return mask?.dropFirst("Cpus_allowed:".count).reduce(0) { $0 + ($1.hexDigitValue?.nonzeroBitCount ?? 0) }
        } catch {
            return nil
        }
    }
}
