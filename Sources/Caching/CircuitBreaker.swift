import Synchronization

/// Keeps callers away from a dependency that keeps failing: after some failures in a row it opens, and then lets one
/// caller through now and then to see whether the dependency is back.
final class CircuitBreaker: Sendable {
    enum State: String, Sendable {
        case closed, open
        case halfOpen = "half-open"
    }

    private struct Circuit {
        var state = State.closed
        var failures = 0
        /// When the next trial is allowed.
        var reopensAt = CacheInstant(sinceStart: .zero)
    }

    private let circuit = Mutex(Circuit())
    private let clock: CacheClock
    private let threshold: Int
    private let pause: Duration

    /// - Parameters:
    ///   - threshold: failures in a row that open it.
    ///   - pause: time between trials while it is open.
    init(clock: CacheClock, threshold: Int = 5, pause: Duration = .milliseconds(500)) {
        self.clock = clock
        self.threshold = threshold
        self.pause = pause
    }

    /// Whether the last operation failed.
    var isFailing: Bool { circuit.withLock { $0.failures > 0 } }

    var state: State { circuit.withLock(\.state) }

    /// Runs an operation, if it may run.
    ///
    /// - Returns: `nil` if the circuit is open, or the operation failed.
    func attempt<Value: Sendable>(_ operation: () async throws -> Value) async -> Value? {
        guard admits() else { return nil }
        do {
            let value = try await operation()
            succeeded()
            return value
        } catch is CancellationError {
            // Says nothing of the dependency; a trial that was given up is to be made again.
            circuit.withLock { if $0.state == .halfOpen { $0.state = .open } }
            return nil
        } catch {
            failed()
            return nil
        }
    }

    private func admits() -> Bool {
        circuit.withLock { circuit in
            switch circuit.state {
            case .closed: return true
            case .halfOpen: return false
            case .open:
                guard clock.now() >= circuit.reopensAt else { return false }
                circuit.state = .halfOpen
                return true
            }
        }
    }

    private func succeeded() { circuit.withLock { $0 = Circuit() } }

    private func failed() {
        circuit.withLock { circuit in
            circuit.failures += 1
            guard circuit.state == .halfOpen || circuit.failures >= threshold else { return }
            circuit.state = .open
            circuit.reopensAt = clock.now() + pause
        }
    }
}
