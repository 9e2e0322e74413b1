import TestSupport
import Testing

@testable import Caching

@Suite(.timeLimit(.minutes(20))) struct SingleFlightTests {
    private struct LoadError: Error, Equatable {
        let attempt: Int
    }

    private let flights = SingleFlight<String>()
    private let key = things("one")

    @Test func `a thousand who ask at once share one load`() async throws {
        let (gate, loads) = (Gate(), Counter())
        let joined = try await withThrowingTaskGroup(of: Bool.self) { [flights, key] group in
            for _ in 0..<1000 {
                group.addTask {
                    let (value, joined, _) = try await flights.value(for: key) {
                        loads.increment()
                        try await gate.pass()
                        return "value"
                    }
                    #expect(value == "value")
                    return joined
                }
            }
            try await until { flights.waiting(for: key) == 1000 }
            gate.open()
            return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(loads.value == 1)
        #expect(joined == 999)
        #expect(flights.waiting(for: key) == 0)
    }

    @Test func `loads of different keys do not wait for each other`() async throws {
        let gate = Gate()
        let slow = Task { [flights] in
            try await flights.value(for: things("slow")) {
                try await gate.pass()
                return "slow"
            }
        }
        try await until { flights.waiting(for: things("slow")) == 1 }
        #expect(try await flights.value(for: things("quick")) { "quick" }.value == "quick")
        gate.open()
        #expect(try await slow.value.value == "slow")
    }

    @Test func `an error reaches all who wait, and the next asker gets a load of its own`() async throws {
        let (gate, loads) = (Gate(), Counter())
        let load: @Sendable () async throws -> String = {
            let attempt = loads.increment()
            try await gate.pass()
            if attempt == 1 { throw LoadError(attempt: attempt) }
            return "attempt \(attempt)"
        }
        let errors = try await withThrowingTaskGroup(of: LoadError?.self) { [flights, key] group in
            for _ in 0..<100 {
                group.addTask {
                    do {
                        _ = try await flights.value(for: key, load: load)
                        return nil
                    } catch let error as LoadError {
                        return error
                    }
                }
            }
            try await until { flights.waiting(for: key) == 100 }
            gate.open()
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(errors == Array(repeating: LoadError(attempt: 1), count: 100))
        #expect(try await flights.value(for: key, load: load).value == "attempt 2")
    }

    @Test func `a first asker who gives up is let go at once and the others get the value`() async throws {
        let (gate, loads) = (Gate(), Counter())
        let ask: @Sendable () async throws -> String = { [flights, key] in
            try await flights.value(for: key) {
                loads.increment()
                try await gate.pass()
                return "value"
            }.value
        }
        let first = Task { try await ask() }
        try await until { flights.waiting(for: key) == 1 }
        let second = Task { try await ask() }
        try await until { flights.waiting(for: key) == 2 }
        first.cancel()
        // The gate is still closed: only the cancellation can end this.
        await #expect(throws: CancellationError.self) { try await first.value }
        #expect(flights.waiting(for: key) == 1)
        gate.open()
        #expect(try await second.value == "value")
        #expect(loads.value == 1)
    }

    @Test func `a load that nobody waits for any more is cancelled`() async throws {
        let (gate, cancelled) = (Gate(), Gate())
        let ask: @Sendable () async throws -> String = { [flights, key] in
            try await flights.value(for: key) {
                do {
                    try await gate.pass()
                } catch {
                    cancelled.open()
                    throw error
                }
                return "value"
            }.value
        }
        let askers = [Task { try await ask() }, Task { try await ask() }]
        try await until { flights.waiting(for: key) == 2 }
        for asker in askers { asker.cancel() }
        for asker in askers { await #expect(throws: CancellationError.self) { try await asker.value } }
        try await cancelled.pass()
    }

    @Test func `who asks after all gave up gets a fresh load, whatever becomes of the old one`() async throws {
        let (old, new, oldLanded) = (Gate(), Gate(), Gate())
        let given = Task { [flights, key] in
            try await flights.value(for: key) {
                // A load that does not notice that it is cancelled.
                await Task { try? await old.pass() }.value
                oldLanded.open()
                return "old"
            }.value
        }
        try await until { flights.waiting(for: key) == 1 }
        given.cancel()
        await #expect(throws: CancellationError.self) { try await given.value }
        let late = Task { [flights, key] in
            try await flights.value(for: key) {
                try await new.pass()
                return "new"
            }
        }
        try await until { flights.waiting(for: key) == 1 }
        old.open()
        try await oldLanded.pass()
        for _ in 0..<100 { await Task.yield() }
        #expect(flights.waiting(for: key) == 1)
        new.open()
        let (value, joined, _) = try await late.value
        #expect(value == "new")
        #expect(!joined)
    }

    @Test func `who had given up before asking gets nothing`() async throws {
        let (started, gate) = (Gate(), Gate())
        let asker = Task { [flights, key] in
            try? await started.pass()
            return try await flights.value(for: key) {
                try await gate.pass()
                return "value"
            }
        }
        asker.cancel()
        await #expect(throws: CancellationError.self) { try await asker.value }
        #expect(flights.waiting(for: key) == 0)
    }

    @Test func `askers who come and go at random all get an answer`() async throws {
        let loads = Counter()
        try await withThrowingTaskGroup(of: Void.self) { [flights] group in
            for number in 0..<2000 {
                group.addTask {
                    let key = things("\(number % 5)")
                    let asker = Task {
                        try await flights.value(for: key) {
                            loads.increment()
                            for _ in 0..<(number % 7) { await Task.yield() }
                            try Task.checkCancellation()
                            return "\(number % 5)"
                        }.value
                    }
                    if number % 3 == 0 { asker.cancel() }
                    switch await asker.result {
                    case .success(let value): #expect(value == "\(number % 5)")
                    // Only who was cancelled may be told so: a load is cancelled only when nobody waits.
                    case .failure(let error): #expect(error is CancellationError && number % 3 == 0)
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(loads.value >= 5)
        for number in 0..<5 { #expect(flights.waiting(for: things("\(number)")) == 0) }
    }
}
