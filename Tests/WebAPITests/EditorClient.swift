import Foundation
import Storage
import TestSupport

/// An editor at work: a client of one server, with a token of an admin.
struct EditorClient: Sendable {
    let server: any TestedAPI
    private let token: String

    /// What a server of these editors is started with.
    static func environment(_ store: TestDatabase, _ more: [String: String] = [:]) -> [String: String] {
        ["DATABASE_URL": store.url, "AUTH_SECRET": TestServer.secret].merging(more) { $1 }
    }

    init(_ server: any TestedAPI, user: String = "editor", role: UserClient.Role = .admin) async throws {
        token = try await UserClient.token(of: user, role: role)
        self.server = server
    }

    /// Runs a test with an editor of a server that has the synthetic content.
    static func with(
        _ engine: DatabaseEngine, _ test: @Sendable (TestDatabase, EditorClient) async throws -> Void
    ) async throws {
        try await TestDatabase.with(engine, holding: .texts) { store in
            try await InProcessAPI.with(environment(store)) { server in
                try await test(store, EditorClient(server))
            }
        }
    }

    /// A file of the synthetic content.
    static func synthetic(_ file: String) throws -> Data {
        try Data(contentsOf: SyntheticContent.shared.folder.appending(path: file))
    }

    /// Uploads a file, under its own name or another.
    ///
    /// - Returns: the number of the draft.
    func upload(_ file: String, as name: String? = nil, to edition: String) async throws -> Int {
        let answer = try await ask(
            .post, "editions/\(edition)/drafts?file=\(name ?? file)", data: Self.synthetic(file), type: "text/plain")
        guard let number = try answer.member("draft", "id") as? Int else { throw TestFailure("no draft of \(file)") }
        return number
    }

    /// - Parameter path: below `/api/v1/admin/`.
    func ask(
        _ method: TestServer.HTTPMethodName, _ path: String, _ body: String? = nil, type: String = "application/json",
        ifMatch: String? = nil
    ) async throws -> TestServer.Answer {
        try await ask(method, path, data: body.map { Data($0.utf8) }, type: type, ifMatch: ifMatch)
    }

    func ask(
        _ method: TestServer.HTTPMethodName, _ path: String, data: Data?, type: String, ifMatch: String? = nil
    ) async throws -> TestServer.Answer {
        var headers = ["Authorization": "Bearer \(token)"]
        if data != nil { headers["Content-Type"] = type }
        headers["If-Match"] = ifMatch
        return try await server.send(method, "admin/\(path)", headers: headers, body: data)
    }

    /// The number of the newest entry in the log.
    func newestEntry() async throws -> Int {
        let entries = try await ask(.get, "audit?per_page=1").json()["entries"] as? [[String: Any]]
        return entries?.first?["number"] as? Int ?? 0
    }
}

extension TestServer.Answer {
    /// The last part of the problem's type.
    var problem: String? {
        do {
            return (try json()["type"] as? String)?.split(separator: ":").last.map(String.init)
        } catch {
            return nil
        }
    }

    /// A member of the one object in the body.
    func member(_ object: String, _ name: String) throws -> Any? { (try json()[object] as? [String: Any])?[name] }

    func text(_ object: String, _ name: String) throws -> String? { try member(object, name) as? String }
}
