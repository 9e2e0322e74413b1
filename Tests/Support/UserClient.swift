import Authentication
public import Foundation

/// A client of one user, as an app would be one: it knows the API's document and nothing else of the server.
public struct UserClient: Sendable {
    public let server: any TestedAPI
    /// A bearer token.
    public let token: String

    public init(_ server: any TestedAPI, token: String) {
        self.server = server
        self.token = token
    }

    /// - Parameter user: the server must have been started with ``TestServer/secret``.
    public init(_ server: any TestedAPI, user: String, role: Role = .user) async throws {
        self.init(server, token: try await Self.token(of: user, role: role))
    }

    public enum Role: Sendable {
        case user, admin
    }

    /// A token that is good for a day, for servers with ``TestServer/secret``.
    public static func token(
        of user: String, role: Role = .user, secret: String = TestServer.secret, issued: Date = .now
    ) async throws -> String {
        let minter = try TokenMinter(secret: Secret(secret), policy: TokenPolicy())
        return try await minter.mint(
            user: UserID(user), role: role == .admin ? .admin : .user, timeToLive: .seconds(86400), now: issued)
    }

    /// The same user at another server.
    public func at(_ server: any TestedAPI) -> UserClient { UserClient(server, token: token) }

    /// - Parameter path: below `/api/v1/`.
    @discardableResult
    public func send(
        _ method: TestServer.HTTPMethodName, _ path: String, headers: [String: String] = [:], body: Data? = nil
    ) async throws -> TestServer.Answer {
        try await server.send(
            method, path, headers: headers.merging(["Authorization": "Bearer \(token)"]) { own, _ in own }, body: body)
    }

    /// What an answer is, when it has to have a status.
    private func json(
        _ method: TestServer.HTTPMethodName = .get, _ path: String, body: Data? = nil, expecting statuses: [Int] = [200]
    ) async throws -> [String: Any] {
        let answer = try await send(method, path, body: body)
        guard statuses.contains(answer.status) else { throw UnexpectedStatus(answer, to: "\(method.rawValue) \(path)") }
        return try answer.json()
    }

    // MARK: Records at their addresses

    /// Makes or replaces a record.
    @discardableResult
    public func put(_ key: ClientRecord.Key, _ members: Members) async throws -> ClientRecord {
        let json = try await json(.put, "\(key.kind.path)/\(key.id)", body: members.body(), expecting: [200, 201])
        return try Self.record(key.kind, in: json)
    }

    /// - Returns: `nil` if there is none.
    public func record(_ key: ClientRecord.Key) async throws -> ClientRecord? {
        let json = try await json(.get, "\(key.kind.path)/\(key.id)", expecting: [200, 404])
        return json["status"] as? Int == 404 ? nil : try Self.record(key.kind, in: json)
    }

    /// The one record of an answer.
    public static func record(_ kind: ClientRecord.Kind, in json: [String: Any]) throws -> ClientRecord {
        guard let object = json[kind.rawValue] as? [String: Any] else {
            throw TestFailure("no \(kind.rawValue) in \(json)")
        }
        return try ClientRecord(kind, object)
    }

    /// All of a kind, from all pages.
    public func list(_ kind: ClientRecord.Kind, perPage: Int = 300) async throws -> [ClientRecord] {
        var records: [ClientRecord] = []
        for page in 1... {
            // The positions of a user are few, and come at once.
            let query = kind == .position ? "" : "?page=\(page)&per_page=\(perPage)"
            let json = try await json(.get, "\(kind.path)\(query)")
            records += try Self.records(kind, in: json)
            let pages = (json["pagination"] as? [String: Any])?["total_pages"] as? Int
            if page >= pages ?? 1 { break }
        }
        return records
    }

    private static func records(_ kind: ClientRecord.Kind, in json: [String: Any]) throws -> [ClientRecord] {
        guard let list = json[kind.plural] as? [[String: Any]] else { throw TestFailure("no \(kind.plural): \(json)") }
        return try list.map { try ClientRecord(kind, $0) }
    }

    /// All that the user has.
    public func export() async throws -> [ClientRecord.Key: ClientRecord] {
        let json = try await json(.get, "me/export")
        let records = try ClientRecord.Kind.allCases.flatMap { try Self.records($0, in: json) }
        guard Set(records.map(\.key)).count == records.count else { throw TestFailure("a record stands twice") }
        return Dictionary(uniqueKeysWithValues: records.map { ($0.key, $0) })
    }

    // MARK: Sync

    /// A page of what changed.
    public struct Changes: Sendable, Equatable {
        public let records: [ClientRecord]
        public let cursor: String
        public let hasMore: Bool
    }

    /// - Returns: `nil` if the cursor is too old: start without one.
    public func changes(since cursor: String?, limit: Int? = nil) async throws -> Changes? {
        let query = [cursor.map { "since=\($0)" }, limit.map { "limit=\($0)" }].compactMap(\.self)
        let path = "me/sync" + (query.isEmpty ? "" : "?\(query.joined(separator: "&"))")
        let json = try await json(.get, path, expecting: [200, 410])
        if json["status"] as? Int == 410 {
            guard json["type"] as? String == "urn:quran-backend:problem:cursor-expired" else {
                throw TestFailure("410 for another reason: \(json)")
            }
            return nil
        }
        guard let changes = json["changes"] as? [[String: Any]], let cursor = json["cursor"] as? String,
            let hasMore = json["has_more"] as? Bool
        else { throw TestFailure("no changes: \(json)") }
        return Changes(records: try changes.map(ClientRecord.init(change:)), cursor: cursor, hasMore: hasMore)
    }

    /// All that is there now, as a device gets it that knows nothing.
    public func everything() async throws -> [ClientRecord.Key: ClientRecord] {
        var records: [ClientRecord.Key: ClientRecord] = [:]
        var cursor: String?
        while true {
            guard let page = try await changes(since: cursor) else { throw TestFailure("a young cursor has expired") }
            for record in page.records { records[record.key] = record.members == nil ? nil : record }
            cursor = page.cursor
            guard page.hasMore else { return records }
        }
    }

    /// What became of a mutation.
    public struct Result: Sendable {
        public let id: String
        public let status: String
        public let reason: String?
        public let detail: String?
        /// As it is now; `nil` if there is none.
        public let record: ClientRecord?

        /// Whether it is made, now or before.
        public var isMade: Bool { status == "applied" || status == "already_applied" }
    }

    /// - Parameter path: of sync, or of another address that takes mutations.
    public func mutate(_ mutations: [ClientMutation], at path: String = "me/sync") async throws -> [Result] {
        try await mutate(body: ClientMutation.body(mutations), at: path)
    }

    public func mutate(body: Data, at path: String = "me/sync") async throws -> [Result] {
        let json = try await json(.post, path, body: body)
        guard let results = json["results"] as? [[String: Any]], json.count == 1 else {
            throw TestFailure("no results: \(json)")
        }
        return try results.map { result in
            guard let id = result["id"] as? String, let status = result["status"] as? String,
                Set(result.keys) == ["id", "status", "reason", "detail", "record"]
            else { throw TestFailure("no result: \(result)") }
            return Result(
                id: id, status: status, reason: result["reason"] as? String, detail: result["detail"] as? String,
                record: try (result["record"] as? [String: Any]).map(ClientRecord.init(change:)))
        }
    }
}

/// An answer that was not to be.
public struct UnexpectedStatus: Error, CustomStringConvertible {
    public let status: Int
    public let description: String

    init(_ answer: TestServer.Answer, to request: String) {
        status = answer.status
        description = "\(request): \(answer.status) \(String(decoding: answer.body.prefix(2000), as: UTF8.self))"
    }
}
