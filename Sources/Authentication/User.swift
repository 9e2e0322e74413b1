/// Who sent a request.
public struct User: Sendable, Hashable {
    public let id: UserID
    public let role: Role

    public init(id: UserID, role: Role) {
        self.id = id
        self.role = role
    }
}
