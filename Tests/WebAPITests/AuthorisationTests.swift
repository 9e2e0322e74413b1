import Authentication
import ContentService
import Foundation
import Hummingbird
import Storage
import TestSupport
import Testing
import WebAPI

/// Who may do what: every address with every method, asked by everybody.
@Suite struct `Authorisation` {
    /// Whoever may ask.
    private enum Caller: String, CaseIterable {
        case nobody, expired, forged, unsigned, foreign
        /// A user with data, another one without, and one of another role, who has none either.
        case owner, other, admin

        /// Whether they are who they say.
        var isKnown: Bool { [.owner, .other, .admin].contains(self) }
    }

    @Test func `the table has every route that there is`() async throws {
        let store = try await TestDatabase.seeded(.sqlite)
        let system = try await ContentSystem(
            database: store.database, cacheCapacity: 1 << 20, logger: TestDatabase.logger)
        let verifier = try await TokenVerifier(
            keys: .secret(Secret(TestServer.secret)), policy: TokenPolicy(), logger: TestDatabase.logger)
        let dispatcher = try await WebhookDispatcher(
            database: store.database, targets: [], secrets: [], logger: TestDatabase.logger)
        let api = APIServices(
            system: system, verifier: verifier, dispatcher: dispatcher,
            cacheOperations: CacheOperations(system, statistics: nil, warmUp: nil),
            monitor: ContentMonitor(system, dispatcher: dispatcher, logger: TestDatabase.logger))
        let router = api.makeRouter()
        let routed = Set(router.routes.map { "\($0.path)" })
        let listed = Set(RouteRow.all.map { $0.root + $0.path })
        #expect(listed.count == RouteRow.all.count, "no address stands twice")
        #expect(routed.subtracting(listed) == [], "not in the table: say there who may")
        #expect(listed.subtracting(routed) == [], "in the table alone")
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `everyone is let in where they may be, and nowhere else`(engine: DatabaseEngine) async throws {
        try await TestDatabase.with(engine, holding: .facts) { store in
            let environment = [
                "DATABASE_URL": store.url, "AUTH_SECRET": TestServer.secret,
                "WEBHOOK_SECRET": "whsec_\(Data(count: 32).base64EncodedString())",
            ]
            try await InProcessAPI.with(environment) { server in
                let tokens = try await Self.tokens()
                let owner = UserClient(server, token: try #require(tokens[.owner] ?? nil))
                for row in RouteRow.all {
                    for method in TestServer.HTTPMethodName.allCases {
                        for caller in Caller.allCases {
                            try await Self.prepare(server, row, caller, method, tokens: tokens, owner: owner)
                            let before = method.writes ? try await owner.export() : [:]
                            let token = try #require(tokens[caller])
                            let answer = try await server.send(
                                method, row.example, headers: token.map { ["Authorization": "Bearer \($0)"] } ?? [:],
                                body: row.call(method)?.body.map { Data($0.utf8) }, root: row.root)
                            let expected = Self.status(row, method, caller)
                            let request = "\(method.rawValue) \(row.example) by \(caller)"
                            #expect(
                                answer.status == expected,
                                "\(request): \(String(decoding: answer.body.prefix(300), as: UTF8.self))")
                            Self.check(answer, row, request)
                            if method.writes, caller != .owner {
                                #expect(try await owner.export() == before, "\(request) changed what is another's")
                            }
                        }
                    }
                }
            }
        }
    }

    /// Everybody's token.
    private static func tokens() async throws -> [Caller: String?] {
        let owner = try await UserClient.token(of: "owner")
        let other = try await UserClient.token(of: "other")
        let admin = try await UserClient.token(of: "admin", role: .admin)
        // With what the owner may, and the signature of another token.
        let forged = admin.split(separator: ".").dropLast() + other.split(separator: ".").suffix(1)
        let unsigned = Data(#"{"alg":"none"}"#.utf8).base64EncodedString()
        return [
            .nobody: String?.none, .owner: owner, .other: other, .admin: admin,
            .expired: try await UserClient.token(of: "owner", issued: .now.addingTimeInterval(-2 * 86400)),
            .forged: forged.joined(separator: "."),
            .unsigned: "\(unsigned.replacing("=", with: "")).\(owner.split(separator: ".")[1]).",
            .foreign: try await UserClient.token(
                of: "owner", role: .admin, secret: "another secret, of 32 bytes or more"),
        ]
    }

    /// Gives the owner what the table speaks of, and the others nothing.
    private static func prepare(
        _ server: any TestedAPI, _ row: RouteRow, _ caller: Caller, _ method: TestServer.HTTPMethodName,
        tokens: [Caller: String?], owner: UserClient
    ) async throws {
        guard row.access != .everyone, caller.isKnown, method == .get || method.writes else { return }
        if caller != .owner, let token = tokens[caller] ?? nil {
            let emptied = try await UserClient(server, token: token).send(.delete, "me")
            #expect(emptied.status == 204)
        }
        try await owner.put(.init(.bookmark, "b1"), ["from": "2:255"])
        try await owner.put(.init(.collection, "c1"), ["name": "c"])
        try await owner.put(.init(.position, "d1"), ["ayah": "2:255"])
        try await owner.send(.delete, "me/bookmarks/b2")
    }

    private static func status(_ row: RouteRow, _ method: TestServer.HTTPMethodName, _ caller: Caller) -> Int {
        switch row.access {
        case .everyone: break
        case .users: if !caller.isKnown { return 401 }
        case .admins:
            if !caller.isKnown { return 401 }
            if caller != .admin { return 403 }
        }
        if method == .options { return 204 }
        guard let call = row.call(method) else { return 405 }
        return caller == .owner ? call.status : call.statusWithNothing ?? call.status
    }

    /// What goes with a status.
    private static func check(_ answer: TestServer.Answer, _ row: RouteRow, _ request: String) {
        switch answer.status {
        case 401 where row.access != .everyone:
            #expect(answer.headers["www-authenticate"]?.hasPrefix("Bearer ") == true, "\(request)")
        case 405: #expect(answer.headers["allow"]?.contains("OPTIONS") == true, "\(request)")
        default: break
        }
        if row.access != .everyone, answer.status < 300 {
            let caching = answer.headers["cache-control"] ?? ""
            #expect(
                answer.status == 204 || caching.contains("private") || caching.contains("no-store"),
                "\(request): \(caching)")
        }
    }
}

extension TestServer.HTTPMethodName {
    fileprivate var writes: Bool { ![.get, .head, .options].contains(self) }
}

extension RouteRow {
    /// - Returns: `nil` for a method that is not allowed. HEAD follows GET.
    fileprivate func call(_ method: TestServer.HTTPMethodName) -> Call? {
        calls.first { $0.method == (method == .head ? .get : method) }
    }
}
