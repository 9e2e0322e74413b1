public import Foundation
import Synchronization

/// A clock that stands still until a test moves it. Who sleeps wakes when it has been moved far enough.
public final class TestClock: Sendable {
    private struct Sleeper {
        let duration: Duration
        let end: Duration
        let continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var elapsed = Duration.zero
        var sleepers: [UInt64: Sleeper] = [:]
        var nextID: UInt64 = 0
    }

    /// What the clock says at first, in seconds since 1970.
    public static let start = 1_800_000_000.0

    private let state = Mutex(State())

    public init() {}

    public var now: Date { Date(timeIntervalSince1970: Self.start + elapsed / .seconds(1)) }

    public var elapsed: Duration { state.withLock(\.elapsed) }

    /// How many sleep.
    public var sleepers: Int { state.withLock { $0.sleepers.count } }

    /// How many sleep for this long.
    public func sleepers(for duration: Duration) -> Int {
        state.withLock { $0.sleepers.values.count { $0.duration == duration } }
    }

    public func advance(by duration: Duration) {
        let awake = state.withLock { state in
            state.elapsed += duration
            let elapsed = state.elapsed
            let ids = state.sleepers.filter { $0.value.end <= elapsed }.keys
            return ids.compactMap { state.sleepers.removeValue(forKey: $0) }
        }
        for sleeper in awake { sleeper.continuation.resume() }
    }

    public func sleep(_ duration: Duration) async throws {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let isCancelled = state.withLock { state in
                    guard !Task.isCancelled else { return true }
                    state.sleepers[id] = Sleeper(
                        duration: duration, end: state.elapsed + duration, continuation: continuation)
                    return false
                }
                if isCancelled { continuation.resume(throwing: CancellationError()) }
            }
        } onCancel: {
            state.withLock { $0.sleepers.removeValue(forKey: id) }?.continuation.resume(throwing: CancellationError())
        }
    }
}

/// Lets other tasks run until something is so. A test that waits in vain is ended by its time limit.
public func until(_ condition: () -> Bool) async throws {
    while !condition() {
        // Not at once again: the tests beside this one need the threads.
        try await Task.sleep(for: .milliseconds(1))
    }
}
