public import Logging
public import ServiceLifecycle
import Synchronization

/// Keeps a version map true: polls the feed at an interval, and at once when it is kicked.
///
/// A kick is only a hint. At most one poll is under way; kicks that come meanwhile are one kick for the next. Losing every
/// kick costs an interval, not correctness.
public final class VersionPoller: Service {
    private struct State {
        var isKicked = false
        var sleeper: CheckedContinuation<Void, Never>?
        var alarm: Task<Void, Never>?
        /// Who waits for a poll that starts from now on.
        var waiters: [UInt64: Waiter] = [:]
        var nextID: UInt64 = 0
        var history: String?
        /// Whether the last poll failed.
        var isFailing = false
    }

    private struct Waiter {
        let continuation: CheckedContinuation<Bool, Never>
        var alarm: Task<Void, Never>?

        func resume(returning isConfirmed: Bool) {
            alarm?.cancel()
            continuation.resume(returning: isConfirmed)
        }
    }

    private let feed: any VersionFeed
    private let map: VersionMap
    private let interval: Duration
    private let clock: CacheClock
    private let logger: Logger
    private let onChange: @Sendable (VersionChange) -> Void
    private let state = Mutex(State())

    /// - Parameters:
    ///   - interval: between polls.
    ///   - onChange: called for every poll that found a change, before anyone is told that the map is confirmed.
    public init(
        feed: any VersionFeed, map: VersionMap, interval: Duration = .milliseconds(250), clock: CacheClock,
        logger: Logger, onChange: @escaping @Sendable (VersionChange) -> Void
    ) {
        self.feed = feed
        self.map = map
        self.interval = interval
        self.clock = clock
        self.logger = logger
        self.onChange = onChange
    }

    /// Polls until the task is cancelled or the group shuts down.
    public func run() async throws {
        await cancelWhenGracefulShutdown { [self] in
            while !Task.isCancelled {
                await poll()
                await pause()
            }
        }
    }

    /// Asks for a poll now.
    public func kick() {
        let (sleeper, alarm) = state.withLock { state in
            defer { (state.sleeper, state.alarm) = (nil, nil) }
            if state.sleeper == nil { state.isKicked = true }
            return (state.sleeper, state.alarm)
        }
        alarm?.cancel()
        sleeper?.resume()
    }

    /// Waits for a poll that starts after this call.
    ///
    /// - Parameter limit: how long to wait. While polls fail nobody waits: the answer is no at once.
    /// - Returns: whether there was one and the map is confirmed by it.
    public func confirm(within limit: Duration) async -> Bool {
        let id = state.withLock { state -> UInt64? in
            guard !state.isFailing else { return nil }
            state.nextID += 1
            return state.nextID
        }
        guard let id else { return false }
        return await withCheckedContinuation { continuation in
            state.withLock { $0.waiters[id] = Waiter(continuation: continuation) }
            // Set when there is somebody to wake, however long this thread was held up.
            let alarm = Task { [self, clock] in
                do { try await clock.sleep(limit) } catch { return }
                state.withLock { $0.waiters.removeValue(forKey: id) }?.resume(returning: false)
            }
            let waits = state.withLock { state in
                state.waiters[id]?.alarm = alarm
                return state.waiters[id] != nil
            }
            if !waits { alarm.cancel() }
            kick()
        }
    }

    /// One poll. Only called by ``run()``, and by whoever needs the map before the service runs.
    @discardableResult
    public func poll() async -> Bool {
        // Who waits stays in the state until the end, so that they can give up meanwhile.
        let newest = state.withLock { state in
            state.isKicked = false
            return state.nextID
        }
        let start = clock.now()
        var isConfirmed = false
        do {
            try await poll(startedAt: start)
            isConfirmed = true
        } catch {
            logger.debug("feed unconfirmed", metadata: ["error": "\(error)"])
        }
        let waiters = state.withLock { state in
            state.isFailing = !isConfirmed
            return state.waiters.keys.filter { $0 <= newest }.compactMap { state.waiters.removeValue(forKey: $0) }
        }
        for waiter in waiters { waiter.resume(returning: isConfirmed) }
        return isConfirmed
    }

    private func poll(startedAt start: CacheInstant) async throws {
        let history = state.withLock(\.history)
        let known = map.known
        var batch = try await feed.changes(since: map.position)
        if history != nil, batch.history != history {
            logger.notice("the store was restarted; reading all versions again")
            batch = try await feed.changes(since: nil)
        }
        state.withLock { $0.history = batch.history }
        if let changes = map.apply(batch, notBehind: known, startedAt: start) {
            if !changes.news.isEmpty || !changes.overtaken.isEmpty {
                onChange(.tags(changes.news, overtaken: changes.overtaken))
            }
            return
        }
        // A version or the position went back: a failover lost commits, or a backup was restored. What was cached in the
        // lost history can't be told from what is current, so everything is outdated, for every instance.
        logger.warning("the store's history went back; everything cached is outdated")
        let newest = map.version(of: .all) ?? .zero
        try await feed.bump([.all], toAtLeast: CacheVersion(newest.value + 1))
        map.reset(to: try await feed.changes(since: nil), startedAt: start)
        onChange(.everything)
    }

    private func pause() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let goesOn = state.withLock { state in
                    guard !state.isKicked, !Task.isCancelled else { return true }
                    state.sleeper = continuation
                    state.alarm = Task { [self, clock, interval] in
                        do { try await clock.sleep(interval) } catch { return }
                        kick()
                    }
                    return false
                }
                if goesOn { continuation.resume() }
            }
        } onCancel: {
            kick()
        }
    }
}

/// What a poll found to have changed.
public enum VersionChange: Sendable, Hashable {
    /// - `overtaken`: more tags that changed, which this instance knew of already, since it wrote or loaded them. What it
    ///   has cached since is current.
    case tags(Set<CacheTag>, overtaken: Set<CacheTag>)
    /// The store's history went back, or was replaced.
    case everything
}
