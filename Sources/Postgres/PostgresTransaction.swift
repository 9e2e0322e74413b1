/// What a transaction sees and may do.
public enum PostgresTransaction: Sendable, Hashable {
    /// `REPEATABLE READ READ ONLY`: every query sees the one state that the first query saw.
    case readOnlySnapshot
    /// `READ COMMITTED`: every statement sees what was committed before it began.
    case readWrite
    /// `SERIALIZABLE`: as if alone. The server may refuse with SQLSTATE 40001; the caller then runs the transaction again.
    case serializable

    var begin: String {
        switch self {
        case .readOnlySnapshot: "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
        case .readWrite: "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"
        case .serializable: "BEGIN ISOLATION LEVEL SERIALIZABLE READ WRITE"
        }
    }
}
