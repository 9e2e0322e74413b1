import ArgumentParser
import Foundation

/// The memory of this process that is in the machine's, in bytes, as Linux counts it (proc_pid_status(5)).
enum ResidentMemory {
    /// Now.
    static func current() throws -> Int { try field("VmRSS") }

    /// The most that it ever was, or was since ``forgetPeak()``: the kernel's own mark, which no sampling misses.
    static func peak() throws -> Int { try field("VmHWM") }

    /// Starts the mark of ``peak()`` over.
    static func forgetPeak() throws { try Data("5".utf8).write(to: URL(filePath: "/proc/self/clear_refs")) }

    private static func field(_ name: String) throws -> Int {
        guard let status = FileManager.default.contents(atPath: "/proc/self/status") else {
            throw ValidationError("memory is read from /proc/self/status, which is not here: this needs Linux")
        }
        for line in String(decoding: status, as: UTF8.self).split(separator: "\n") where line.hasPrefix("\(name):") {
            if let kibibytes = line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap({ Int($0) }) {
                return kibibytes << 10
            }
        }
        throw ValidationError("/proc/self/status has no \(name)")
    }
}
