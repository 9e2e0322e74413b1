internal import NIOCore
internal import NIOPosix
internal import NIOSSL

/// Makes connections: TCP, TLS and handshake, in the time that the configuration gives.
struct Dialer: Sendable {
    private let configuration: RedisConfiguration
    private let tls: NIOSSLContext?

    /// Reads the certificate file.
    /// - Throws: ``RedisError`` with `.invalidConfiguration`.
    init(_ configuration: RedisConfiguration) throws(RedisError) {
        try configuration.check()
        self.configuration = configuration
        tls = if let settings = configuration.tls { try Self.context(settings) } else { nil }
    }

    /// Returns a connection that is ready for use.
    /// - Throws: ``RedisError``: `.authenticationFailed`, `.server`, `.protocolViolation`; `.notConnected` with the cause
    ///   if it came to no conversation; `.cancelled`.
    func dial<Role: ConnectionRole>(
        on eventLoop: any EventLoop, role makeRole: @escaping @Sendable () -> Role
    ) async throws(RedisError) -> (channel: any Channel, role: NIOLoopBound<Role>) {
        let deadline = NIODeadline.now() + TimeAmount(configuration.connectTimeout)
        let ready = eventLoop.makePromise(of: NIOLoopBound<Role>.self)
        // The handlers come after connecting, as a host of several addresses makes several channels.
        let opened = bootstrap(eventLoop).connect(host: configuration.host, port: configuration.port)
            .flatMapThrowing { channel in
                let pipeline = channel.pipeline.syncOperations
                let handler = try ConnectionHandler(
                    role: makeRole(), configuration: configuration, deadline: deadline, ready: ready)
                if let tls { try pipeline.addHandler(encryption(tls)) }
                try pipeline.addHandler(handler)
                return channel
            }
        opened.whenFailure { ready.fail($0) }
        opened.whenSuccess { channel in ready.futureResult.whenFailure { _ in channel.close(promise: nil) } }
        do {
            return try await withTaskCancellationHandler {
                let role = try await ready.futureResult.get()
                return (try await opened.get(), role)
            } onCancel: {
                ready.fail(RedisError.cancelled)
            }
        } catch {
            throw Self.refusal(error)
        }
    }

    private func bootstrap(_ eventLoop: any EventLoop) -> ClientBootstrap {
        ClientBootstrap(group: eventLoop)
            .connectTimeout(TimeAmount(configuration.connectTimeout))
            .channelOption(.socketOption(.tcp_nodelay), value: 1)
            .channelOption(.socketOption(.so_keepalive), value: 1)
            .channelOption(
                .recvAllocator,
                value: AdaptiveRecvByteBufferAllocator(minimum: 2 << 10, initial: 16 << 10, maximum: 256 << 10))
    }

    /// An address can't be the name for which a server is asked; then NIOSSL checks the certificate for the address.
    private func encryption(_ context: NIOSSLContext) throws -> NIOSSLClientHandler {
        let host = configuration.host
        let isAddress = (try? SocketAddress(ipAddress: host, port: 0)) != nil
        return try NIOSSLClientHandler(context: context, serverHostname: isAddress ? nil : host)
    }

    private static func context(_ settings: RedisConfiguration.TLS) throws(RedisError) -> NIOSSLContext {
        do {
            var configuration = TLSConfiguration.makeClientConfiguration()
            if let file = settings.certificateAuthorityFile { configuration.trustRoots = .file(file) }
            configuration.certificateVerification = settings.verifiesServer ? .fullVerification : .none
            configuration.minimumTLSVersion = .tlsv12
            // A peer that is dead doesn't say goodbye.
            configuration.shutdownTimeout = .milliseconds(250)
            return try NIOSSLContext(configuration: configuration)
        } catch {
            throw RedisError(.invalidConfiguration, "the TLS settings for Redis can't be used", cause: error)
        }
    }

    /// What the server said stays as it is; all else means that there is no connection.
    private static func refusal(_ error: any Error) -> RedisError {
        guard let error = error as? RedisError else {
            return RedisError(.notConnected, "can't connect to Redis", cause: error)
        }
        switch error.code {
        case .connectionClosed, .timedOut: return RedisError(.notConnected, error.message, cause: error.cause)
        default: return error
        }
    }
}
