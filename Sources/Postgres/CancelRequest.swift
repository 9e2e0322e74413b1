private import CLibpq
private import Synchronization

/// Asks the server to cancel what a connection is running.
///
/// `PQcancel` blocks until the server has closed the extra connection that it makes, so it runs on a thread of its own: a
/// server that swallows packets can't hold the worker. After that the server has signalled the backend, and a backend
/// forgets a signal that finds it idle; before that the connection must not take up another query.
final class CancelRequest: Sendable {
    enum Outcome: UInt8 {
        case pending, delivered, failed
    }

    private static let outstanding = Atomic(0)
    /// Requests to a server that swallows packets pile up until TCP gives up; beyond this the connection is just dropped.
    private static let maximumOutstanding = 64

    private let state = Atomic<UInt8>(Outcome.pending.rawValue)

    var outcome: Outcome { Outcome(rawValue: state.load(ordering: .acquiring)) ?? .failed }

    private init() {}

    /// Sends the request; `wakeUp` is signalled when its outcome is known.
    static func send(for connection: OpaquePointer, waking wakeUp: WakeUp) -> CancelRequest {
        let request = CancelRequest()
        guard outstanding.add(1, ordering: .relaxed).newValue <= maximumOutstanding,
            let cancel = unsafe PQgetCancel(connection)
        else {
            outstanding.subtract(1, ordering: .relaxed)
            request.state.store(Outcome.failed.rawValue, ordering: .releasing)
            return request
        }
        let handle = unsafe Handle(cancel)
        let thread = WorkerThread {
            let outcome: Outcome = handle.send() ? .delivered : .failed
            outstanding.subtract(1, ordering: .relaxed)
            request.state.store(outcome.rawValue, ordering: .releasing)
            wakeUp.signal()
        }
        guard let thread else {
            outstanding.subtract(1, ordering: .relaxed)
            request.state.store(Outcome.failed.rawValue, ordering: .releasing)
            return request
        }
        thread.detach()
        return request
    }

    /// Owns the `PGcancel`, which libpq allows on any thread and apart from its connection.
    @safe private final class Handle: @unchecked Sendable {
        private let cancel: OpaquePointer

        init(_ cancel: OpaquePointer) {
            unsafe self.cancel = cancel
        }

        deinit {
            unsafe PQfreeCancel(cancel)
        }

        func send() -> Bool {
            unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { text in
                unsafe PQcancel(cancel, text.baseAddress, Int32(text.count)) == 1
            }
        }
    }
}
