import Foundation
public import Logging
public import ServiceLifecycle

/// Forgets, once a day, what is remembered of users only for a while. Several instances may do it: it is done again then,
/// and nothing is left to do.
public struct UserRecordCleaning: Service {
    private let records: UserRecords
    private let interval: Duration
    private let logger: Logger

    public init(_ records: UserRecords, interval: Duration = .seconds(86400), logger: Logger) {
        self.records = records
        self.interval = interval
        self.logger = logger
    }

    public func run() async throws {
        await cancelWhenGracefulShutdown { [self] in
            while !Task.isCancelled {
                do {
                    try await records.forget(now: .now)
                } catch is CancellationError {
                    return
                } catch {
                    logger.warning("what is old was not forgotten", metadata: ["error": "\(error)"])
                }
                do { try await Task.sleep(for: interval) } catch { return }
            }
        }
    }
}
