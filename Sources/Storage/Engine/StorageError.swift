/// What went wrong in the store.
public struct StorageError: Error, CustomStringConvertible {
    public enum Code: String, Sendable {
        /// The configuration names no store that can exist: a malformed `DATABASE_URL`.
        case invalidConfiguration
        /// The store is not there: no file, or a schema that was never migrated.
        case missing
        /// The server can't be reached, or the connection was lost.
        case unavailable
        /// More work waits for a connection than is allowed.
        case overloaded
        /// The deadline passed.
        case timedOut
        /// The server took the transaction back, so that another could go on: they had locked each other out.
        case aborted
        /// A constraint of the schema was violated.
        case constraintViolated
        /// The engine refused the statement.
        case statementFailed
        /// A row is not what the schema promises.
        case unexpectedResult
        /// A migration file was changed, is missing, or comes from a newer program.
        case migrationMismatch
    }

    public let code: Code
    /// One sentence for an operator. Never holds a password or the values of a statement.
    public let message: String
    public let cause: (any Error)?

    public init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    /// Whether the same call may succeed a little later.
    public var isTransient: Bool {
        switch code {
        case .unavailable, .overloaded, .timedOut, .aborted: true
        default: false
        }
    }

    public var description: String { message }
}
