import Synchronization

/// Asks how a service is, once for all who want to know at a time: whoever asks often does not keep the database busy.
public final class HealthCheck: Sendable {
    private struct State {
        /// Who asks, or asked last.
        var asking: Task<ContentHealth, Never>?
        /// `nil` while there is no answer.
        var answeredAt: ContinuousClock.Instant?
    }

    /// How old an answer may be.
    private static let lifetime = Duration.seconds(1)

    private let content: ContentService
    private let state = Mutex(State())

    public init(of content: ContentService) { self.content = content }

    /// How it is now, or was within the last second.
    public func health() async -> ContentHealth {
        let now = ContinuousClock.now
        let asking = state.withLock { state -> Task<ContentHealth, Never> in
            if let asking = state.asking, state.answeredAt.map({ now - $0 < Self.lifetime }) ?? true { return asking }
            state.answeredAt = nil
            let asking = Task { [content] in
                let health = await content.health()
                self.state.withLock { $0.answeredAt = .now }
                return health
            }
            state.asking = asking
            return asking
        }
        return await asking.value
    }
}
