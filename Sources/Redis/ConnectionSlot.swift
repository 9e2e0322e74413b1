internal import NIOCore
internal import Synchronization

/// The place of one of a client's connections: the connection, or why there is none.
final class ConnectionSlot: Sendable {
    private struct State {
        var connection: CommandConnection?
        var failure: RedisError?
        var wasConnected = false
    }

    let eventLoop: any EventLoop
    private let state = Mutex(State())

    init(eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
    }

    var connection: CommandConnection? { state.withLock { $0.connection } }
    var failure: RedisError? { state.withLock { $0.failure } }

    /// Whether there had been one before.
    func set(_ connection: CommandConnection?) -> Bool {
        state.withLock { state in
            state.connection = connection
            guard connection != nil else { return false }
            state.failure = nil
            defer { state.wasConnected = true }
            return state.wasConnected
        }
    }

    func set(_ failure: RedisError) {
        state.withLock { $0.failure = failure }
    }
}
