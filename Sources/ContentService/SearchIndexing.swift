public import Logging
public import ServiceLifecycle
import Storage
import Synchronization

/// Keeps the search index up to date: after a start and after every change of a text, so that searches need not.
public struct SearchIndexing: Service {
    private let system: ContentSystem
    private let logger: Logger
    private let changes: AsyncStream<Void>

    public init(_ system: ContentSystem, logger: Logger) {
        self.system = system
        self.logger = logger
        let (changes, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        self.changes = changes
        continuation.yield()
        system.hooks.subscribe(to: [.edition]) { _ in continuation.yield() }
    }

    public func run() async throws {
        await cancelWhenGracefulShutdown { [self] in
            for await _ in changes {
                do {
                    while try await !system.database.updateSearchIndex(atMost: SearchIndex.batch) {}
                } catch is CancellationError {
                    return
                } catch {
                    logger.warning("the search index is not up to date", metadata: ["error": "\(error)"])
                }
            }
        }
    }
}
