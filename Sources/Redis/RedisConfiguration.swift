/// Where the server is and how much of it a client may use.
///
/// `description` and errors name the host, port, database and user, never the password.
public struct RedisConfiguration: Sendable {
    /// TLS towards the server, asked for by `rediss://`.
    public struct TLS: Sendable, Hashable {
        /// A PEM file with the certificates to trust in place of the system's.
        public var certificateAuthorityFile: String?
        /// Whether the server's certificate and name are checked. Default true; false is open to anyone on the way.
        public var verifiesServer = true

        public init() {}
    }

    public let host: String
    public let port: Int
    /// The number for `SELECT`. Default 0, which sends none.
    public let database: Int
    /// The ACL user; nil for the default user.
    public let user: String?
    let password: String?

    /// Nil: no TLS.
    public var tls: TLS?
    /// What `CLIENT LIST` shows. No spaces or line breaks. Nil sends none.
    public var clientName: String?
    /// How long connecting may take: name look-up, TCP, TLS and authentication. Default 2 s.
    public var connectTimeout: Duration = .seconds(2)
    /// How long a command may take if the call doesn't say. Default 50 ms.
    ///
    /// A connection that owes a reply for ten times the command's timeout, and at least 1 s, is closed and replaced.
    public var commandTimeout: Duration = .milliseconds(50)
    /// Connections that a ``RedisClient`` keeps. Nil, the default: one per event loop. 1 to 50, others are brought there.
    public var connections: Int?
    /// The most commands of one connection that wait for a reply, with those that were given up; beyond it they fail
    /// with `.overloaded`. So no pipeline may be longer either. Default 16,384.
    public var maximumPending = 16_384
    /// The most bytes of commands that wait for a reply on one connection. A single call may be larger if nothing
    /// else waits. Default 64 MiB.
    public var maximumPendingBytes = 64 << 20
    /// The most bytes of one reply. A longer one ends the connection when it is announced. Default 64 MiB.
    public var maximumReplySize = 64 << 20
    /// The most values of one reply, nested ones included. Default 1,048,576.
    public var maximumReplyElements = 1 << 20
    /// The wait after the first failed attempt to connect; it doubles with each further one, and is drawn from its upper
    /// half so that clients don't come back in step. Default 50 ms.
    public var backoffBase: Duration = .milliseconds(50)
    /// The longest wait between attempts. Default 500 ms.
    public var backoffMaximum: Duration = .milliseconds(500)
    /// How often a ``RedisSubscriber`` sends `PING`. After three intervals without a byte its connection is given up.
    /// Default 1 s.
    public var pingInterval: Duration = .seconds(1)

    /// - Parameter url: `redis://[user][:password]@host[:port][/database]`, or `rediss://…` for TLS. Without a port 6379,
    ///   without a user the default user. `%40` stands for `@` in user and password. IPv6 addresses in brackets.
    /// - Throws: ``RedisError`` with `.invalidConfiguration`, without the URL's text.
    public init(url: String) throws(RedisError) {
        let parts = try RedisURL(url)
        host = parts.host
        port = parts.port
        database = parts.database
        user = parts.user
        password = parts.password
        tls = parts.usesTLS ? TLS() : nil
    }
}

extension RedisConfiguration: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// A URL without the password.
    public var description: String {
        let user = user.map { "\($0)@" } ?? ""
        let host = host.contains(":") ? "[\(host)]" : host
        return "\(tls == nil ? "redis" : "rediss")://\(user)\(host):\(port)/\(database)"
    }

    public var debugDescription: String { description }
    /// Without the password, so that `dump` doesn't show it either.
    public var customMirror: Mirror { Mirror(self, children: ["server": description]) }

    /// `message` without the password, in case the server repeats it.
    func redact(_ message: String) -> String {
        guard let password, password.utf8.count >= 3 else { return message }
        return message.split(separator: password, omittingEmptySubsequences: false).joined(separator: "…")
    }

    var replyLimits: ReplyLimits { ReplyLimits(size: maximumReplySize, elements: maximumReplyElements) }

    /// - Throws: ``RedisError`` with `.invalidConfiguration` for what no client can work with.
    func check() throws(RedisError) {
        let durations = [connectTimeout, commandTimeout, backoffBase, backoffMaximum, pingInterval]
        guard durations.allSatisfy({ $0 > .zero }), backoffMaximum >= backoffBase else {
            throw RedisError(.invalidConfiguration, "Redis times must be above zero, the longest wait too")
        }
        guard maximumPending > 0, maximumPendingBytes > 0, maximumReplySize > 0, maximumReplyElements > 0 else {
            throw RedisError(.invalidConfiguration, "Redis limits must be above zero")
        }
        // hiredis counts bytes and values as C ints.
        guard maximumReplySize < 1 << 30, maximumReplyElements < 1 << 30 else {
            throw RedisError(.invalidConfiguration, "Redis replies can't be allowed 1 GiB or more")
        }
        if let clientName, !clientName.utf8.allSatisfy({ 0x21...0x7E ~= $0 }) || clientName.isEmpty {
            throw RedisError(.invalidConfiguration, "a Redis client's name is printable ASCII without spaces")
        }
    }
}
