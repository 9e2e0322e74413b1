import Caching
import NIOCore
import Observability

extension RequestSteps {
    /// Reads through the cache, and notes it.
    func reading(
        _ read: nonisolated(nonsending) () async throws -> CacheAnswer
    ) async rethrows -> CacheAnswer {
        let start = ContinuousClock.now
        let answer = try await read()
        note(answer.step, from: start)
        return answer
    }

    /// Works with the database, and notes it.
    func database<Value>(_ work: nonisolated(nonsending) () async throws -> Value) async rethrows -> Value {
        let start = ContinuousClock.now
        defer { note(.database, from: start) }
        return try await work()
    }
}

extension CacheAnswer {
    /// What a trace says of it.
    var step: RequestStep.Kind {
        .cache(
            source: source.rawValue, staleness: staleness?.rawValue, bytes: entry.body.readableBytes, loading: loading)
    }
}
