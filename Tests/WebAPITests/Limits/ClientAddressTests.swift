import HTTPTypes
import Testing

@testable import WebAPI

/// Who sent a request, and who may read the answer.
@Suite struct `Clients and their addresses` {
    @Test(arguments: [
        ("192.0.2.1", "192.0.2.1"), ("::1", "::1"), ("2001:DB8::1", "2001:db8::1"), ("::ffff:192.0.2.1", "192.0.2.1"),
        ("::", "::"), ("0.0.0.0", "0.0.0.0"), ("255.255.255.255", "255.255.255.255"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2:3:4:5:6"),
    ])
    func `an address is read and written`(text: String, written: String) throws {
        #expect(try #require(IPAddress(text)).description == written)
    }

    @Test(arguments: [
        "", "1", "1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4", "1.2.3.4 ", " 1.2.3.4", "1.2.3.4:80", "[::1]",
        "::1%eth0",
        "1::2::3", ":::", "12345::", "1.2.3.4\0", "١.2.3.4", "localhost", "0x7f.1.1.1",
    ])
    func `what is no address is refused`(text: String) { #expect(IPAddress(text) == nil) }

    @Test func `networks hold what is in them`() throws {
        let table: [(String, [String], [String])] = [
            ("10.0.0.0/8", ["10.0.0.0", "10.255.255.255", "::ffff:10.1.1.1"], ["11.0.0.0", "9.255.255.255", "::1"]),
            ("192.0.2.7", ["192.0.2.7"], ["192.0.2.6"]),
            ("0.0.0.0/0", ["1.2.3.4"], ["2001:db8::1"]),
            ("::/0", ["1.2.3.4", "2001:db8::1"], []),
            ("2001:db8::/33", ["2001:db8:7fff::1"], ["2001:db8:8000::1"]),
            ("fd00::/65", ["fd00::7fff:0:0:1"], ["fd00::8000:0:0:1"]),
        ]
        for (text, inside, outside) in table {
            let network = try #require(IPNetwork(text), "\(text)")
            for other in inside { #expect(network.contains(try #require(IPAddress(other))), "\(other) in \(text)") }
            for other in outside { #expect(!network.contains(try #require(IPAddress(other))), "\(other) in \(text)") }
        }
        for text in [
            "", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.1/8", "10.0.0.0/08", "10.0.0.0/+8", "10.0.0.0/8/8", "::/129",
            "::1/64", "10/8",
        ] { #expect(IPNetwork(text) == nil, "\(text)") }
    }

    @Test func `one client has one bucket: an address of IPv4, a network of IPv6`() throws {
        func key(_ text: String) throws -> RateLimitKey { RateLimitKey(try #require(IPAddress(text))) }
        #expect(try key("2001:db8::1") == key("2001:db8::ffff:1:2:3"))
        #expect(try key("2001:db8:0:1::1") != key("2001:db8::1"))
        #expect(try key("192.0.2.1") != key("192.0.2.2"))
        #expect(try key("192.0.2.1") == key("::ffff:192.0.2.1"))
    }

    /// Peer, the header's lines, who it is; `nil` for the operator.
    private static let walks: [(String, [String], String?)] = [
        ("203.0.113.9", [], "203.0.113.9"),
        ("203.0.113.9", ["198.51.100.1"], "203.0.113.9"),
        ("10.0.0.1", [], nil),
        ("10.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["6.6.6.6, 198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["6.6.6.6, 198.51.100.1, 10.0.0.2"], "198.51.100.1"),
        ("10.0.0.1", ["6.6.6.6", "198.51.100.1", "10.0.0.2 , 10.0.0.3"], "198.51.100.1"),
        ("10.0.0.1", ["10.0.0.2"], nil),
        ("10.0.0.1", ["198.51.100.1, nonsense"], "10.0.0.1"),
        ("10.0.0.1", ["198.51.100.1, nonsense, 10.0.0.2"], "10.0.0.2"),
        ("10.0.0.1", ["198.51.100.1,,10.0.0.2"], "10.0.0.2"),
        ("10.0.0.1", [""], "10.0.0.1"),
        ("10.0.0.1", ["198.51.100.1:4711"], "198.51.100.1"),
        ("10.0.0.1", ["198.51.100.1:"], "10.0.0.1"),
        ("10.0.0.1", ["198.51.100.1:123456"], "10.0.0.1"),
        ("10.0.0.1", ["2001:db8::7"], "2001:db8::7"),
        ("10.0.0.1", ["[2001:db8::7]:443"], "2001:db8::7"),
        ("10.0.0.1", ["[2001:db8::7]"], "2001:db8::7"),
        ("10.0.0.1", ["[2001:db8::7]x"], "10.0.0.1"),
        ("10.0.0.1", ["[198.51.100.1]"], "10.0.0.1"),
        ("10.0.0.1", ["unknown"], "10.0.0.1"),
        ("::ffff:10.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", [Array(repeating: "10.0.0.2", count: 100_000).joined(separator: ",")], "10.0.0.2"),
    ]

    @Test func `X-Forwarded-For is believed from proxies that are trusted, from the right`() throws {
        let clients = ClientAddresses(proxies: try [#require(IPNetwork("10.0.0.0/8"))])
        for (peer, lines, expected) in Self.walks {
            try expect(clients, "X-Forwarded-For", peer, lines, expected)
        }
        try expect(clients, "Forwarded", "10.0.0.1", ["for=198.51.100.1"], nil)
    }

    @Test func `Forwarded is, where the proxies write that`() throws {
        let clients = ClientAddresses(proxies: try [#require(IPNetwork("10.0.0.0/8"))], header: .forwarded)
        let walks: [(String, [String], String?)] = [
            ("10.0.0.1", ["for=198.51.100.1"], "198.51.100.1"),
            ("10.0.0.1", ["For=198.51.100.1;proto=https;by=10.0.0.1"], "198.51.100.1"),
            ("10.0.0.1", ["proto=https; for=\"198.51.100.1:4711\" , for=10.0.0.2"], "198.51.100.1"),
            ("10.0.0.1", ["for=6.6.6.6", "for=\"[2001:db8::7]:443\""], "2001:db8::7"),
            ("10.0.0.1", ["for=[2001:db8::7]"], "10.0.0.1"),
            ("10.0.0.1", ["for=_hidden"], "10.0.0.1"),
            ("10.0.0.1", ["for=unknown, for=10.0.0.2"], "10.0.0.2"),
            ("10.0.0.1", ["for=198.51.100.1;for=6.6.6.6"], "10.0.0.1"),
            ("10.0.0.1", ["for=\"198.51.100.1"], "10.0.0.1"),
            ("10.0.0.1", ["proto=https"], "10.0.0.1"),
            ("10.0.0.1", ["nonsense"], "10.0.0.1"),
            ("203.0.113.9", ["for=6.6.6.6"], "203.0.113.9"),
        ]
        for (peer, lines, expected) in walks { try expect(clients, "Forwarded", peer, lines, expected) }
        try expect(clients, "X-Forwarded-For", "10.0.0.1", ["198.51.100.1"], nil)
    }

    private func expect(
        _ clients: ClientAddresses, _ name: String, _ peer: String, _ lines: [String], _ expected: String?
    ) throws {
        let field = try #require(HTTPField.Name(name))
        var headers = HTTPFields()
        for line in lines { headers.append(HTTPField(name: field, value: line)) }
        let client = clients.client(peer: IPAddress(peer), headers: headers)
        let shown = client.isOperator ? nil : client.address?.description
        #expect(shown == expected, "\(peer) \(lines.map { $0.prefix(100) })")
    }

    @Test func `who is not known is not the operator, and all of them have one bucket`() throws {
        let clients = ClientAddresses()
        let unknown = clients.client(peer: nil, headers: [:])
        #expect(!unknown.isOperator && unknown.address == nil)
        let admission = Admission(clients: clients)
        #expect(admission.key(for: unknown) != nil)
        #expect(admission.key(for: clients.client(peer: IPAddress("127.0.0.1"), headers: [:])) == nil)
    }

    @Test func `what the log says of an address is what the operator asked for`() throws {
        let client = ClientAddresses.Client(address: IPAddress("198.51.100.77"), isOperator: false)
        #expect(ClientLogging.none.name(of: client) == nil)
        #expect(ClientLogging.network.name(of: client) == "198.51.100.0/24")
        #expect(ClientLogging.full.name(of: client) == "198.51.100.77")
        let other = ClientAddresses.Client(address: IPAddress("2001:db8:1:2::3"), isOperator: false)
        #expect(ClientLogging.network.name(of: other) == "2001:db8:1::/48")
    }

    @Test func `pages of other origins read what the policy lets them`() throws {
        let areas: [CORSPolicy.Area] = [.content, .users, .admins, .others]
        let table: [(CORSPolicy?, [String?], Bool)] = [
            (CORSPolicy(), ["*", nil, nil, nil], false),
            (CORSPolicy("none"), [nil, nil, nil, nil], false),
            (CORSPolicy("*"), ["*", "*", nil, nil], false),
            (
                CORSPolicy("https://a.example, http://localhost:3000"),
                ["https://a.example", "https://a.example", "https://a.example", nil], true
            ),
            (CORSPolicy("https://b.example"), [nil, nil, nil, nil], true),
        ]
        for (policy, allowed, depends) in table {
            for (area, allowed) in zip(areas, allowed) {
                let grant = try #require(policy).grant(area, to: "https://a.example")
                #expect(grant == .init(allowed: allowed, depends: depends && area != .others), "\(area)")
            }
        }
        for text in [
            "", " ", "https://a.example/", "a.example", "*, https://a.example", "https://A.example", "ftp://a",
        ] {
            #expect(CORSPolicy(text) == nil, "\(text)")
        }
    }
}
