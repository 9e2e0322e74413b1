public import Logging
import Metrics
import Synchronization

/// How much connections may take.
public struct ConnectionLimits: Sendable {
    /// The most at a time.
    public var connections = 10_000
    /// The most at a time of one address, or of one network of IPv6 (/64). Proxies that are trusted have no such limit. Behind one
    /// address may be a school whose browsers keep six connections each.
    public var perAddress = 2000
    /// The most bytes of one header field, its name and its value.
    public var headerField = 16 << 10
    /// The most bytes of all header fields.
    public var headerList = 32 << 10
    /// The most header fields.
    public var headerCount = 100
    /// The most bytes of a request's target.
    public var target = 8 << 10
    public var bodies = BodyLimits()
    /// How long a head may take, from its first byte on.
    public var headTimeout: Duration = .seconds(10)
    /// How long a connection may wait for a request.
    public var idleTimeout: Duration = .seconds(60)
    /// How long a client may take nothing of an answer.
    public var writeTimeout: Duration = .seconds(30)

    public init() {}
}

/// The connections that are open, by address.
public final class ConnectionTable: Sendable {
    /// What there are too many of.
    enum Refusal: String { case total, address }

    private struct State {
        var count = 0
        var byAddress: [RateLimitKey: Int] = [:]
        var warnedAt: [Refusal: ContinuousClock.Instant] = [:]

        /// Whether there was no warning for a minute.
        mutating func warns(_ refusal: Refusal) -> Bool {
            if let last = warnedAt[refusal], last + .seconds(60) > .now { return false }
            warnedAt[refusal] = .now
            return true
        }
    }

    private let limits: ConnectionLimits
    private let clients: ClientAddresses
    private let logger: Logger
    private let state = Mutex(State())
    private let meter = Meter(label: "quran_http_connections")

    public init(_ limits: ConnectionLimits, clients: ClientAddresses, logger: Logger) {
        self.limits = limits
        self.clients = clients
        self.logger = logger
    }

    public var count: Int { state.withLock(\.count) }

    /// - Returns: whether there is room for one more; then ``leave(_:)`` must follow.
    func enter(_ address: IPAddress?) -> Bool {
        let key = key(address)
        let refused = state.withLock { state -> (reason: Refusal, warns: Bool)? in
            guard state.count < limits.connections else { return (.total, state.warns(.total)) }
            if let key {
                guard state.byAddress[key, default: 0] < limits.perAddress else {
                    return (.address, state.warns(.address))
                }
                state.byAddress[key, default: 0] += 1
            }
            state.count += 1
            return nil
        }
        guard let refused else {
            meter.increment()
            return true
        }
        RefusalCounters.countConnection(refused.reason)
        if refused.warns { warn(refused.reason, of: address) }
        return false
    }

    private func warn(_ refusal: Refusal, of address: IPAddress?) {
        switch refusal {
        case .total: logger.warning("connections are refused: there are \(limits.connections)")
        case .address:
            logger.warning(
                "connections of an address are refused: it has \(limits.perAddress) (told once a minute)",
                metadata: ["network": "\(address?.network ?? "unknown")"])
        }
    }

    func leave(_ address: IPAddress?) {
        meter.decrement()
        let key = key(address)
        state.withLock { state in
            state.count -= 1
            guard let key, let count = state.byAddress[key] else { return }
            state.byAddress[key] = count > 1 ? count - 1 : nil
        }
    }

    private func key(_ address: IPAddress?) -> RateLimitKey? {
        guard let address else { return .unknown }
        return clients.isTrusted(address) ? nil : RateLimitKey(address)
    }
}
