import HTTPTypes
public import Logging
import Synchronization

/// Tells who sent a request: the peer, or whom a proxy that is trusted names.
public final class ClientAddresses: Sendable {
    /// The header in which proxies say for whom they ask. Only one is believed: a proxy writes one, and passes the other on as
    /// the client sent it.
    public enum ForwardingHeader: String, Sendable, CaseIterable {
        case xForwardedFor = "x-forwarded-for"
        /// RFC 7239.
        case forwarded
    }

    /// Who sent a request.
    struct Client: Sendable, Hashable {
        /// `nil` if it is not known: of a connection that was reset the system does not say.
        let address: IPAddress?
        /// Whether it is a proxy that is trusted, or on this machine, and asks for nobody else.
        let isOperator: Bool
    }

    private let proxies: [IPNetwork]
    let header: ForwardingHeader
    private let logger: Logger?
    private let hasWarned = Atomic(false)

    private static let xForwardedForName = HTTPField.Name("X-Forwarded-For")
    private static let forwardedName = HTTPField.Name("Forwarded")

    /// The most entries that are looked at.
    private static let longestWalk = 32

    /// - Parameter proxies: the networks of proxies that are trusted.
    public init(
        proxies: [IPNetwork] = IPNetwork.loopback, header: ForwardingHeader = .xForwardedFor, logger: Logger? = nil
    ) {
        self.proxies = proxies
        self.header = header
        self.logger = logger
    }

    func isTrusted(_ address: IPAddress) -> Bool { proxies.contains { $0.contains(address) } }

    /// - Parameter peer: who holds the other end of the connection.
    func client(peer: IPAddress?, headers: HTTPFields) -> Client {
        let name = header == .forwarded ? Self.forwardedName : Self.xForwardedForName
        return client(peer: peer, values: name.map { headers[values: $0] } ?? [])
    }

    /// - Parameter values: those of the header in which proxies say for whom they ask.
    func client(peer: IPAddress?, values: [String]) -> Client {
        guard let peer else { return Client(address: nil, isOperator: false) }
        guard isTrusted(peer) else {
            if !values.isEmpty, !hasWarned.exchange(true, ordering: .relaxed) {
                logger?.warning(
                    "a peer that is not in TRUSTED_PROXIES says for whom it asks; it is not believed (told once)",
                    metadata: ["peer": "\(peer.network)"])
            }
            return Client(address: peer, isOperator: false)
        }
        return Self.walk(values, header: header, from: peer, isTrusted: isTrusted)
    }

    /// From the right, over the proxies that are trusted, to the first address that is none. What is malformed ends the walk
    /// at the last good one.
    private static func walk(
        _ values: [String], header: ForwardingHeader, from peer: IPAddress, isTrusted: (IPAddress) -> Bool
    ) -> Client {
        var last = peer
        var steps = 0
        for value in values.reversed() {
            let entries = value.split(separator: ",", omittingEmptySubsequences: false)
            for entry in entries.reversed() {
                steps += 1
                let text = header == .forwarded ? forwarded(entry) : trimmed(entry)
                guard steps <= longestWalk, let text, let address = node(text) else {
                    return Client(address: last, isOperator: false)
                }
                last = address
                guard isTrusted(address) else { return Client(address: address, isOperator: false) }
            }
        }
        return Client(address: last, isOperator: true)
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var text = text
        while let first = text.utf8.first, first == 0x20 || first == 0x09 { text.removeFirst() }
        while let last = text.utf8.last, last == 0x20 || last == 0x09 { text.removeLast() }
        return text
    }

    /// The value of `for` in one element of `Forwarded`.
    private static func forwarded(_ element: Substring) -> Substring? {
        var found: Substring?
        for pair in element.split(separator: ";", omittingEmptySubsequences: false) {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else { return nil }
            guard trimmed(parts[0]).lowercased() == "for" else { continue }
            guard found == nil else { return nil }
            var value = trimmed(parts[1])
            if value.hasPrefix("\"") {
                guard value.utf8.count >= 2, value.hasSuffix("\"") else { return nil }
                value = value.dropFirst().dropLast()
            } else if value.contains(":") {
                // An address of IPv6, and a port, must be quoted.
                return nil
            }
            found = value
        }
        return found
    }

    /// An address, which may be in brackets and have a port. `unknown` and hidden names (`_x`) are none.
    private static func node(_ text: Substring) -> IPAddress? {
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { return nil }
            let rest = text[text.index(after: end)...]
            guard rest.isEmpty || isPort(rest) else { return nil }
            let inner = text[text.index(after: text.startIndex)..<end]
            return inner.contains(":") ? IPAddress(inner) : nil
        }
        if let colon = text.firstIndex(of: ":"), text[text.index(after: colon)...].firstIndex(of: ":") == nil {
            return isPort(text[colon...]) ? IPAddress(text[..<colon]) : nil
        }
        return IPAddress(text)
    }

    private static func isPort(_ text: Substring) -> Bool {
        let digits = text.dropFirst()
        return text.hasPrefix(":") && (1...5).contains(digits.utf8.count)
            && digits.utf8.allSatisfy { (0x30...0x39).contains($0) }
    }
}

/// What the log says of who asks. Addresses are personal data.
public enum ClientLogging: String, Sendable, CaseIterable {
    case none
    /// The network: `192.0.2.0/24`, `2001:db8:1::/48`.
    case network
    case full

    func name(of client: ClientAddresses.Client) -> String? {
        switch self {
        case .none: nil
        case .network: client.address?.network
        case .full: client.address?.description
        }
    }
}
