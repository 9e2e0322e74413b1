import Foundation
import Storage
import TestSupport
import Testing

/// The search as a client sees it.
@Suite(.timeLimit(.minutes(20))) struct `Searching` {
    private static func path(_ query: String, _ rest: String = "") -> String {
        "search?q=\(query.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? "")\(rest)"
    }

    private struct Body: Decodable {
        struct Hit: Decodable {
            let key: String
            let edition: String
            let text: String
            let highlights: [[Int]]
            let html: String
        }

        struct Pagination: Decodable {
            let nextPage: Int?
            let totalRecords: Int
        }

        let hits: [Hit]
        let pagination: Pagination
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `pages lose and repeat nothing, and highlights are of the text`(engine: DatabaseEngine) async throws {
        let store = try await TestDatabase.seeded(engine)
        try await TestServer.with(["DATABASE_URL": store.url]) { server in
            let whole = try await server.get(Self.path("sample ", "&surah=2&per_page=300")).decoded(as: Body.self)
            var (seen, page): ([String], Int?) = ([], 1)
            while let next = page {
                let path = Self.path("sample ", "&surah=2&per_page=97&page=\(next)")
                let body = try await server.get(path).decoded(as: Body.self)
                #expect(body.pagination.totalRecords == whole.pagination.totalRecords)
                seen += body.hits.map { "\($0.edition) \($0.key)" }
                page = body.pagination.nextPage
            }
            #expect(seen.count == whole.pagination.totalRecords && Set(seen).count == seen.count)
            #expect(Array(seen.prefix(300)) == whole.hits.map { "\($0.edition) \($0.key)" })
            for hit in whole.hits.prefix(20) {
                let scalars = Array(hit.text.unicodeScalars)
                #expect(!hit.highlights.isEmpty)
                for range in hit.highlights {
                    #expect(String(String.UnicodeScalarView(scalars[range[0]..<range[1]])) == "sample")
                }
                #expect(hit.html.contains("<mark>sample</mark>") && !hit.html.contains("<b>"))
            }
            let none = try await server.get(Self.path("nothingatall"))
            let body = try none.decoded(as: Body.self)
            #expect(none.status == 200 && body.hits.isEmpty && body.pagination.totalRecords == 0)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `hostile questions are refused or answered`(engine: DatabaseEngine) async throws {
        let store = try await TestDatabase.seeded(engine)
        try await TestServer.with(["DATABASE_URL": store.url]) { server in
            for query in [
                "\"", "\"\"", "'", "' OR 1=1 --", "a NEAR(b c)", "{folded}: a", "spelled : a", "^a", "a AND NOT b",
                "(((", "a:*",
                "& | ! <->", "a & b | !c", "'a':*", "\\", "a\\' b", "*", "-", "--a b", "\u{0}", "a\u{0}b", "\u{FFFF}",
                "\u{202E}abc",
                String(repeating: "\"a\" ", count: 60), String(repeating: "\u{301}", count: 200), "%00", "a%",
                ";DROP TABLE x;",
            ] {
                let answer = try await server.get(Self.path(query))
                #expect([200, 400].contains(answer.status), "\(query.debugDescription): \(answer.status)")
            }
            for (rest, status) in [
                ("q=%ff", 400), ("q=%ed%a0%80", 400), ("q=%", 400), ("q=a%00b", 200),
                ("q=\(String(repeating: "a", count: 7000))", 400),
                ("", 400), ("q=", 400), ("q=-a", 400), ("q=sample&editions=no.such", 400), ("q=sample&surah=115", 400),
                ("q=sample&language=e'n", 400), ("q=sample&language=xx", 200), ("q=sample&page=99999", 404),
                ("q=a&q=b", 400),
                ("q=sample&editions=en.pickthall&language=en&surah=2", 200),
            ] {
                let answer = try await server.get("search?\(rest)")
                #expect(answer.status == status, "\(rest.prefix(60)): \(answer.status)")
            }
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `a text that is changed by hand is found within the bound`(engine: DatabaseEngine) async throws {
        try await TestDatabase.with(engine) { store in
            let content = SyntheticContent.shared
            _ = try await Seeder(database: store.database, seedData: content.seedData)
                .seed(from: ContentFolder(content.folder))
            try await TestServer.with(["DATABASE_URL": store.url]) { server in
                #expect(try await server.get(Self.path("unicorn ")).decoded(as: Body.self).hits.isEmpty)
                try store.shell(
                    "UPDATE ayah_texts SET text = 'a unicorn' WHERE edition = 'en.pickthall' AND ayah = 262")
                try await eventually("the new text is found") {
                    let body = try await server.get(Self.path("unicorn ")).decoded(as: Body.self)
                    return body.hits.map(\.html) == ["a <mark>unicorn</mark>"] && body.hits[0].key == "2:255"
                }
            }
        }
    }
}
