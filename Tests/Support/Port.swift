import Foundation
import Synchronization

/// TCP ports of this machine, for tests.
public enum Port {
    /// A port where nobody listens, and that is given to nobody else: it stays free while a test's server is stopped.
    ///
    /// It is below the range from which the kernel takes those of connections that go out.
    public static func free() throws -> Int {
        for _ in 0..<range.count {
            let port = next.withLock { next in
                next = next == range.upperBound ? range.lowerBound : next + 1
                return next
            }
            if isFree(port) { return port }
        }
        throw TestFailure("no free port from \(range.lowerBound) to \(range.upperBound)")
    }

    private static let range = 10_000...19_999
    /// Two runs at once begin at different places.
    private static let next = Mutex(Int.random(in: range))

    private static func isFree(_ port: Int) -> Bool {
        let descriptor = loopbackSocket()
        defer { close(descriptor) }
        var reuse: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &reuse, socklen_t(MemoryLayout<Int32>.size))
        var address = loopbackAddress(port: port)
        return withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(descriptor, address, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }

    /// Whether someone listens.
    public static func isOpen(_ port: Int) -> Bool {
        let descriptor = loopbackSocket()
        defer { close(descriptor) }
        var address = loopbackAddress(port: port)
        return withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                connect(descriptor, address, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }
}

/// A TCP listener whose connections are accepted by the kernel and never answered: a server behind a black hole.
public final class SilentListener: Sendable {
    public let port: Int
    private let descriptor: Int32

    public init() throws {
        let descriptor = loopbackSocket()
        var address = loopbackAddress(port: 0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let listens = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(descriptor, address, length) == 0 && listen(descriptor, 64) == 0
                    && getsockname(descriptor, address, &length) == 0
            }
        }
        guard listens else {
            close(descriptor)
            throw TestFailure("can't listen on 127.0.0.1")
        }
        self.descriptor = descriptor
        port = Int(UInt16(bigEndian: address.sin_port))
    }

    deinit {
        close(descriptor)
    }
}

/// A socket that programs which are started meanwhile don't inherit: they would keep its port.
private func loopbackSocket() -> Int32 {
    #if canImport(Darwin)
        let descriptor = socket(AF_INET, SOCK_STREAM, 0)
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        return descriptor
    #else
        return socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    #endif
}

private func loopbackAddress(port: Int) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    address.sin_port = UInt16(port).bigEndian
    return address
}
