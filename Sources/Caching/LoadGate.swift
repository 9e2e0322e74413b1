import Synchronization

/// Bounds how much work goes to the source at a time: some loads run, some wait, the rest are turned away at once.
final class LoadGate: Sendable {
    private struct State {
        var running = 0
        var answered = 0
        var nextID: UInt64 = 0
        /// In order of arrival.
        var waiters: [(id: UInt64, continuation: CheckedContinuation<Void, any Error>)] = []
    }

    private let state = Mutex(State())
    private let limit: Int
    private let queueLimit: Int

    init(limit: Int, queueLimit: Int) {
        self.limit = limit
        self.queueLimit = queueLimit
    }

    /// How many loads the source has answered.
    var answered: Int { state.withLock(\.answered) }

    var waiting: Int { state.withLock(\.waiters.count) }

    /// - Throws: ``CacheError/overloaded`` if too many wait already, `CancellationError`, or what `work` throws.
    func run<Value: Sendable>(_ work: () async throws -> Value) async throws -> Value {
        try await enter()
        defer { leave() }
        let value = try await work()
        state.withLock { $0.answered += 1 }
        return value
    }

    private func enter() async throws {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let answer = state.withLock { state -> Result<Void, any Error>? in
                    if Task.isCancelled { return .failure(CancellationError()) }
                    if state.running < limit {
                        state.running += 1
                        return .success(())
                    }
                    guard state.waiters.count < queueLimit else { return .failure(CacheError.overloaded) }
                    state.waiters.append((id, continuation))
                    return nil
                }
                if let answer { continuation.resume(with: answer) }
            }
        } onCancel: {
            let waiter = state.withLock { state in
                state.waiters.firstIndex { $0.id == id }.map { state.waiters.remove(at: $0) }
            }
            waiter?.continuation.resume(throwing: CancellationError())
        }
    }

    private func leave() {
        let next = state.withLock { state -> CheckedContinuation<Void, any Error>? in
            if state.waiters.isEmpty {
                state.running -= 1
                return nil
            }
            // The place passes on.
            return state.waiters.removeFirst().continuation
        }
        next?.resume()
    }
}

/// Why a cache has no answer.
public enum CacheError: Error, Sendable, Hashable {
    /// More loads wait for the source than are allowed.
    case overloaded
    /// The source can't be asked, and there is nothing stale that may be served instead.
    case sourceUnavailable(reason: String)
}
