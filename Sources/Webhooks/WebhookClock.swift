public import Foundation

/// Where deliveries read the time and draw lots; tests bring their own.
public struct WebhookClock: Sendable {
    public let now: @Sendable () -> Date
    public let sleep: @Sendable (Duration) async throws -> Void
    /// 0…1.
    public let random: @Sendable () -> Double

    public init(
        now: @escaping @Sendable () -> Date, sleep: @escaping @Sendable (Duration) async throws -> Void,
        random: @escaping @Sendable () -> Double
    ) {
        self.now = now
        self.sleep = sleep
        self.random = random
    }

    public static let system = WebhookClock(
        now: { .now }, sleep: { try await Task.sleep(for: $0) }, random: { .random(in: 0...1) })
}
