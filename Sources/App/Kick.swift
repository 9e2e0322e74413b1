import Caching
import Synchronization

/// Passes hints on to a poller that is made after the source of the hints.
final class Kick: Sendable {
    private let poller = Mutex<VersionPoller?>(nil)

    func aim(at poller: VersionPoller) { self.poller.withLock { $0 = poller } }

    func fire() { poller.withLock { $0 }?.kick() }
}
