import NIOCore
import Synchronization

/// What instances that share a cache tell each other. A hint may be lost, or be made up by whoever reaches the channel: it
/// costs no more than a look at the store, or a load.
public enum CacheHint: Sendable, Hashable {
    /// Something was committed: look at the store.
    case changes
    /// The entries whose keys match a pattern are not wanted any more.
    case removal(pattern: String)

    var message: ByteBuffer {
        switch self {
        case .changes: ByteBuffer()
        case .removal(let pattern): ByteBuffer(string: pattern)
        }
    }

    /// What is no pattern of this program's keys is taken for `.changes`, which does no harm.
    init(_ message: ByteBuffer) {
        let text = String(buffer: message)
        self = CacheKey.isPattern(text) ? .removal(pattern: text) : .changes
    }
}

/// Passes hints on to a cache and its poller, which are made after the source of the hints.
public final class HintReceiver: Sendable {
    private let receivers = Mutex<(poller: VersionPoller, cache: CacheManager)?>(nil)

    public init() {}

    public func aim(at poller: VersionPoller, _ cache: CacheManager) { receivers.withLock { $0 = (poller, cache) } }

    public func take(_ hint: CacheHint) {
        guard let (poller, cache) = receivers.withLock({ $0 }) else { return }
        switch hint {
        case .changes: poller.kick()
        case .removal(let pattern):
            // Hints come on an event loop, and this looks at every key.
            Task { cache.removeFromMemory(matching: pattern) }
        }
    }
}
