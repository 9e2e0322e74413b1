internal import Logging
internal import ServiceLifecycle

/// Keeps one connection: makes it, waits for its end, makes it again, with waits in between.
struct ConnectionKeeper: Sendable {
    let configuration: RedisConfiguration
    let logger: Logger
    let clock: any Clock<Duration>
    /// A number from 0 to 1.
    let random: @Sendable () -> Double

    /// Returns after graceful shutdown, when the connection has drained, or after cancellation, when it is closed.
    /// - Parameters:
    ///   - dial: Makes a connection.
    ///   - connected: Is told of a connection, and of nil when it is no more.
    ///   - failed: Is told why an attempt failed.
    func run<Connection: KeptConnection>(
        dial: @escaping @Sendable () async throws(RedisError) -> Connection,
        connected: @Sendable (Connection?) -> Void,
        failed: @Sendable (RedisError) -> Void
    ) async {
        var backoff = Backoff(base: configuration.backoffBase, maximum: configuration.backoffMaximum)
        var isKnownToFail = false
        while !Task.isShuttingDown {
            do throws(RedisError) {
                let connection = try await cancelledOnShutdown { () async throws(RedisError) in try await dial() }
                isKnownToFail = false
                logger.info("connected to Redis", metadata: ["server": "\(configuration)"])
                let start = ContinuousClock.now
                connected(connection)
                await untilClosed(connection)
                connected(nil)
                if Task.isShuttingDown { return }
                logger.warning("lost the connection to Redis", metadata: ["server": "\(configuration)"])
                // A server that closes what it has just accepted is no better than one that refuses.
                if ContinuousClock.now - start >= configuration.backoffMaximum { backoff.reset() }
            } catch {
                if Task.isShuttingDown { return }
                failed(error)
                logger.log(
                    level: isKnownToFail ? .debug : .warning, "can't connect to Redis",
                    metadata: ["server": "\(configuration)", "error": "\(error)"])
                isKnownToFail = true
            }
            await sleep(for: backoff.wait(random: random()))
        }
    }

    private func untilClosed(_ connection: some KeptConnection) async {
        await withTaskCancellationHandler {
            await withGracefulShutdownHandler {
                await connection.closed()
            } onGracefulShutdown: {
                connection.drain()
            }
        } onCancel: {
            connection.close()
        }
    }

    private func sleep(for duration: Duration) async {
        do {
            try await cancelWhenGracefulShutdown { try await clock.sleep(for: duration) }
        } catch {
            // Cancelled: the loop ends.
        }
    }

    private func cancelledOnShutdown<R: Sendable>(
        _ body: @escaping @Sendable () async throws(RedisError) -> R
    ) async throws(RedisError) -> R {
        do {
            return try await cancelWhenGracefulShutdown { try await body() }
        } catch {
            throw error as? RedisError ?? .cancelled
        }
    }
}

extension Task where Success == Never, Failure == Never {
    fileprivate static var isShuttingDown: Bool { isCancelled || isShuttingDownGracefully }
}
