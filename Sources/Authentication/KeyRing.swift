import Logging
import ServiceLifecycle
import Synchronization

/// Holds the keys and keeps them true to their source. The last good ones stay while the source can't be read.
final class KeyRing: Sendable {
    /// A key set and the number of the change that brought it, from 1.
    struct Snapshot: Sendable {
        let keys: KeySet
        let generation: Int
    }

    private enum Source: Sendable {
        case secret
        case file(JWKSFile)
        case url(JWKSDownload, interval: Duration)
    }

    private struct State {
        var snapshot: Snapshot?
        /// The read that is under way. There is never another.
        var flight: Task<Void, Never>?
        /// When the last read on demand began. Reads at the interval are not counted.
        var demanded: Duration?
        var version: OpenFile.Version?
        var isFailing = false
        /// Whether the service has ended. Nothing is read any more.
        var isStopped = false

        /// Whether the last read on demand was an interval ago; notes that there is one now.
        mutating func isDue(at now: Duration, interval: Duration) -> Bool {
            if let demanded, now - demanded < interval { return false }
            demanded = now
            return true
        }
    }

    /// The least time between two looks at a file.
    static let fileInterval = Duration.seconds(1)
    /// The least time between two fetches that tokens with an unknown key bring about, and between tries while the
    /// server fails: strangers can't make this server ask more often.
    static let demandInterval = Duration.seconds(10)

    private let source: Source
    private let clock: AuthenticationClock
    private let logger: Logger
    private let state: Mutex<State>

    /// Reads the keys of a file; those of an address are fetched by ``run()``, or by the first who asks.
    ///
    /// - Throws: ``AuthenticationError`` (`invalidConfiguration`), also if a file has no key that can be used.
    init(_ source: KeySource, clock: AuthenticationClock, logger: Logger) async throws(AuthenticationError) {
        self.clock = clock
        self.logger = logger
        var state = State()
        switch source {
        case .secret(let secret):
            self.source = .secret
            do {
                state.snapshot = Snapshot(keys: try await KeySet(secret), generation: 1)
            } catch {
                throw AuthenticationError(.invalidConfiguration, "the secret of tokens can't be used")
            }
        case .jwksFile(let url):
            let file = JWKSFile(url)
            self.source = .file(file)
            do throws(AuthenticationError) {
                guard let (bytes, version) = try await file.read(unless: nil) else { break }
                let keys = try await KeySet.published(bytes)
                guard keys.count > 0 else {
                    throw AuthenticationError(
                        .keysUnavailable,
                        "it has no key that can be used (\(keys.passedOver.joined(separator: "; ")))")
                }
                state.snapshot = Snapshot(keys: keys, generation: 1)
                state.version = version
                state.demanded = clock.sinceStart()
            } catch {
                throw AuthenticationError(.invalidConfiguration, "the key set \(file.path): \(error.message)")
            }
        case .jwksURL(let url, let interval):
            guard Self.demandInterval...Duration.seconds(86400) ~= interval else {
                throw AuthenticationError(.invalidConfiguration, "the key set must be read every 10 to 86400 seconds")
            }
            self.source = .url(try JWKSDownload(url, clock: clock), interval: interval)
        }
        self.state = Mutex(state)
        if case .file = self.source { log(state.snapshot?.keys) }
    }

    /// The keys, after a look at the file if the last was a second ago.
    ///
    /// - Throws: ``AuthenticationError`` (`keysUnavailable`) if none were ever read.
    func current() async throws(AuthenticationError) -> Snapshot {
        switch source {
        case .secret: break
        case .file: await refresh { [clock] in $0.isDue(at: clock.sinceStart(), interval: Self.fileInterval) }
        case .url:
            if let snapshot = state.withLock(\.snapshot) { return snapshot }
            await refreshOnDemand()
        }
        guard let snapshot = state.withLock(\.snapshot) else { throw Self.unavailable }
        return snapshot
    }

    /// The keys after a fetch, unless the last one on demand was a short time ago.
    ///
    /// - Returns: newer keys than `known`, or `nil` if there are none.
    /// - Throws: ``AuthenticationError`` (`keysUnavailable`) if there may be newer ones that can't be read.
    func newer(than known: Snapshot) async throws(AuthenticationError) -> Snapshot? {
        if case .url = source { await refreshOnDemand() }
        let (snapshot, isFailing) = state.withLock { ($0.snapshot, $0.isFailing) }
        if let snapshot, snapshot.generation != known.generation { return snapshot }
        if isFailing { throw Self.unavailable }
        return nil
    }

    /// Fetches at the interval until the task is cancelled or the group shuts down.
    func run() async throws {
        guard case .url(_, let interval) = source else { return try await gracefulShutdown() }
        await cancelWhenGracefulShutdown { [self] in
            await withTaskCancellationHandler {
                while !Task.isCancelled {
                    await refresh { _ in true }
                    let isFailing = state.withLock(\.isFailing)
                    do { try await clock.sleep(isFailing ? Self.demandInterval : interval) } catch { break }
                }
            } onCancel: {
                stop()
            }
        }
    }

    /// Ends the read that is under way, and lets none begin.
    private func stop() {
        let flight = state.withLock { state in
            state.isStopped = true
            return state.flight
        }
        flight?.cancel()
    }

    private static var unavailable: AuthenticationError {
        AuthenticationError(.keysUnavailable, "the keys that tokens are checked with cannot be read at the moment")
    }

    private func refreshOnDemand() async {
        await refresh { [clock] in $0.isDue(at: clock.sinceStart(), interval: Self.demandInterval) }
    }

    /// Joins the read that is under way, or begins one if it is due. Who waits and is cancelled doesn't end it for others.
    private func refresh(if isDue: (inout State) -> Bool) async {
        let flight = state.withLock { state -> Task<Void, Never>? in
            if let flight = state.flight { return flight }
            guard !state.isStopped, isDue(&state) else { return nil }
            let flight = Task { [self] in await load() }
            state.flight = flight
            return flight
        }
        await flight?.value
    }

    private func load() async {
        do throws(AuthenticationError) {
            let read: (bytes: [UInt8], version: OpenFile.Version?)?
            switch source {
            case .secret: read = nil
            case .file(let file): read = try await file.read(unless: state.withLock(\.version))
            case .url(let download, _): read = (try await download.read(), nil)
            }
            var keys: KeySet?
            if let read { keys = try await .published(read.bytes) }
            finish(keys, version: read?.version)
        } catch {
            let isNew = state.withLock { state in
                defer { (state.isFailing, state.flight) = (true, nil) }
                return !state.isFailing && !state.isStopped
            }
            logger.log(
                level: isNew ? .warning : .debug, "the key set cannot be read; the last good keys stay",
                metadata: ["source": "\(name)", "reason": "\(error.message)"])
        }
    }

    /// - Parameter keys: `nil` if the source has not changed.
    private func finish(_ keys: KeySet?, version: OpenFile.Version?) {
        let (isChanged, wasFailing) = state.withLock { state in
            defer { (state.isFailing, state.flight) = (false, nil) }
            guard let keys else { return (false, state.isFailing) }
            if let version { state.version = version }
            if let snapshot = state.snapshot, snapshot.keys.hasSameKeys(as: keys) { return (false, state.isFailing) }
            state.snapshot = Snapshot(keys: keys, generation: (state.snapshot?.generation ?? 0) + 1)
            return (true, state.isFailing)
        }
        if isChanged || wasFailing { log(keys) }
    }

    /// - Parameter keys: `nil` if the source can be read again and has not changed.
    private func log(_ keys: KeySet?) {
        var metadata: Logger.Metadata = ["source": "\(name)"]
        if let keys {
            metadata["keys"] = "\(keys.count)"
            if !keys.passedOver.isEmpty { metadata["passed_over"] = "\(keys.passedOver.joined(separator: "; "))" }
        }
        logger.log(level: keys?.count == 0 ? .warning : .notice, "the keys of tokens were read", metadata: metadata)
    }

    /// What the log calls the source.
    private var name: String {
        switch source {
        case .secret: "secret"
        case .file(let file): file.path
        case .url(let download, _): download.origin
        }
    }
}
