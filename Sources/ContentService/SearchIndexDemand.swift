import Synchronization

/// Who waits for the search index to be up to date, and what wakes whoever sees to that.
final class SearchIndexDemand: Sendable {
    private struct State {
        var waiters: [UInt64: Waiter] = [:]
        var nextID: UInt64 = 0
    }

    private struct Waiter {
        let continuation: CheckedContinuation<Void, Never>
        let alarm: Task<Void, Never>

        func resume() {
            alarm.cancel()
            continuation.resume()
        }
    }

    let calls: AsyncStream<Void>
    private let caller: AsyncStream<Void>.Continuation
    private let state = Mutex(State())

    init() { (calls, caller) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1)) }

    func wake() { caller.yield() }

    /// Wakes everyone who waits.
    func satisfy() {
        let waiters = state.withLock { state in
            defer { state.waiters = [:] }
            return state.waiters
        }
        for waiter in waiters.values { waiter.resume() }
    }

    /// Waits until the index was up to date, or for some time, or until the task is cancelled.
    func wait(atMost limit: Duration) async {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        let release: @Sendable () -> Void = { [self] in
            state.withLock { $0.waiters.removeValue(forKey: id) }?.resume()
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                state.withLock { state in
                    let alarm = Task {
                        do { try await Task.sleep(for: limit) } catch { return }
                        release()
                    }
                    state.waiters[id] = Waiter(continuation: continuation, alarm: alarm)
                }
                if Task.isCancelled { release() } else { wake() }
            }
        } onCancel: {
            release()
        }
    }
}
