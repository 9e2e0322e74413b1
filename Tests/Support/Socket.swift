public import Foundation

/// A plain TCP connection to this machine, for what no HTTP client would send. Waiting for it blocks no shared thread.
public final class Socket: Sendable {
    private let descriptor: Int32

    /// - Parameters:
    ///   - source: the address that the other side sees: one of 127.0.0.0/8.
    ///   - window: the most bytes that wait here to be read; `nil` for the system's choice.
    public init(port: Int, from source: String? = nil, window: Int32? = nil) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        // No test waits for ever.
        var patience = timeval(tv_sec: 60, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        if var window { setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &window, socklen_t(MemoryLayout<Int32>.size)) }
        if let source {
            var own = sockaddr_in()
            own.sin_family = sa_family_t(AF_INET)
            own.sin_addr.s_addr = inet_addr(source)
            let bound = withUnsafePointer(to: &own) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
            guard bound == 0 else { throw TestFailure("cannot send from \(source)") }
        }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 else { throw TestFailure("cannot connect to port \(port)") }
    }

    deinit { close(descriptor) }

    public func send(_ text: String) async throws {
        let bytes = Array(text.utf8)
        let isSent = await onThread { [self] in
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = rest.withUnsafeBytes {
                    Foundation.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                }
                guard count > 0 else { return false }
                rest = rest.dropFirst(count)
            }
            return true
        }
        guard isSent else { throw TestFailure("the connection is closed") }
    }

    /// Says that nothing more is sent.
    public func finish() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// Everything until the other side closes, or the connection breaks.
    public func receiveToEnd() async -> Data {
        await onThread { [self] in
            var received = Data()
            while let bytes = receiveNow(), !bytes.isEmpty { received.append(contentsOf: bytes) }
            return received
        }
    }

    /// Everything until the other side closes.
    public func receiveAll() async throws -> Data {
        var received = Data()
        while case let bytes = try await receive(), !bytes.isEmpty { received.append(bytes) }
        return received
    }

    /// What has arrived, at least a byte; nothing once the other side has closed.
    public func receive() async throws -> Data {
        guard let bytes = await onThread({ [self] in receiveNow() }) else { throw TestFailure("the connection broke") }
        return Data(bytes)
    }

    private func receiveNow() -> ArraySlice<UInt8>? {
        var buffer = [UInt8](repeating: 0, count: 65536)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        return count < 0 ? nil : buffer[..<count]
    }
}

/// Runs what waits for sockets, files or processes on a thread of its own: the tests that run beside each other share as many
/// threads as there are processors, and who blocks one of those holds up the others.
public func onThread<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
    await withCheckedContinuation { continuation in
        Thread { continuation.resume(returning: body()) }.start()
    }
}
