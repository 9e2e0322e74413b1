import Foundation
import TestSupport

/// Who may use an address. A new route is added here; until it is, the tests fail.
struct RouteRow: Sendable {
    enum Access: Sendable {
        case everyone
        /// Users, each on what is their own.
        case users
        case admins
    }

    /// What comes of a method of the address.
    struct Call: Sendable {
        let method: TestServer.HTTPMethodName
        var body: String?
        /// The status for who may, and has made the bookmark `b1`, the collection `c1` and the position `d1`.
        let status: Int
        /// The status for who may as well, and has made nothing; `nil` for the same.
        var statusWithNothing: Int?
    }

    /// What the address is below: `/api/v1/`, or `/`.
    let root: String
    /// As the router has it, below its root.
    let path: String
    /// An example of the address, below its root.
    let example: String
    let access: Access
    let calls: [Call]

    private init(
        _ path: String, _ example: String?, _ access: Access, root: String = "/api/v1/", _ calls: [Call]
    ) {
        self.root = root
        self.path = path
        self.example = example ?? path
        self.access = access
        self.calls = calls
    }

    /// What everyone may read.
    private static func read(_ path: String, _ example: String? = nil) -> RouteRow {
        RouteRow(path, example, .everyone, [Call(method: .get, status: 200)])
    }

    private static func own(_ path: String, _ example: String? = nil, _ calls: Call...) -> RouteRow {
        RouteRow(path, example, .users, calls)
    }

    static let all = content + description + users + admins

    /// The API's own.
    private static let description = ["openapi.json", "openapi.yaml", "docs"].map {
        RouteRow($0, nil, .everyone, root: "/", [Call(method: .get, status: 200)])
    }

    private static let content: [RouteRow] =
        ["juzs", "hizbs", "rubs", "manzils", "rukus", "pages"].flatMap {
            [read($0), read("\($0)/{number}", "\($0)/2")]
        }
        + [
            read("surahs"), read("surahs/{number}", "surahs/1"),
            read("ayahs", "ayahs?to=1:7"), read("ayahs/{ayah}", "ayahs/2:255"),
            read("ayahs/random"), read("ayahs/of-the-day"), read("search", "search?q=sample"),
            read("sajdas"), read("meta"), read("health"),
            read("editions"), read("editions/{id}", "editions/uthmani"),
            read("translations"), read("translations/{id}", "translations/en.pickthall"),
            read("tafsirs"), read("tafsirs/{id}", "tafsirs/ar.jalalayn"),
            read("reciters"), read("reciters/{id}", "reciters/\(reciter)"),
            read("reciters/{id}/surahs/{number}", "reciters/\(reciter)/surahs/1"),
            // Its sender is told by a signature, not by a token.
            RouteRow("webhooks/content", nil, .everyone, [Call(method: .post, body: "{}", status: 401)]),
        ]

    private static let reciter = "ayah.everyayah.abdulbasit_abdulsamad"

    private static let users: [RouteRow] =
        [
            own("me", nil, Call(method: .get, status: 200), Call(method: .delete, status: 204)),
            own("me/export", nil, Call(method: .get, status: 200)),
            own("me/sync", nil, Call(method: .get, status: 200), Call(method: .post, body: mutations, status: 200)),
            own("me/bookmarks/batch", nil, Call(method: .post, body: mutations, status: 200)),
        ]
        + records("bookmarks", "b1", #"{"from": "2:255"}"#, patch: #"{"note": "n"}"#)
        + records("collections", "c1", #"{"name": "n"}"#, patch: #"{"name": "m"}"#)
        + [
            own("me/last-read", nil, Call(method: .get, status: 200)),
            own(
                "me/last-read/{id}", "me/last-read/d1", Call(method: .get, status: 200, statusWithNothing: 404),
                Call(method: .put, body: #"{"ayah": "2:255"}"#, status: 200, statusWithNothing: 201),
                Call(method: .delete, status: 204)),
        ]

    /// What is sent makes no sense, or is about what is not there: who may is told so, and nothing changes.
    private static let admins: [RouteRow] = [
        admin("cache/stats", nil, Call(method: .get, status: 200)),
        admin("cache/clear", nil, Call(method: .post, status: 200)),
        admin("cache/invalidate", nil, Call(method: .post, body: "{}", status: 400)),
        admin("cache/warm", nil, Call(method: .post, status: 202)),
        admin("editions", nil, Call(method: .get, status: 200), Call(method: .post, body: "{}", status: 400)),
        admin(
            "editions/{id}", "editions/en.pickthall", Call(method: .get, status: 200),
            Call(method: .patch, body: #"{"x": 1}"#, status: 400)),
        admin("editions/{id}/publish", "editions/no.such/publish", Call(method: .post, status: 404)),
        admin("editions/{id}/withdraw", "editions/no.such/withdraw", Call(method: .post, status: 404)),
        admin(
            "editions/{id}/drafts", "editions/en.pickthall/drafts", Call(method: .get, status: 200),
            Call(method: .post, body: "{}", status: 415)),
        admin(
            "editions/{id}/ayahs/{ayah}", "editions/en.pickthall/ayahs/2:255", Call(method: .get, status: 404),
            Call(method: .put, body: "{}", status: 400)),
        admin("drafts/{number}", "drafts/999", Call(method: .get, status: 404), Call(method: .delete, status: 404)),
        admin("drafts/{number}/publish", "drafts/999/publish", Call(method: .post, status: 404)),
        admin("reciters", nil, Call(method: .get, status: 200), Call(method: .post, body: "{}", status: 400)),
        admin(
            "reciters/{id}", "reciters/no.such", Call(method: .get, status: 404),
            Call(method: .patch, body: #"{"x": 1}"#, status: 400), Call(method: .delete, status: 404)),
        admin(
            "surahs/{number}", "surahs/2", Call(method: .get, status: 200),
            Call(method: .patch, body: #"{"x": 1}"#, status: 400)),
        admin("audit", nil, Call(method: .get, status: 200)),
        admin("audit/{number}", "audit/999", Call(method: .get, status: 404)),
        admin("audit/{number}/rollback", "audit/999/rollback", Call(method: .post, status: 404)),
        admin("metrics", nil, Call(method: .get, status: 200)),
        RouteRow("metrics", nil, .admins, root: "/", [Call(method: .get, status: 200)]),
        admin("webhooks/deliveries", nil, Call(method: .get, status: 200)),
        admin(
            "webhooks/deliveries/{id}/retry", "webhooks/deliveries/no-such/retry", Call(method: .post, status: 404)),
    ]

    private static func admin(_ path: String, _ example: String? = nil, _ calls: Call...) -> RouteRow {
        RouteRow("admin/\(path)", "admin/\(example ?? path)", .admins, calls)
    }

    private static let mutations = """
        {"mutations": [{"id": "m1", "op": "put", "kind": "bookmark", "record": "b2", "data": {"from": "1:1"}}]}
        """

    private static func records(_ list: String, _ id: String, _ body: String, patch: String) -> [RouteRow] {
        [
            own("me/\(list)", nil, Call(method: .get, status: 200), Call(method: .post, body: body, status: 201)),
            own(
                "me/\(list)/{id}", "me/\(list)/\(id)", Call(method: .get, status: 200, statusWithNothing: 404),
                Call(method: .put, body: body, status: 200, statusWithNothing: 201),
                Call(method: .patch, body: patch, status: 200, statusWithNothing: 404),
                Call(method: .delete, status: 204)),
        ]
    }
}
