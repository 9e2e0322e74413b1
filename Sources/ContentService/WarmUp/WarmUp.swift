public import Caching
public import Foundation
public import Logging
public import Quran
public import ServiceLifecycle
public import Storage
import Synchronization

/// Keeps the cache warm: after the start, after changes of content, by a schedule, and when asked to.
///
/// Where instances share a tier, one of them does it, and another goes on if that one dies. Where they share none, each
/// warms its own memory.
public final class WarmUp: Service {
    /// When, and how much.
    public struct Policy: Sendable {
        public var atStart = true
        /// After content has changed.
        public var afterChanges = true
        /// `nil` for never.
        public var schedule: CronSchedule?
        public var scope = WarmUpPlan.Scope.all
        /// Sets of translations beside which each surah is made ready; `nil` for each that is loaded, by itself.
        public var translations: [[EditionID]]?
        /// `nil` for as many as go.
        public var loadsPerSecond: Int? = 200

        public init() {}
    }

    /// Why the cache is warmed.
    public enum Reason: String, Sendable, Hashable, CaseIterable {
        case start, content, scheduled, request
    }

    /// What this instance is warming, or has warmed.
    public struct Report: Sendable, Hashable {
        public let reason: Reason
        public let startedAt: Date
        /// The number of the last request that it was made for; 0 for none.
        public let request: Int
        /// Keys of the plan.
        public let total: Int
        public fileprivate(set) var progress: WarmUpProgress
        /// `nil` while it runs.
        public fileprivate(set) var duration: Duration?
        /// Why it ended before the plan did.
        public fileprivate(set) var interruption: String?
    }

    private struct State {
        var waiting: [Reason: String] = [:]
        var requests = 0
        var current: Report?
        var last: Report?
        var lastRequested: Report?
    }

    private let system: ContentSystem
    private let policy: Policy
    /// Names this instance among those that share a store.
    public let instance: String
    private let turns: WarmUpTurns
    private let clock: CacheClock
    private let logger: Logger
    private let state = Mutex(State())
    private let wakeUps: AsyncStream<Void>
    private let wakeUp: AsyncStream<Void>.Continuation

    /// How long a turn is claimed for; it is claimed again each time its progress is noted.
    private static let claim = Duration.seconds(15)
    private static let noteInterval = Duration.seconds(1)
    /// How long content must have been left alone before it is warmed again, and how often that is waited for at most.
    private static let quiet = Duration.seconds(2)
    private static let longestUnrest = 15
    /// A turn of a time that is so far ahead was taken by a clock that was wrong.
    private static let farAhead = 86400.0
    private static let retryPause = Duration.seconds(30)
    private static let attempts = 20
    /// Sleeps are cut, so that a wall clock that was set is noticed.
    private static let longestSleep = Duration.seconds(60)

    /// - Parameters:
    ///   - clock: what the schedule goes by; tests bring their own.
    public init(
        _ system: ContentSystem, policy: Policy = Policy(), instance: String = UUID().uuidString,
        clock: CacheClock = .system(), logger: Logger
    ) {
        self.system = system
        self.policy = policy
        self.clock = clock
        self.logger = logger
        self.instance = instance
        turns = WarmUpTurns(holder: instance)
        (wakeUps, wakeUp) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        if policy.atStart { ask(for: .start) }
        guard policy.afterChanges else { return }
        system.hooks.subscribe(to: [.surah, .structure, .edition, .reciter]) { [weak self] _ in
            self?.ask(for: .content)
        }
    }

    /// What runs on this instance, what ran last, and what ran last on request.
    public var reports: (current: Report?, last: Report?, lastRequested: Report?) {
        state.withLock { ($0.current, $0.last, $0.lastRequested) }
    }

    /// When the schedule next wants it.
    public var nextScheduled: Date? { policy.schedule?.next(after: now) }

    /// Has the cache warmed as soon as what runs is done.
    ///
    /// - Returns: the number of the request. It is done when the report of what ran last on request names it, or a later one.
    @discardableResult
    public func request() -> Int {
        let number = state.withLock { state in
            state.requests += 1
            return state.requests
        }
        ask(for: .request)
        return number
    }

    private func ask(for reason: Reason, occasion: String = "") {
        state.withLock { $0.waiting[reason] = occasion }
        wakeUp.yield()
    }

    private var now: Date { Date(timeIntervalSince1970: Double(clock.wallTime()) / 1000) }

    // MARK: Running

    /// Warms until the task is cancelled or the group shuts down. What was not finished then is left to another instance.
    public func run() async throws {
        await cancelWhenGracefulShutdown { [self] in
            await withDiscardingTaskGroup { group in
                group.addTask { await self.followSchedule() }
                group.addTask {
                    for await _ in self.wakeUps {
                        while let (reason, occasion) = self.next() { await self.warm(for: reason, occasion) }
                    }
                }
            }
        }
    }

    private func next() -> (Reason, String)? {
        state.withLock { state in
            // In the order of the cases: whoever asks by hand waits longest, as they see what happens.
            guard let reason = Reason.allCases.first(where: { state.waiting[$0] != nil }),
                let occasion = state.waiting.removeValue(forKey: reason)
            else { return nil }
            return (reason, occasion)
        }
    }

    private func followSchedule() async {
        guard let schedule = policy.schedule else { return }
        var seen = now
        while let occasion = schedule.next(after: seen) {
            while now < occasion {
                let rest = Duration.seconds(occasion.timeIntervalSince(now))
                do { try await clock.sleep(min(rest, Self.longestSleep)) } catch { return }
                // A clock that was set back has other occasions.
                if now < seen { break }
                seen = min(now, occasion)
            }
            guard now >= occasion else {
                seen = now
                continue
            }
            ask(for: .scheduled, occasion: timestamp(occasion))
            // What a machine slept through is not made up for, but for the last.
            seen = max(occasion, now.addingTimeInterval(-60))
        }
    }

    private func warm(for reason: Reason, _ name: String) async {
        for _ in 0..<Self.attempts {
            do {
                if reason == .content { try await awaitQuiet() }
                // A tier that is down is warmed by nobody; what instances have of their own is better than nothing.
                let isAlone = !system.cache.isShared || system.cache.isSharedTierFailing
                guard !isAlone, reason != .request else { return try await warmHere(for: reason) }
                switch reason {
                case .content:
                    let sum = try await system.database.read { try contentVersionSum($0) }
                    // As texts sort.
                    let digits = String(sum)
                    return try await takeTurn(reason, String(repeating: "0", count: max(0, 19 - digits.count)) + digits)
                case .start: return try await takeTurn(reason, timestamp(now))
                case .scheduled, .request: return try await takeTurn(reason, name)
                }
            } catch is CancellationError {
                return
            } catch WarmUpRun.Interruption.cancelled {
                return
            } catch WarmUpRun.Interruption.lost {
                logger.warning("another instance goes on with the warm-up", metadata: ["reason": "\(reason)"])
                return
            } catch {
                logger.warning("the warm-up is interrupted", metadata: ["reason": "\(reason)", "error": "\(error)"])
                // Whoever asked by hand was told, and may ask again.
                guard reason != .request else { return }
                do { try await clock.sleep(Self.retryPause) } catch { return }
            }
        }
        logger.error("the warm-up is given up", metadata: ["reason": "\(reason)"])
    }

    /// Waits until no more changes come.
    private func awaitQuiet() async throws {
        var rounds = 0
        repeat {
            try await clock.sleep(Self.quiet)
            rounds += 1
        } while rounds < Self.longestUnrest && state.withLock({ $0.waiting.removeValue(forKey: .content) }) != nil
    }

    private func warmHere(for reason: Reason) async throws {
        let plan: WarmUpPlan
        do { plan = try await makePlan() } catch {
            // Whoever asked by hand waits for a report.
            var report = newReport(for: reason, total: 0, progress: WarmUpProgress())
            report.duration = .zero
            report.interruption = "\(error)"
            keep(report)
            throw error
        }
        try await walk(plan, for: reason, from: WarmUpProgress()) { _ in true }
    }

    /// Does it when it is this instance's turn, or leaves it to whoever has done it.
    private func takeTurn(_ reason: Reason, _ name: String) async throws {
        let occasion = WarmUpTurns.Occasion(reason: reason.rawValue, name: name)
        while true {
            let plan = try await makePlan()
            let (now, end, digest) = (now, claimEnd, plan.digest)
            let isTime = reason != .content
            let claim = try await system.database.write { [turns] in
                try turns.claim(
                    occasion, plan: digest, at: now, until: end,
                    latest: isTime ? timestamp(now.addingTimeInterval(Self.farAhead)) : nil, $0)
            }
            switch claim {
            case .done:
                return logger.info("another instance warmed the cache", metadata: ["reason": "\(reason)"])
            case .held(let until):
                let rest = Duration.seconds(until.timeIntervalSince(now))
                try await clock.sleep(max(.milliseconds(100), min(rest, Self.claim)))
            case .taken(let progress):
                return try await keepTurn(occasion, plan, for: reason, from: progress)
            }
        }
    }

    private func keepTurn(
        _ occasion: WarmUpTurns.Occasion, _ plan: WarmUpPlan, for reason: Reason, from progress: WarmUpProgress
    ) async throws {
        do {
            var notedAt = clock.now()
            let reached = try await walk(plan, for: reason, from: progress) { [self] progress in
                guard clock.now() - notedAt >= Self.noteInterval else { return true }
                notedAt = clock.now()
                return try await note(progress, of: occasion, until: claimEnd)
            }
            // What could not be stored is in this instance's memory alone.
            guard !system.cache.isSharedTierFailing else {
                throw WarmUpRun.Interruption.unavailable(CacheError.sourceUnavailable(reason: "the shared tier fails"))
            }
            _ = try await note(reached, of: occasion, until: claimEnd, finished: now)
        } catch {
            // Whoever wants to goes on at once, from the start if some of it may not have been stored. In a task of its own, as
            // this one may be cancelled.
            let isShared = !system.cache.isSharedTierFailing
            let reached = isShared ? reports.last?.progress ?? progress : WarmUpProgress()
            await Task { [self] in
                do { _ = try await note(reached, of: occasion, until: now) } catch {
                    logger.debug("a turn is left to lapse", metadata: ["error": "\(error)"])
                }
            }.value
            throw error
        }
    }

    private var claimEnd: Date { now.addingTimeInterval(Self.claim / .seconds(1)) }

    private func note(
        _ progress: WarmUpProgress, of occasion: WarmUpTurns.Occasion, until end: Date, finished: Date? = nil
    ) async throws -> Bool {
        try await system.database.write { [turns] in
            try turns.note(progress, of: occasion, until: end, finished: finished, $0)
        }
    }

    private func makePlan() async throws -> WarmUpPlan {
        let plan = try await WarmUpPlan(
            for: system.service, scope: policy.scope, translations: policy.translations)
        for set in plan.unknownSets {
            logger.warning(
                "not warmed: not all of these translations are loaded",
                metadata: ["translations": "\(set.map(\.name).joined(separator: ","))"])
        }
        return plan
    }

    /// Remembers what came of a run.
    private func keep(_ report: Report) {
        state.withLock { state in
            (state.current, state.last) = (nil, report)
            if report.reason == .request { state.lastRequested = report }
        }
    }

    private func newReport(for reason: Reason, total: Int, progress: WarmUpProgress) -> Report {
        let request = reason == .request ? state.withLock(\.requests) : 0
        return Report(reason: reason, startedAt: now, request: request, total: total, progress: progress)
    }

    /// Walks through a plan, and reports.
    @discardableResult
    private func walk(
        _ plan: WarmUpPlan, for reason: Reason, from progress: WarmUpProgress,
        note: (WarmUpProgress) async throws -> Bool
    ) async throws -> WarmUpProgress {
        let began = clock.now()
        var report = newReport(for: reason, total: plan.count, progress: progress)
        state.withLock { $0.current = report }
        defer {
            report.duration = clock.now() - began
            keep(report)
            logger.info("warmed", metadata: report.metadata)
        }
        let run = WarmUpRun(
            system: system, plan: plan, asksShared: reason != .content, loadsPerSecond: policy.loadsPerSecond,
            clock: clock, logger: logger)
        do {
            return try await run.run(from: progress) { progress in
                report.progress = progress
                state.withLock { [report] in $0.current = report }
                return try await note(progress)
            }
        } catch {
            report.interruption = "\(error)"
            throw error
        }
    }
}

extension WarmUp.Report {
    /// Keys that there is no room for in memory.
    public var left: Int { interruption == nil && duration != nil ? total - progress.position : 0 }

    fileprivate var metadata: Logger.Metadata {
        [
            "reason": "\(reason.rawValue)", "keys": "\(progress.position)", "of": "\(total)",
            "loaded": "\(progress.loaded)", "failed": "\(progress.failed)", "bytes": "\(progress.bytes)",
            "milliseconds": "\(Int((duration ?? .zero) / .milliseconds(1)))", "left": "\(left)",
            "interrupted_by": "\(interruption ?? "nothing")",
        ]
    }
}

extension WarmUp {
    /// Warms the cache of a system that nobody serves from, for a command.
    ///
    /// - Parameter show: told of the progress.
    /// - Throws: why it could not go on.
    public static func once(
        _ system: ContentSystem, policy: Policy, logger: Logger, show: @escaping @Sendable (Report) -> Void
    ) async throws -> Report {
        let warmUp = WarmUp(system, policy: policy, logger: logger)
        do {
            try await warmUp.walk(warmUp.makePlan(), for: .request, from: WarmUpProgress()) { _ in
                if let current = warmUp.reports.current { show(current) }
                return true
            }
        } catch WarmUpRun.Interruption.unavailable(let error) {
            throw error
        }
        guard let report = warmUp.reports.last else { preconditionFailure("a walk leaves a report") }
        return report
    }
}
