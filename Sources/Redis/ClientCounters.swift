private import Synchronization

/// What a client counts.
final class ClientCounters: Sendable {
    private let numberOfReconnects = Atomic(0)
    private let numberOfTimeouts = Atomic(0)
    private let numberOfOverloads = Atomic(0)

    func countReconnect() { numberOfReconnects.add(1, ordering: .relaxed) }
    func countTimeout() { numberOfTimeouts.add(1, ordering: .relaxed) }
    func countOverload() { numberOfOverloads.add(1, ordering: .relaxed) }

    var reconnects: Int { numberOfReconnects.load(ordering: .relaxed) }
    var timeouts: Int { numberOfTimeouts.load(ordering: .relaxed) }
    var overloads: Int { numberOfOverloads.load(ordering: .relaxed) }
}
