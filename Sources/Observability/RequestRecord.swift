public import Foundation
import Synchronization

/// A request that was answered, as logs, metrics and traces tell of it. Nothing in it is secret or personal but `error`,
/// whose text may quote what was sent.
public struct RequestRecord: Sendable {
    /// The client's `X-Request-Id`, or one that was made.
    public let id: String
    public let trace: TraceContext
    public let method: String
    /// The address as the router has it, `/api/v1/surahs/{number}`; `nil` if the router has none such.
    public let route: String?
    public let status: Int
    public let startedAt: Date
    /// Until the head of the answer was there.
    public let duration: Duration
    public let responseBytes: Int
    /// What it did meanwhile, in the order of their ends.
    public let steps: [RequestStep]
    /// Why it failed, if that was the server's fault.
    public let error: (any Error)?

    public init(
        id: String, trace: TraceContext, method: String, route: String?, status: Int, startedAt: Date,
        duration: Duration, responseBytes: Int, steps: [RequestStep] = [], error: (any Error)? = nil
    ) {
        self.id = id
        self.trace = trace
        self.method = method
        self.route = route
        self.status = status
        self.startedAt = startedAt
        self.duration = duration
        self.responseBytes = responseBytes
        self.steps = steps
        self.error = error
    }
}

/// A part of a request's work.
public struct RequestStep: Sendable {
    public enum Kind: Sendable, Hashable {
        /// A read through the cache.
        ///
        /// - Parameters:
        ///   - source: `memory`, `shared` or `loaded`, as `CacheAnswer` says.
        ///   - staleness: why it was stale, if it was.
        ///   - loading: how much of the time was spent loading from the database, if it was loaded.
        case cache(source: String, staleness: String?, bytes: Int, loading: Duration?)
        /// Work with the database that no cache spares.
        case database
    }

    public let kind: Kind
    /// After the request's start.
    public let offset: Duration
    public let duration: Duration

    public init(_ kind: Kind, offset: Duration, duration: Duration) {
        self.kind = kind
        self.offset = offset
        self.duration = duration
    }
}

/// The steps of a request that is being answered, as its parts note them.
public final class RequestSteps: Sendable {
    /// More are not kept.
    private static let limit = 100

    public let startedAt = ContinuousClock.now
    private let noted = Mutex<[RequestStep]>([])

    public init() {}

    /// Notes a step that began at a time and ends now.
    public func note(_ kind: RequestStep.Kind, from start: ContinuousClock.Instant) {
        let step = RequestStep(kind, offset: start - startedAt, duration: ContinuousClock.now - start)
        noted.withLock { if $0.count < Self.limit { $0.append(step) } }
    }

    public var all: [RequestStep] { noted.withLock { $0 } }
}

/// Hears of every request once it was answered. It is called on the request's way, so it must neither wait nor throw.
public protocol RequestObserver: Sendable {
    func observe(_ request: RequestRecord)

    /// A request was received; ``observe(_:)`` follows.
    func requestBegan()
}

extension RequestObserver {
    public func requestBegan() {}
}
