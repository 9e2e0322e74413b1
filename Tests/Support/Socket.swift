public import Foundation

/// A plain TCP connection to this machine, for what no HTTP client would send.
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

    public func send(_ text: String) throws {
        var rest = ArraySlice(text.utf8)
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Foundation.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw TestFailure("the connection is closed") }
            rest = rest.dropFirst(count)
        }
    }

    /// Says that nothing more is sent.
    public func finish() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// Everything until the other side closes, or the connection breaks.
    public func receiveToEnd() -> Data {
        var received = Data()
        do {
            while case let bytes = try receive(), !bytes.isEmpty { received.append(bytes) }
        } catch {
            // What came before is what there is.
        }
        return received
    }

    /// Everything until the other side closes.
    public func receiveAll() throws -> Data {
        var received = Data()
        while case let bytes = try receive(), !bytes.isEmpty { received.append(bytes) }
        return received
    }

    /// What has arrived, at least a byte; nothing once the other side has closed.
    public func receive() throws -> Data {
        var buffer = [UInt8](repeating: 0, count: 65536)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        guard count >= 0 else { throw TestFailure("the connection broke") }
        return Data(buffer[..<count])
    }
}

/// Runs what waits for sockets on a thread of its own.
public func onThread<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
    await withCheckedContinuation { continuation in
        Thread { continuation.resume(returning: body()) }.start()
    }
}
