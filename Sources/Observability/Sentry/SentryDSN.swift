import Foundation

/// Where a project of Sentry takes events: `https://<public key>@<host>[:<port>][/<path>]/<project>`.
///
/// It prints without its key.
public struct SentryDSN: Sendable, Hashable {
    /// Lets whoever knows it send events: in no log.
    let publicKey: String
    let project: String
    /// Scheme, host, port and path, without a slash at the end.
    private let base: String
    /// The whole DSN: for the receiver alone.
    let text: String

    /// - Returns: `nil` unless it is such an address, with http or https, a key of letters and digits, a number for a project
    ///   and nothing else: no password, query or fragment.
    public init?(_ text: String) {
        guard text.utf8.count <= 512, text.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "%") }),
            let url = URLComponents(string: text), let scheme = url.scheme?.lowercased(),
            ["http", "https"].contains(scheme), let host = url.host, !host.isEmpty, let key = url.user,
            url.password == nil, url.query == nil, url.fragment == nil, url.port.map((1...65535).contains) ?? true,
            (1...64).contains(key.utf8.count), key.utf8.allSatisfy(Self.isLetterOrDigit)
        else { return nil }
        let segments = url.path.split(separator: "/", omittingEmptySubsequences: false)
        guard segments.count >= 2, segments[0].isEmpty, let project = segments.last,
            (1...20).contains(project.utf8.count), project.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            !segments.dropFirst().contains(where: { $0.isEmpty || $0 == "." || $0 == ".." })
        else { return nil }
        publicKey = key
        self.project = String(project)
        let path = segments.dropFirst().dropLast().map { "/\($0)" }.joined()
        base = "\(scheme)://\(host)\(url.port.map { ":\($0)" } ?? "")\(path)"
        self.text = text
    }

    /// Where envelopes are posted to.
    var envelopes: String { "\(base)/api/\(project)/envelope/" }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
    }
}

extension SentryDSN: CustomStringConvertible, CustomReflectable {
    public var description: String { "\(base)/\(project)" }

    public var customMirror: Mirror { Mirror(self, children: ["description": description]) }
}
