import Configuration
import WebAPI

/// What clients may take of the server, who they are, and which pages may read its answers.
struct LimitSettings: Sendable {
    private(set) var requests = RequestLimits()
    private(set) var connections = ConnectionLimits()
    private(set) var cors = CORSPolicy()
    private(set) var proxies = IPNetwork.loopback
    private(set) var forwardingHeader = ClientAddresses.ForwardingHeader.xForwardedFor
    private(set) var clientLogging = ClientLogging.none

    /// - Parameter reader: its keys are
    ///   - `limit.header.field.bytes` (16384), `limit.header.bytes` (32768), `limit.header.count` (100), `limit.target.bytes`
    ///     (8192), `limit.body.bytes` (67108864)
    ///   - `limit.transfer.rate` (4000): the least bytes in a second
    ///   - `limit.connections` (10000), `limit.connections.per.address` (2000), `limit.requests` (1000)
    ///   - `timeout.head` (10s), `timeout.body` (30s), `timeout.idle` (60s), `timeout.write` (30s), `timeout.request` (30s)
    ///   - `rate.limit.address` (`200/s,1000`), `rate.limit.user` (`20/s,200`): or `off`
    ///   - `trusted.proxies` (`127.0.0.0/8 ::1`): networks, or `none`
    ///   - `forwarded.header` (`x-forwarded-for`), `log.client.address` (`none`), `cors.origins`
    /// - Throws: ``Failure`` that names the variable and what it may be.
    init(reader: ConfigReader) throws {
        /// The name of the variable is that of the key, as the environment's provider has it.
        func read<Value>(_ key: String, _ allowed: String, into value: inout Value, _ make: (String) -> Value?) throws {
            guard let text = reader.string(forKey: ConfigKey(stringLiteral: key)) else { return }
            guard let made = make(text) else {
                let name = key.replacing(".", with: "_").uppercased()
                throw Failure(.badConfiguration, "\(name) must be \(allowed)")
            }
            value = made
        }
        func number(_ key: String, into value: inout Int, in range: ClosedRange<Int>) throws {
            try read(key, "a number from \(range.lowerBound) to \(range.upperBound)", into: &value) { text in
                Int(text).flatMap { range.contains($0) ? $0 : nil }
            }
        }
        func duration(_ key: String, into value: inout Duration) throws {
            try read(key, Self.durations, into: &value, Self.duration)
        }
        func rate(_ key: String, into value: inout RateLimit?) throws {
            try read(key, "tokens in a time and those of a full bucket, such as 200/s,1000, or off", into: &value) {
                $0 == "off" ? .some(nil) : RateLimit($0).map { .some($0) }
            }
        }
        try number("limit.header.field.bytes", into: &connections.headerField, in: 256...1 << 20)
        try number("limit.header.bytes", into: &connections.headerList, in: 256...1 << 20)
        try number("limit.header.count", into: &connections.headerCount, in: 10...10_000)
        try number("limit.target.bytes", into: &connections.target, in: 64...1 << 20)
        try number("limit.body.bytes", into: &connections.bodies.bytes, in: 1...1 << 30)
        try number("limit.transfer.rate", into: &connections.bodies.bytesPerSecond, in: 1...1 << 30)
        try number("limit.connections", into: &connections.connections, in: 1...1_000_000)
        try number("limit.connections.per.address", into: &connections.perAddress, in: 1...1_000_000)
        try number("limit.requests", into: &requests.requests, in: 1...1_000_000)
        try duration("timeout.head", into: &connections.headTimeout)
        try duration("timeout.body", into: &connections.bodies.timeout)
        try duration("timeout.idle", into: &connections.idleTimeout)
        try duration("timeout.write", into: &connections.writeTimeout)
        try duration("timeout.request", into: &requests.timeout)
        try rate("rate.limit.address", into: &requests.addressRate)
        try rate("rate.limit.user", into: &requests.userRate)
        requests.bodies = connections.bodies
        try read(
            "trusted.proxies", "networks such as 10.0.0.0/8, separated by spaces or commas, or none", into: &proxies,
            Self.networks)
        try read("forwarded.header", "x-forwarded-for or forwarded", into: &forwardingHeader) {
            .init(rawValue: $0.lowercased())
        }
        try read("log.client.address", "none, network or full", into: &clientLogging) { .init(rawValue: $0) }
        try read("cors.origins", "*, none, or origins such as https://app.example.org", into: &cors) { CORSPolicy($0) }
    }

    static let durations = "a time from 10ms to 1h, such as 300ms, 10s or 2m"

    /// - Returns: `nil` for what is no time from 10ms to 1h.
    static func duration(_ text: String) -> Duration? {
        TimeSetting.read(text).flatMap { $0 >= .milliseconds(10) && $0 <= .seconds(3600) ? $0 : nil }
    }

    private static func networks(_ text: String) -> [IPNetwork]? {
        let parts = text.split { $0 == "," || $0.isWhitespace }
        if parts == ["none"] { return [] }
        let networks = parts.compactMap { IPNetwork($0) }
        return networks.isEmpty || networks.count < parts.count ? nil : networks
    }
}
