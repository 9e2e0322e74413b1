import Synchronization

/// Passes hints on to a poller that is made after the source of the hints.
public final class Kick: Sendable {
    private let poller = Mutex<VersionPoller?>(nil)

    public init() {}

    public func aim(at poller: VersionPoller) { self.poller.withLock { $0 = poller } }

    public func fire() { poller.withLock { $0 }?.kick() }
}
