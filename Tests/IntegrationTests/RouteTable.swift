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

    /// As the router has it, below `/api/v1`.
    let path: String
    /// An example of the address, below `/api/v1/`.
    let example: String
    let access: Access
    let calls: [Call]

    private init(_ path: String, _ example: String?, _ access: Access, _ calls: [Call]) {
        self.path = "/\(path)"
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

    static let all = content + users

    private static let content: [RouteRow] =
        ["juzs", "hizbs", "rubs", "manzils", "rukus", "pages"].flatMap {
            [read($0), read("\($0)/{number}", "\($0)/2")]
        }
        + [
            read("surahs"), read("surahs/{number}", "surahs/1"),
            read("ayahs", "ayahs?to=1:7"), read("ayahs/{ayah}", "ayahs/2:255"),
            read("sajdas"), read("meta"), read("health"),
            read("editions"), read("editions/{id}", "editions/uthmani"),
            read("translations"), read("translations/{id}", "translations/en.pickthall"),
            read("tafsirs"), read("tafsirs/{id}", "tafsirs/ar.jalalayn"),
            read("reciters"), read("reciters/{id}", "reciters/\(reciter)"),
            read("reciters/{id}/surahs/{number}", "reciters/\(reciter)/surahs/1"),
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
