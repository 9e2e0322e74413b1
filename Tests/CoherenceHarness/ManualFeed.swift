public import Caching
import Synchronization

/// A store's versions, moved by hand.
public final class ManualFeed: VersionFeed {
    public struct Down: Error, SourceUnavailable {}

    private struct State {
        var versions: [CacheTag: CacheVersion] = [:]
        var position: Int64 = 0
        var history = "first"
        var isDown = false
    }

    private let state = Mutex(State())

    public init() {}

    public func change(_ tag: CacheTag) {
        state.withLock { state in
            state.position += 1
            state.versions[tag] = CacheVersion((state.versions[tag] ?? .zero).value + 1)
        }
    }

    public func setDown(_ isDown: Bool) { state.withLock { $0.isDown = isDown } }

    /// Puts an older state back, as a restored backup does.
    public func restart(with versions: [CacheTag: CacheVersion], position: Int64, history: String) {
        state.withLock { $0 = State(versions: versions, position: position, history: history) }
    }

    public func read(_ tags: [CacheTag]) throws -> (versions: [CacheTag: CacheVersion], position: FeedPosition) {
        try state.withLock { state in
            if state.isDown { throw Down() }
            let versions = (tags + [.all]).map { ($0, state.versions[$0] ?? .zero) }
            return (Dictionary(uniqueKeysWithValues: versions), FeedPosition(state.position))
        }
    }

    public func changes(since position: FeedPosition?) async throws -> FeedBatch {
        try state.withLock { state in
            if state.isDown { throw Down() }
            return FeedBatch(
                versions: state.versions.map { ($0, $1) }, position: FeedPosition(state.position),
                history: state.history, isFull: position == nil)
        }
    }

    public func bump(_ tags: [CacheTag], toAtLeast least: CacheVersion) async throws {
        for tag in tags {
            change(tag)
            state.withLock { $0.versions[tag] = max($0.versions[tag] ?? .zero, least) }
        }
    }
}
