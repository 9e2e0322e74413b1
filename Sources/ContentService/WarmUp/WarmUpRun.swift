import Caching
import Logging
import NIOCore
import Storage

/// One walk through a plan: what is fresh costs a look, the rest is loaded, a few at a time and not too many a second.
struct WarmUpRun: Sendable {
    let system: ContentSystem
    let plan: WarmUpPlan
    /// Whether the shared tier is asked about what memory has.
    let asksShared: Bool
    /// The most loads; `nil` for as many as go.
    let loadsPerSecond: Int?
    let clock: CacheClock
    let logger: Logger

    /// Keys between two notes of how far it is: even if each takes as long as a read may, they are done well before a claim ends.
    private static let batch = 8
    /// How many are made ready at a time: fewer than may load, so that requests find room.
    private static let width = 2
    /// How often a batch is tried that the database could not be asked for, and the pause in between.
    private static let attempts = 5
    private static let pause = Duration.seconds(1)
    /// The part of the memory tier that a run may fill: what pushes out what it warmed before was warmed in vain.
    private static let share = 0.9

    /// Why a run ended before the end of its plan.
    enum Interruption: Error {
        case cancelled
        /// The database, or the shared tier, can't be asked.
        case unavailable(any Error)
        /// Somebody else goes on with it.
        case lost
    }

    /// Goes on from where the progress says.
    ///
    /// - Parameter note: called after each batch, and about every second in between; says whether to go on.
    /// - Returns: how far it came: not to the end of the plan if there is no room for all of it.
    /// - Throws: ``Interruption``, or what `note` throws.
    func run(
        from start: WarmUpProgress, note: (WarmUpProgress) async throws -> Bool
    ) async throws -> WarmUpProgress {
        var progress = start
        let service = system.service.warming(asksShared: asksShared)
        var room = Double(system.cache.memoryCapacity) * Self.share - Double(start.bytes)
        var attempt = 1
        while progress.position < plan.count, room > 0 {
            let began = clock.now()
            let range = progress.position..<min(plan.count, progress.position + Self.batch)
            let outcomes = await outcomes(of: range, service)
            guard !Task.isCancelled else { throw Interruption.cancelled }
            if let error = outcomes.lazy.compactMap(\.unavailability).first {
                guard attempt < Self.attempts else { throw Interruption.unavailable(error) }
                attempt += 1
                try await rest(for: Self.pause, progress, note)
                continue
            }
            attempt = 1
            var loaded = 0
            for outcome in outcomes {
                switch outcome {
                case .success(let answer):
                    progress.bytes += answer.entry.body.readableBytes
                    room -= Double(system.cache.memoryCost(of: answer))
                    if answer.source == .loaded { loaded += 1 }
                case .failure(let error):
                    progress.failed += 1
                    logger.warning("not warmed", metadata: ["error": "\(String(reflecting: error))"])
                }
            }
            progress.position = range.upperBound
            progress.loaded += loaded
            guard try await note(progress) else { throw Interruption.lost }
            if let loadsPerSecond, loaded > 0 {
                try await rest(for: .seconds(loaded) / loadsPerSecond - (clock.now() - began), progress, note)
            }
            // Requests come first.
            while loaded > 0, system.cache.waitingLoads > 0 { try await rest(for: .milliseconds(50), progress, note) }
        }
        return progress
    }

    private func outcomes(of range: Range<Int>, _ service: ContentService) async -> [Outcome] {
        await withTaskGroup { group in
            for lane in 0..<Self.width {
                group.addTask {
                    var outcomes: [Outcome] = []
                    for index in stride(from: range.lowerBound + lane, to: range.upperBound, by: Self.width) {
                        guard !Task.isCancelled else { break }
                        do { outcomes.append(.success(try await plan.items[index].read(service))) } catch {
                            outcomes.append(.failure(error))
                        }
                    }
                    return outcomes
                }
            }
            return await group.reduce(into: []) { $0 += $1 }
        }
    }

    /// Waits, and notes meanwhile that it is still there.
    private func rest(
        for duration: Duration, _ progress: WarmUpProgress, _ note: (WarmUpProgress) async throws -> Bool
    ) async throws {
        let end = clock.now() + duration
        while case let rest = end - clock.now(), rest > .zero {
            try await clock.sleep(min(rest, .seconds(1)))
            guard try await note(progress) else { throw Interruption.lost }
        }
    }
}

private typealias Outcome = Result<ContentService.Answer, any Error>

extension Outcome {
    /// Why it could not be had now, if it may be had later.
    fileprivate var unavailability: (any Error)? {
        guard case .failure(let error) = self else { return nil }
        return error is any SourceUnavailable || error is CacheError || error is StorageError ? error : nil
    }
}
