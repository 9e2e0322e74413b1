#if canImport(Glibc)
    private import Glibc
#elseif canImport(Musl)
    private import Musl
#elseif canImport(Darwin)
    private import Darwin
#endif

/// Ends a worker's `poll(2)` from another thread.
///
/// It is a hint and carries no meaning: the worker looks at its own job's state, so a wake-up that comes late for one job
/// costs the next a turn of the loop and nothing else. A pipe rather than an eventfd, which Swift's Glibc doesn't show.
final class WakeUp: Sendable {
    let readEnd: Int32
    private let writeEnd: Int32

    /// Nil if the process has no file descriptors left.
    init?() {
        var ends: (Int32, Int32) = (-1, -1)
        let made = unsafe withUnsafeMutableBytes(of: &ends) { bytes in
            unsafe pipe(bytes.bindMemory(to: Int32.self).baseAddress)
        }
        guard made == 0 else { return nil }
        readEnd = ends.0
        writeEnd = ends.1
        for end in [readEnd, writeEnd] {
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
        }
    }

    deinit {
        _ = close(readEnd)
        _ = close(writeEnd)
    }

    /// A full pipe already wakes, so the result doesn't matter.
    func signal() {
        var byte: UInt8 = 1
        _ = unsafe write(writeEnd, &byte, 1)
    }

    func drain() {
        unsafe withUnsafeTemporaryAllocation(byteCount: 64, alignment: 1) { bytes in
            while unsafe read(readEnd, bytes.baseAddress, bytes.count) == bytes.count {}
        }
    }
}
