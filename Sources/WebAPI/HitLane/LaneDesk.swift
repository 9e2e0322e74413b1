import Caching
import ContentService
import NIOCore

/// What the connections of one event loop share: room for the bytes of an answer, texts that many answers have in common, and what the
/// shared tier was asked for.
final class LaneDesk {
    /// Answers that are ready to be written.
    var output = ByteBuffer()
    /// Of now, and of changes.
    let dates = DateTexts()
    let changeDates = DateTexts()
    private let loop: any EventLoop
    private let executor: LoopTaskExecutor
    /// Who waits for what is being fetched.
    private var fetches: [CacheKey: [(CacheAnswer?) -> Void]] = [:]

    /// As many keys are fetched at a time; the router, whose requests are counted, asks for what is beyond that.
    private static let mostFetches = 64

    init(_ loop: any EventLoop) {
        self.loop = loop
        executor = LoopTaskExecutor(loop)
    }

    /// Whether there is room for one more who waits for a key.
    func mayFetch(_ key: CacheKey) -> Bool { fetches.count < Self.mostFetches || fetches[key] != nil }

    /// Fetches what is fresh in the shared tier, once for all who ask for it meanwhile.
    ///
    /// - Parameter body: is called on the event loop, later.
    func fetch(_ key: CacheKey, from content: ContentService, _ body: @escaping (CacheAnswer?) -> Void) {
        fetches[key, default: []].append(body)
        guard fetches[key]?.count == 1 else { return }
        let bound = NIOLoopBound(self, eventLoop: loop)
        Task(executorPreference: executor) {
            let answer = await content.fetchShared(key)
            for body in bound.value.fetches.removeValue(forKey: key) ?? [] { body(answer) }
        }
    }
}
