import Foundation
public import Logging
public import ServiceLifecycle

/// Forgets, now and then, what is remembered of users only for a while. Several instances may do it: it is done again then,
/// and nothing is left to do.
public struct UserRecordCleaning: Service {
    private let records: UserRecords
    private let interval: Duration
    private let logger: Logger

    public init(_ records: UserRecords, interval: Duration = .seconds(6 * 3600), logger: Logger) {
        self.records = records
        self.interval = interval
        self.logger = logger
    }

    public func run() async throws {
        await cancelWhenGracefulShutdown { [self] in
            // Not at once: a start has other things to do.
            var pause = Duration.seconds(300)
            while !Task.isCancelled {
                do { try await Task.sleep(for: pause) } catch { return }
                pause = interval
                do {
                    try await records.forget(now: .now)
                } catch is CancellationError {
                    return
                } catch {
                    logger.warning("what is old was not forgotten", metadata: ["error": "\(error)"])
                }
            }
        }
    }
}
