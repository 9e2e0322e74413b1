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

    /// Keys between two notes of how far it is.
    private static let batch = 64
    /// How many are made ready at a time: fewer than may load, so that requests find room.
    private static let width = 2
    /// More failures than this in a batch mean that there is no use in going on.
    private static let patience = 32
    /// The part of the memory tier that may be filled: what is pushed out again was warmed in vain.
    private static let share = 0.9

    /// Why a run ended before the end of its plan.
    enum Interruption: Error {
        case cancelled
        /// Nearly everything failed.
        case failing(any Error)
        /// Somebody else goes on with it.
        case lost
    }

    /// Goes on from where the progress says.
    ///
    /// - Parameter note: called now and then; says whether to go on.
    /// - Returns: how far it came: not to the end of the plan if memory is full.
    /// - Throws: ``Interruption``, or what `note` throws.
    func run(
        from start: WarmUpProgress, note: (WarmUpProgress) async throws -> Bool
    ) async throws -> WarmUpProgress {
        var progress = start
        let service = system.service.warming(asksShared: asksShared)
        while progress.position < plan.count, !isFull {
            let began = clock.now()
            let range = progress.position..<min(plan.count, progress.position + Self.batch)
            let outcomes = await outcomes(of: range, service)
            guard !Task.isCancelled else { throw Interruption.cancelled }
            var failures: [any Error] = []
            var loaded = 0
            for outcome in outcomes {
                switch outcome {
                case .success(let answer):
                    progress.bytes += answer.entry.body.readableBytes
                    if answer.source == .loaded { loaded += 1 }
                case .failure(let error): failures.append(error)
                }
            }
            if let error = failures.first {
                logger.warning(
                    "not warmed",
                    metadata: ["keys": "\(failures.count)", "first_error": "\(String(reflecting: error))"])
                guard failures.count < Self.patience else { throw Interruption.failing(error) }
            }
            progress.position = range.upperBound
            progress.loaded += loaded
            progress.failed += failures.count
            guard try await note(progress) else { throw Interruption.lost }
            try await rest(after: loaded, since: began)
        }
        return progress
    }

    private var isFull: Bool {
        let (bytes, capacity) = system.cache.memoryUse
        return Double(bytes) > Double(capacity) * Self.share
    }

    private func outcomes(
        of range: Range<Int>, _ service: ContentService
    ) async -> [Result<ContentService.Answer, any Error>] {
        await withTaskGroup { group in
            for lane in 0..<Self.width {
                group.addTask {
                    var outcomes: [Result<ContentService.Answer, any Error>] = []
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

    /// Waits so that there are not too many loads a second, and until no request waits for its load.
    private func rest(after loads: Int, since began: CacheInstant) async throws {
        if let loadsPerSecond, loads > 0 {
            let pause = Duration.seconds(loads) / loadsPerSecond - (clock.now() - began)
            if pause > .zero { try await clock.sleep(pause) }
        }
        while loads > 0, system.cache.waitingLoads > 0 { try await clock.sleep(.milliseconds(50)) }
    }
}
