public import Hummingbird
import NIOCore
public import ServiceLifecycle
import Synchronization

/// The requests that are being answered: how many there are, and until when each may take. While it runs, what takes too long
/// is cancelled, with its queries.
public final class RequestsInFlight: Service {
    /// One of them.
    final class Ticket: Sendable {
        /// What there was too much of when it came.
        enum Excess { case ofAll, ofClient }

        let excess: Excess?
        private let timeout: Duration
        private let deadline: Mutex<ContinuousClock.Instant>
        private let isOver = Atomic(false)
        private let task = Mutex<Task<Response, any Error>?>(nil)

        fileprivate init(_ excess: Excess?, timeout: Duration) {
            self.excess = excess
            self.timeout = timeout
            deadline = Mutex(.now + timeout)
        }

        /// Gives it its time anew, from some moment on.
        fileprivate func renew(from moment: ContinuousClock.Instant) {
            deadline.withLock { $0 = moment + timeout }
        }

        fileprivate func isLate(at now: ContinuousClock.Instant) -> Bool {
            deadline.withLock { $0 <= now } && !hasExpired
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
        var byClient: [RateLimitKey: Int] = [:]
        var next: UInt64 = 0
    }

    private let limits: RequestLimits
    private let state = Mutex(State())

    init(_ limits: RequestLimits) { self.limits = limits }

    public var count: Int { state.withLock { $0.tickets.count } }

    /// Answers a request in a task of its own, which ends with its time.
    ///
    /// - Parameter client: whose it is; `nil` for the operator's.
    func run(
        for client: RateLimitKey?, _ respond: @escaping @Sendable (Ticket) async throws -> Response
    ) async throws -> Response {
        let (id, ticket) = enter(client)
        defer { leave(id, client) }
        let task = Task { try await respond(ticket) }
        ticket.begin(task)
        return try await withTaskCancellationHandler {
            try await task.value
        } onCancel: {
            task.cancel()
        }
    }

    private func enter(_ client: RateLimitKey?) -> (UInt64, Ticket) {
        state.withLock { state in
            var excess: Ticket.Excess?
            if state.tickets.count >= limits.requests { excess = .ofAll }
            if let client {
                if state.byClient[client, default: 0] >= limits.requestsPerClient { excess = .ofClient }
                state.byClient[client, default: 0] += 1
            }
            let ticket = Ticket(excess, timeout: limits.timeout)
            state.next += 1
            state.tickets[state.next] = ticket
            return (state.next, ticket)
        }
    }

    private func leave(_ id: UInt64, _ client: RateLimitKey?) {
        state.withLock { state in
            state.tickets[id] = nil
            guard let client, let count = state.byClient[client] else { return }
            state.byClient[client] = count > 1 ? count - 1 : nil
        }
    }

    /// Looks for those whose time ran out, a hundred times within the time that a request has.
    public func run() async throws {
        let interval = max(.milliseconds(10), min(.seconds(1), limits.timeout / 100))
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do { try await Task.sleep(for: interval) } catch { break }
                self.expire(at: .now)
            }
        }
    }

    private func expire(at now: ContinuousClock.Instant) {
        let late = state.withLock { $0.tickets.values.filter { $0.isLate(at: now) } }
        for ticket in late { ticket.expire() }
    }
}

/// The routes, each request within its time.
public struct APIResponder: HTTPResponder {
    let routes: RouterResponder<APIRequestContext>
    let admission: Admission

    public func respond(to request: Request, context: APIRequestContext) async throws -> Response {
        let client = admission.clients.client(
            peer: context.peer.flatMap { IPAddress($0) }, headers: request.headers)
        return try await admission.inFlight.run(for: admission.key(for: client)) { [routes, admission] ticket in
            var (request, context) = (request, context)
            context.client = client
            context.ticket = ticket
            if BodyLength(request.headers) != .none {
                request.body = RequestBody(
                    asyncSequence: TimedBody(body: request.body, limits: admission.limits.bodies, ticket: ticket))
            }
            return try await routes.respond(to: request, context: context)
        }
    }
}

/// A body of which every part that is read gives the request the time that as many bytes may take. The time for the answer
/// begins when all was read.
private struct TimedBody: AsyncSequence, Sendable {
    let body: RequestBody
    let limits: BodyLimits
    let ticket: RequestsInFlight.Ticket

    struct AsyncIterator: AsyncIteratorProtocol {
        var parts: RequestBody.AsyncIterator
        let limits: BodyLimits
        let ticket: RequestsInFlight.Ticket
        let began = ContinuousClock.now
        var bytes = 0

        @concurrent mutating func next() async throws -> ByteBuffer? {
            ticket.renew(from: began + limits.time(for: bytes))
            guard let part = try await parts.next() else {
                ticket.renew(from: .now)
                return nil
            }
            bytes += part.readableBytes
            return part
        }
    }

    func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(parts: body.makeAsyncIterator(), limits: limits, ticket: ticket)
    }
}
