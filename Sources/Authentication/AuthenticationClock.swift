public import Foundation

/// Where this module reads the time; tests bring their own.
public struct AuthenticationClock: Sendable {
    /// The date that `exp` and `nbf` are compared with.
    public let now: @Sendable () -> Date
    /// Time that never jumps: what intervals between reads of the keys are counted on.
    public let sinceStart: @Sendable () -> Duration
    public let sleep: @Sendable (Duration) async throws -> Void

    public init(
        now: @escaping @Sendable () -> Date, sinceStart: @escaping @Sendable () -> Duration,
        sleep: @escaping @Sendable (Duration) async throws -> Void
    ) {
        self.now = now
        self.sinceStart = sinceStart
        self.sleep = sleep
    }

    /// The machine's clocks.
    public static func system() -> AuthenticationClock {
        let start = ContinuousClock.now
        return AuthenticationClock(
            now: { Date.now }, sinceStart: { ContinuousClock.now - start }, sleep: { try await Task.sleep(for: $0) })
    }
}
