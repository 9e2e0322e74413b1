private import CLibpq

/// Where the server is and how much of it a pool may use.
///
/// `description` and errors name the host, port, database and user, never the password.
public struct PostgresConfiguration: Sendable {
    /// The most connections, and threads, that the pool opens. At least 1; default 8.
    public var maximumConnections = 8
    /// The most jobs that may wait for a connection; beyond it a job fails at once with `.poolExhausted`. Default 1024.
    public var maximumWaiting = 1024
    /// How long connecting may take, TLS and authentication included. libpq's own `connect_timeout` doesn't apply, as it
    /// counts only in libpq's blocking calls. Default 5 s.
    ///
    /// Looking up the host's name happens in the system's resolver, which can't be interrupted: the job fails in time,
    /// its worker is free again when the resolver gives up.
    public var connectTimeout: Duration = .seconds(5)
    /// How long a cancelled query may take to end on the server before its connection is dropped. Default 500 ms.
    public var cancelGrace: Duration = .milliseconds(500)
    /// What `pg_stat_activity` shows. Nil leaves it to the URL and `PGAPPNAME`.
    public var applicationName: String?
    /// Prepared statements kept per connection. At least 1; default 256.
    public var statementCacheCapacity = 256

    /// The connection string. Holds the password: for libpq only.
    let url: String
    /// The password, to keep it out of errors; nil if the URL has none.
    let password: String?
    private let summary: String

    /// - Parameter url: What libpq takes: `postgresql://user:password@host:port/database?sslmode=verify-full`, or
    ///   `host=… dbname=…`. What it leaves open comes from libpq: the `PG…` environment, password file, service file.
    /// - Throws: ``PostgresError`` with `.invalidParameter`, without the URL's text, if libpq can't parse it.
    public init(url: String, file: String = #fileID, line: Int = #line) throws(PostgresError) {
        let site = CallSite(file: file, line: line)
        guard !url.isEmpty, !url.utf8.contains(0) else {
            throw PostgresError(.invalidParameter, "the PostgreSQL URL is empty or contains a NUL", at: site)
        }
        let options = try Self.parse(url, at: site)
        // A password with an unescaped "@", "/" or ":" ends up in the host or port, and so later in messages.
        guard options["host"]?.contains("@") != true else {
            throw PostgresError(
                .invalidParameter,
                "the host in the PostgreSQL URL contains \"@\": percent-encode the password's special characters",
                at: site)
        }
        for port in options["port"]?.split(separator: ",") ?? [] {
            guard let port = Int(port), 1...65535 ~= port else {
                throw PostgresError(
                    .invalidParameter,
                    "a port in the PostgreSQL URL is no number of 1 to 65535: percent-encode the password's "
                        + "special characters, or write the port in digits",
                    at: site)
            }
        }
        self.url = url
        password = options["password"]
        summary = ["host", "hostaddr", "port", "dbname", "user", "sslmode"]
            .compactMap { key in options[key].map { "\(key)=\($0)" } }
            .joined(separator: " ")
    }

    private static func parse(_ url: String, at site: CallSite) throws(PostgresError) -> [String: String] {
        var message: UnsafeMutablePointer<CChar>?
        let parsed = unsafe PQconninfoParse(url, &message)
        defer {
            unsafe PQconninfoFree(parsed)
            unsafe PQfreemem(message)
        }
        guard let parsed = unsafe parsed else {
            let reason = unsafe message.map { unsafe String(cString: $0) } ?? "out of memory"
            throw PostgresError(
                .invalidParameter,
                "libpq can't parse the PostgreSQL URL: \(reason.trimmingTrailingNewlines.withoutQuotedParts)", at: site)
        }
        var options: [String: String] = [:]
        var option = unsafe parsed
        while let keyword = unsafe option.pointee.keyword {
            if let value = unsafe option.pointee.val {
                unsafe options[String(cString: keyword)] = String(cString: value)
            }
            unsafe option += 1
        }
        return options
    }
}

extension PostgresConfiguration: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "PostgreSQL(\(summary.isEmpty ? "libpq's defaults" : summary))" }
    public var debugDescription: String { description }
    /// Without the URL, so that `dump` doesn't show the password either.
    public var customMirror: Mirror { Mirror(self, children: ["server": summary]) }

    /// `message` without the password, in case libpq or the server repeats it.
    func redact(_ message: String) -> String {
        guard let password, password.utf8.count >= 3 else { return message }
        return message.split(separator: password, omittingEmptySubsequences: false).joined(separator: "…")
    }
}

extension String {
    /// The text with `"…"` for everything in double quotes: libpq quotes the part of a URL that it doesn't understand,
    /// which may be a piece of the password.
    var withoutQuotedParts: String {
        split(separator: "\"", omittingEmptySubsequences: false).enumerated()
            .map { $0.offset.isMultiple(of: 2) ? String($0.element) : "…" }
            .joined(separator: "\"")
    }
}
