/// What went wrong in this client or on the server.
///
/// `description` holds neither the password nor keys or values, except where the server quotes arguments in an error.
public struct RedisError: Error, Sendable {
    /// The kind of failure, for code that has to decide what to do.
    public enum Code: Sendable, Hashable {
        /// There is no usable connection at the moment; ``RedisError/cause`` says why the last attempt failed.
        /// Nothing was sent.
        case notConnected
        /// No reply in time. Whether the server executed the command is unknown.
        case timedOut
        /// The connection broke before the reply. Whether the server executed the command is unknown.
        case connectionClosed
        /// The server answered with an error reply that begins with this word, such as `WRONGTYPE`, `LOADING`,
        /// `READONLY` or `MASTERDOWN`.
        case server(prefix: String)
        /// The server refused the user or password, or wants one and none was given.
        case authenticationFailed
        /// The server sent what isn't RESP 2, more than the limits allow, or a reply to nothing; or the reply hasn't
        /// the type that the command's reply has.
        case protocolViolation
        /// Too many commands, or bytes of them, wait for replies already. Nothing was sent.
        case overloaded
        /// The URL, the TLS settings or a number of the configuration can't be used.
        case invalidConfiguration
        /// The client is shutting down or has shut down.
        case shutDown
        /// The task was cancelled. Whether the server executed the command is unknown.
        case cancelled
    }

    public let code: Code
    /// What happened, in the server's or this client's words.
    public let message: String
    /// What caused it, for example the error of the socket or of TLS.
    public let cause: (any Error)?

    public init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    /// The error that a command's error reply becomes.
    init(_ reply: RedisServerError) {
        self.init(reply.prefix == "NOAUTH" ? .authenticationFailed : .server(prefix: reply.prefix), reply.message)
    }
}

extension RedisError: CustomStringConvertible, CustomDebugStringConvertible {
    public var description: String {
        let name = if case .server = code { "server" } else { "\(code)" }
        let reason = cause.map { " (\($0))" } ?? ""
        return "\(name): \(message)\(reason)"
    }

    public var debugDescription: String { description }
}
