/// A parameter of a statement. Parameters are always bound, never spliced into the SQL.
///
/// The server infers a parameter's type from its place in the statement. Bytes are sent in binary format, everything
/// else as text, so a text may also stand for a date, an enum or JSON.
public enum PostgresValue: Sendable, Hashable {
    case null
    case bool(Bool)
    case int(Int64)
    case double(Double)
    /// Sent byte for byte as UTF-8. A NUL can't be stored in a PostgreSQL text and is refused before anything is sent.
    case text(String)
    case bytes([UInt8])
}
