internal import NIOCore
internal import Synchronization

/// One call of `send` or `pipeline` on its way.
///
/// Whoever comes first completes it: the reply, the deadline, the end of the connection or cancellation; the others then
/// find nobody waiting.
final class Request: Sendable {
    enum Payload {
        case one(RedisCommand)
        case many([RedisCommand])
    }

    private enum Waiter {
        case none
        case one(CheckedContinuation<Result<RedisValue, RedisError>, Never>)
        case many(CheckedContinuation<[Result<RedisValue, RedisError>], Never>)
        case finished
    }

    let payload: Payload
    let count: Int
    let bytes: Int
    let deadline: NIODeadline
    /// When a connection that still owes the reply is to be given up.
    let lostAt: NIODeadline
    private let waiter = Mutex(Waiter.none)

    init(_ payload: Payload, timeout: Duration, now: NIODeadline = .now()) {
        self.payload = payload
        switch payload {
        case .one(let command):
            count = 1
            bytes = command.encoded.readableBytes
        case .many(let commands):
            count = commands.count
            bytes = commands.reduce(0) { $0 + $1.encoded.readableBytes }
        }
        // A year stands for ever, which deadlines can't do.
        let timeout = max(.zero, min(timeout, .seconds(365 * 86400)))
        deadline = now + TimeAmount(timeout)
        lostAt = now + TimeAmount(max(.seconds(1), timeout * 10))
    }

    /// - Returns: Whether to go on; false if it was cancelled before, of which `continuation` has been told.
    func wait(_ continuation: CheckedContinuation<Result<RedisValue, RedisError>, Never>) -> Bool {
        if begin(.one(continuation)) { return true }
        continuation.resume(returning: .failure(.cancelled))
        return false
    }

    /// - Returns: Whether to go on; false if it was cancelled before, of which `continuation` has been told.
    func wait(_ continuation: CheckedContinuation<[Result<RedisValue, RedisError>], Never>) -> Bool {
        if begin(.many(continuation)) { return true }
        continuation.resume(returning: Array(repeating: .failure(.cancelled), count: count))
        return false
    }

    func succeed(_ reply: RedisValue) {
        switch finish() {
        case .one(let continuation): continuation.resume(returning: reply.result)
        case .many(let continuation): continuation.resume(returning: [reply.result])
        case .none, .finished: break
        }
    }

    func succeed(_ replies: [RedisValue]) {
        if case .many(let continuation) = finish() { continuation.resume(returning: replies.map(\.result)) }
    }

    /// Those of a pipeline that have a reply keep it.
    /// - Returns: Whether someone still waited.
    @discardableResult
    func fail(_ error: RedisError, after replies: [RedisValue] = []) -> Bool {
        switch finish() {
        case .one(let continuation):
            continuation.resume(returning: .failure(error))
        case .many(let continuation):
            let missing = Array(repeating: Result<RedisValue, RedisError>.failure(error), count: count - replies.count)
            continuation.resume(returning: replies.map(\.result) + missing)
        case .none, .finished:
            return false
        }
        return true
    }

    func cancel() { fail(.cancelled) }

    private func begin(_ new: Waiter) -> Bool {
        waiter.withLock { waiter in
            guard case .none = waiter else { return false }
            waiter = new
            return true
        }
    }

    private func finish() -> Waiter {
        waiter.withLock { waiter in
            defer { waiter = .finished }
            return waiter
        }
    }
}

extension RedisError {
    static var cancelled: RedisError { RedisError(.cancelled, "the task was cancelled") }
    static var shutDown: RedisError { RedisError(.shutDown, "the Redis client is shutting down") }
}

extension RedisValue {
    /// An error reply as the failure that it is.
    fileprivate var result: Result<RedisValue, RedisError> {
        if case .error(let error) = self { .failure(RedisError(error)) } else { .success(self) }
    }
}
