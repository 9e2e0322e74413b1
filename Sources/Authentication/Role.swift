/// What a user may do.
public enum Role: String, Sendable, Hashable, CaseIterable {
    /// Reads, and writes what is theirs.
    case user
    /// Edits content and operates the server.
    case admin
}
