public import Foundation
public import Logging
public import ServiceLifecycle
import Synchronization

/// What all instances' caches did together, counted in the shared tier: a few numbers for each day, which every instance
/// adds to in one write now and then.
///
/// They are statistics, no accounts: what an instance counted since its last write is lost if it is killed, and a write
/// whose answer was lost is made again.
public final class SharedStatistics: Service {
    private let cache: CacheManager
    private let interval: Duration
    private let logger: Logger
    /// What was written already.
    private let written = Mutex<[CacheNamespace: CacheStatistics.Counters]>([:])

    private static let separator: Character = "/"

    /// - Parameter interval: between writes.
    public init(of cache: CacheManager, interval: Duration = .seconds(10), logger: Logger) {
        self.cache = cache
        self.interval = interval
        self.logger = logger
    }

    /// Writes until the task is cancelled or the group shuts down, and then once more.
    public func run() async throws {
        await cancelWhenGracefulShutdown { [self] in
            while !Task.isCancelled {
                do { try await cache.clock.sleep(interval) } catch { break }
                await flush()
            }
        }
        // In a task of its own, as this one may be cancelled.
        _ = await Task { await flush() }.value
    }

    /// Adds what happened since the last time to the shared numbers; nothing is asked if nothing happened.
    ///
    /// - Returns: whether they hold it now.
    @discardableResult
    public func flush() async -> Bool {
        guard let shared = cache.shared else { return false }
        let counted = cache.recorder.byNamespace
        let before = written.withLock { $0 }
        var amounts: [String: Int] = [:]
        for (namespace, counters) in counted {
            let new = counters - (before[namespace] ?? .init())
            for event in CacheEvent.allCases where new[event] != 0 {
                amounts["\(namespace.name)\(Self.separator)\(event.rawValue)"] = new[event]
            }
        }
        guard !amounts.isEmpty else { return true }
        guard await shared.add(amounts, to: key(of: today), expiresIn: .seconds(8 * 24 * 3600)) else {
            logger.debug("statistics not written; they are added next time")
            return false
        }
        written.withLock { $0 = counted }
        return true
    }

    /// The numbers of one day (by default today), in UTC, by the names of the namespaces.
    ///
    /// - Returns: `nil` if the shared tier can't be asked.
    public func counters(on day: Date? = nil) async -> [String: CacheStatistics.Counters]? {
        guard let amounts = await cache.shared?.counters(under: key(of: day ?? today)) else { return nil }
        var counters: [String: CacheStatistics.Counters] = [:]
        for (field, amount) in amounts {
            guard let split = field.lastIndex(of: Self.separator),
                let event = CacheEvent(rawValue: String(field[field.index(after: split)...]))
            else { continue }
            counters[String(field[..<split]), default: .init()][event] = amount
        }
        return counters
    }

    /// The part of all instances' answers on one day that needed no load, 0…1.
    ///
    /// - Returns: `nil` if there were none, or the shared tier can't be asked.
    public func hitRatio(on day: Date? = nil) async -> Double? {
        await counters(on: day)?.values.reduce(CacheStatistics.Counters(), +).hitRatio
    }

    private var today: Date { Date(timeIntervalSince1970: Double(cache.clock.wallTime()) / 1000) }

    private func key(of day: Date) -> String {
        "\(CacheKey.notesPrefix)statistics:\(day.formatted(.iso8601.year().month().day()))"
    }
}
