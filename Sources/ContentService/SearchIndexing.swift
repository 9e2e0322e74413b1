public import Logging
public import ServiceLifecycle
import Storage

/// Keeps the search index up to date: after a start, after every change of a text that this instance hears of, and after every
/// other within a second. It is the only one of an instance that does; searches wait for it.
public struct SearchIndexing: Service {
    private let system: ContentSystem
    private let logger: Logger
    private let demand: SearchIndexDemand
    private let interval: Duration

    /// After an error, before another try.
    private static let retryPause = Duration.seconds(1)
    /// The longest rest between two batches, in which other processes may write; otherwise it is as long as the batch took.
    private static let longestRest = Duration.milliseconds(50)

    /// - Parameter interval: between looks whether there is something to do.
    public init(_ system: ContentSystem, interval: Duration = .seconds(1), logger: Logger) {
        self.system = system
        self.interval = interval
        self.logger = logger
        let demand = system.service.indexDemand
        self.demand = demand
        demand.wake()
        system.hooks.subscribe(to: [.edition]) { _ in demand.wake() }
    }

    public func run() async throws {
        await cancelWhenGracefulShutdown { [self] in
            await withDiscardingTaskGroup { group in
                group.addTask { await look() }
                group.addTask { for await _ in demand.calls { await update() } }
            }
        }
    }

    private func look() async {
        while !Task.isCancelled {
            do {
                try await Task.sleep(for: interval)
                if try await system.database.searchIndexNeedsUpdate() { demand.wake() }
            } catch {
                logger.debug("the search index can't be looked at", metadata: ["error": "\(error)"])
            }
        }
    }

    private func update() async {
        var limit = SearchIndex.batch
        while !Task.isCancelled {
            let start = ContinuousClock.now
            var pause = Self.retryPause
            do {
                let progress = try await system.database.updateSearchIndex(atMost: limit)
                for text in progress.leftOut {
                    logger.error("the store does not index a text", metadata: ["text": "\(text)"])
                }
                if progress.isDone { return demand.satisfy() }
                limit = min(limit * 2, SearchIndex.batch)
                pause = min(.now - start, Self.longestRest)
            } catch is CancellationError {
                return
            } catch {
                // Long texts may take too long together.
                limit = max(limit / 2, 1)
                logger.warning("the search index is not up to date", metadata: ["error": "\(error)"])
            }
            do { try await Task.sleep(for: pause) } catch { return }
        }
    }
}
