import Synchronization

/// Tells readers when the writers are done.
final class Countdown: Sendable {
    private let left: Mutex<Int>

    init(_ count: Int) { left = Mutex(count) }

    func signal() { left.withLock { $0 -= 1 } }

    var isDone: Bool { left.withLock { $0 <= 0 } }
}
