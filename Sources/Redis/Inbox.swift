internal import Synchronization

/// The way of requests from any thread to a connection's event loop, and the count of those that wait for replies.
///
/// The first request of a batch wakes the loop, which then takes them all and flushes once.
final class Inbox: Sendable {
    enum Submission {
        /// The caller has to wake the loop if it says so.
        case accepted(wake: Bool)
        case overloaded
        case closed
    }

    private struct State {
        var requests: [Request] = []
        var isLoopAwake = false
        var isClosed = false
        var commands = 0
        var bytes = 0
    }

    private let maximumCommands: Int
    private let maximumBytes: Int
    private let state = Mutex(State())

    init(maximumCommands: Int, maximumBytes: Int) {
        self.maximumCommands = maximumCommands
        self.maximumBytes = maximumBytes
    }

    /// Commands that wait for a reply.
    var pending: Int { state.withLock { $0.commands } }

    func submit(_ request: Request) -> Submission {
        state.withLock { state in
            if state.isClosed { return .closed }
            guard state.commands + request.count <= maximumCommands,
                state.commands == 0 || state.bytes + request.bytes <= maximumBytes
            else { return .overloaded }
            state.commands += request.count
            state.bytes += request.bytes
            state.requests.append(request)
            defer { state.isLoopAwake = true }
            return .accepted(wake: !state.isLoopAwake)
        }
    }

    /// The requests since the last call, in exchange for an empty array, whose memory is used on.
    func take(_ requests: inout [Request]) {
        state.withLock { state in
            swap(&requests, &state.requests)
            state.isLoopAwake = false
        }
    }

    func release(_ released: CommandQueue<Request>.Released) {
        state.withLock { state in
            state.commands -= released.commands
            state.bytes -= released.bytes
        }
    }

    /// Takes no more. Those that were accepted before may still be taken.
    func close() {
        state.withLock { $0.isClosed = true }
    }
}
