import Synchronization

/// Lets one load of a key run at a time: who asks meanwhile waits for it and shares its value.
///
/// The load runs in a task of its own, so that it outlives a first asker who gives up; it is cancelled when nobody waits
/// for it any more.
final class SingleFlight<Value: Sendable>: Sendable {
    private struct Flight {
        let id: UInt64
        let task: Task<Value, any Error>
        var waiters: Int
    }

    private struct State {
        var flights: [CacheKey: Flight] = [:]
        var nextID: UInt64 = 0
    }

    private let state = Mutex(State())

    /// - Returns: the value, and whether another asker's load was joined.
    func value(
        for key: CacheKey, load: @escaping @Sendable () async throws -> Value
    ) async throws -> (value: Value, joined: Bool) {
        let (id, task, joined) = join(key, load: load)
        let value = try await withTaskCancellationHandler {
            try await task.value
        } onCancel: {
            leave(key, id: id)
        }
        return (value, joined)
    }

    private func join(
        _ key: CacheKey, load: @escaping @Sendable () async throws -> Value
    ) -> (id: UInt64, task: Task<Value, any Error>, joined: Bool) {
        state.withLock { state in
            if var flight = state.flights[key] {
                flight.waiters += 1
                state.flights[key] = flight
                return (flight.id, flight.task, true)
            }
            state.nextID += 1
            let id = state.nextID
            let task = Task { [self] in
                defer { land(key, id: id) }
                return try await load()
            }
            state.flights[key] = Flight(id: id, task: task, waiters: 1)
            return (id, task, false)
        }
    }

    private func land(_ key: CacheKey, id: UInt64) {
        state.withLock { state in
            if state.flights[key]?.id == id { state.flights[key] = nil }
        }
    }

    private func leave(_ key: CacheKey, id: UInt64) {
        let abandoned = state.withLock { state -> Task<Value, any Error>? in
            guard var flight = state.flights[key], flight.id == id else { return nil }
            flight.waiters -= 1
            // Whoever asks next must not join a load that is being cancelled.
            state.flights[key] = flight.waiters == 0 ? nil : flight
            return flight.waiters == 0 ? flight.task : nil
        }
        abandoned?.cancel()
    }
}
