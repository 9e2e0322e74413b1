import Synchronization

/// Lets one load of a key run at a time: who asks meanwhile waits for it and shares its value.
///
/// The load runs in a task of its own, so that it outlives a first asker who gives up; it is cancelled when nobody waits
/// for it any more. Who gives up does not wait for the load to notice.
final class SingleFlight<Value: Sendable>: Sendable {
    /// A point in the order of loads and askers.
    struct Ticket: Comparable, Sendable {
        fileprivate let number: UInt64

        static func < (a: Self, b: Self) -> Bool { a.number < b.number }
    }

    typealias Landing = (value: Value, joined: Bool, started: Ticket)

    private struct Waiter {
        let continuation: CheckedContinuation<Landing, any Error>
        /// Whether the load was another asker's.
        let joined: Bool
    }

    private struct Flight {
        let id: UInt64
        let task: Task<Void, Never>
        var waiters: [UInt64: Waiter]
    }

    private struct State {
        var flights: [CacheKey: Flight] = [:]
        var nextID: UInt64 = 0

        mutating func newID() -> UInt64 {
            nextID += 1
            return nextID
        }
    }

    private let state = Mutex(State())

    /// Now, in the order of loads: those that start later than this have a greater ticket.
    var now: Ticket { state.withLock { Ticket(number: $0.nextID) } }

    /// - Returns: the value, whether another asker's load was joined, and when that load started.
    /// - Throws: what `load` throws, or `CancellationError` as soon as the asker's own task is cancelled.
    func value(
        for key: CacheKey, load: @escaping @Sendable () async throws -> Value
    ) async throws -> Landing {
        let id = state.withLock { $0.newID() }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                join(key, as: id, continuation, load: load)
                // Cancelled before there was anything to leave.
                if Task.isCancelled { leave(key, id) }
            }
        } onCancel: {
            leave(key, id)
        }
    }

    /// How many wait for a key.
    func waiting(for key: CacheKey) -> Int { state.withLock { $0.flights[key]?.waiters.count ?? 0 } }

    private func join(
        _ key: CacheKey, as waiter: UInt64, _ continuation: CheckedContinuation<Landing, any Error>,
        load: @escaping @Sendable () async throws -> Value
    ) {
        state.withLock { state in
            if state.flights[key] != nil {
                state.flights[key]?.waiters[waiter] = Waiter(continuation: continuation, joined: true)
                return
            }
            let id = state.newID()
            let task = Task { [self] in
                let result: Result<Value, any Error>
                do { result = .success(try await load()) } catch { result = .failure(error) }
                land(key, id, result)
            }
            let first = Waiter(continuation: continuation, joined: false)
            state.flights[key] = Flight(id: id, task: task, waiters: [waiter: first])
        }
    }

    private func land(_ key: CacheKey, _ id: UInt64, _ result: Result<Value, any Error>) {
        let landed = state.withLock { state in
            state.flights[key]?.id == id ? state.flights.removeValue(forKey: key) : nil
        }
        for waiter in (landed?.waiters ?? [:]).values {
            waiter.continuation.resume(with: result.map { ($0, waiter.joined, Ticket(number: id)) })
        }
    }

    private func leave(_ key: CacheKey, _ waiter: UInt64) {
        let (left, abandoned) = state.withLock { state -> (Waiter?, Task<Void, Never>?) in
            guard let left = state.flights[key]?.waiters.removeValue(forKey: waiter) else { return (nil, nil) }
            guard let flight = state.flights[key], flight.waiters.isEmpty else { return (left, nil) }
            // Whoever asks next must not join a load that is being cancelled.
            state.flights[key] = nil
            return (left, flight.task)
        }
        abandoned?.cancel()
        left?.continuation.resume(throwing: CancellationError())
    }
}
