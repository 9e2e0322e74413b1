public import Hummingbird
public import ServiceLifecycle
import Synchronization

/// The requests that are being answered: how many there are, and until when each may take. While it runs, what takes too long
/// is cancelled, with its queries.
public final class RequestsInFlight: Service {
    /// One of them.
    final class Ticket: Sendable {
        /// Whether there were more than the bound when it came.
        let isBeyondLimit: Bool
        fileprivate let deadline: ContinuousClock.Instant
        private let isOver = Atomic(false)
        private let task = Mutex<Task<Response, any Error>?>(nil)

        fileprivate init(isBeyondLimit: Bool, deadline: ContinuousClock.Instant) {
            self.isBeyondLimit = isBeyondLimit
            self.deadline = deadline
        }

        /// Whether its time ran out.
        var hasExpired: Bool { isOver.load(ordering: .acquiring) }

        fileprivate func begin(_ task: Task<Response, any Error>) {
            self.task.withLock { $0 = task }
            if hasExpired { task.cancel() }
        }

        fileprivate func expire() {
            isOver.store(true, ordering: .releasing)
            task.withLock { $0 }?.cancel()
        }
    }

    private struct State {
        var tickets: [UInt64: Ticket] = [:]
        var next: UInt64 = 0
    }

    private let limit: Int
    private let timeout: Duration
    private let state = Mutex(State())

    init(limit: Int, timeout: Duration) {
        self.limit = limit
        self.timeout = timeout
    }

    public var count: Int { state.withLock { $0.tickets.count } }

    /// Answers a request in a task of its own, which ends with its time.
    ///
    /// - Parameter allowance: time for its body, besides that for its answer.
    func run(
        allowance: Duration, _ respond: @escaping @Sendable (Ticket) async throws -> Response
    ) async throws -> Response {
        let (id, ticket) = state.withLock { state in
            let ticket = Ticket(
                isBeyondLimit: state.tickets.count >= limit, deadline: ContinuousClock.now + timeout + allowance)
            state.next += 1
            state.tickets[state.next] = ticket
            return (state.next, ticket)
        }
        defer { state.withLock { _ = $0.tickets.removeValue(forKey: id) } }
        let task = Task { try await respond(ticket) }
        ticket.begin(task)
        return try await withTaskCancellationHandler {
            try await task.value
        } onCancel: {
            task.cancel()
        }
    }

    /// Looks for those whose time ran out, a hundred times within the time that a request has.
    public func run() async throws {
        let interval = max(.milliseconds(10), min(.seconds(1), timeout / 100))
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do { try await Task.sleep(for: interval) } catch { break }
                self.expire(at: .now)
            }
        }
    }

    private func expire(at now: ContinuousClock.Instant) {
        let late = state.withLock { $0.tickets.values.filter { $0.deadline <= now && !$0.hasExpired } }
        for ticket in late { ticket.expire() }
    }
}

/// The routes, each request within its time.
public struct APIResponder: HTTPResponder {
    let routes: RouterResponder<APIRequestContext>
    let admission: Admission

    public func respond(to request: Request, context: APIRequestContext) async throws -> Response {
        let body = BodyLength(request.headers)
        return try await admission.inFlight.run(allowance: admission.limits.time(for: body)) { [routes] ticket in
            var context = context
            context.ticket = ticket
            return try await routes.respond(to: request, context: context)
        }
    }
}
