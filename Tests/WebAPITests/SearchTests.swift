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
        try await InProcessAPI.with(["DATABASE_URL": store.url]) { server in
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
            #expect(try await server.get(Self.path("sample ")).decoded(as: Body.self).hits.count == 20)
            let none = try await server.get(Self.path("nothingatall"))
            let body = try none.decoded(as: Body.self)
            #expect(none.status == 200 && body.hits.isEmpty && body.pagination.totalRecords == 0)
        }
    }

    private static let hostile = [
        "\"", "\"\"", "'", "' OR 1=1 --", "a NEAR(b c)", "{folded}: a", "loose : a", "^a", "a AND NOT b", "(((", "a:*",
        "& | ! <->", "a & b | !c", "'a':*", "\\", "a\\' b", "*", "-", "--a b", "\u{0}", "a\u{0}b", "\u{FFFF}",
        "\u{202E}abc",
        String(repeating: "\"a\" ", count: 60), String(repeating: "\u{301}", count: 200), "%00", "a%", ";DROP TABLE x;",
    ]

    /// Letters with marks of all kinds, and operators.
    private static func random(_ random: inout SplitMix) -> String {
        let marks = [UInt32(0x610)...0x61A, 0x64B...0x65F, 0x6D6...0x6ED].joined().compactMap(Unicode.Scalar.init)
        let letters = Array("ابتيىوؤئءأإآٱلهةنـ ab\"-* ".unicodeScalars)
        var text = String.UnicodeScalarView()
        for _ in 0..<Int.random(in: 1...20, using: &random) {
            let isMark = Int.random(in: 0..<3, using: &random) == 0
            if let scalar = (isMark ? marks : letters).randomElement(using: &random) { text.append(scalar) }
        }
        return String(text)
    }

    @Test func `hostile questions get the same answers from both engines`() async throws {
        let (sqlite, postgres) = (try await TestDatabase.seeded(.sqlite), try await TestDatabase.seeded(.postgres))
        var random = SplitMix(seed: 20)
        let queries = Self.hostile + (0..<150).map { _ in Self.random(&random) }
        try await InProcessAPI.with(["DATABASE_URL": sqlite.url]) { one in
            try await InProcessAPI.with(["DATABASE_URL": postgres.url]) { other in
                for query in queries {
                    let answers = [try await one.get(Self.path(query)), try await other.get(Self.path(query))]
                    #expect([200, 400].contains(answers[0].status), "\(query.debugDescription): \(answers[0].status)")
                    #expect(answers[0].status == answers[1].status, "\(query.debugDescription)")
                    if answers[0].status == 200 {
                        #expect(answers[0].body == answers[1].body, "\(query.debugDescription)")
                    }
                }
            }
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `questions that are wrong are refused`(engine: DatabaseEngine) async throws {
        let store = try await TestDatabase.seeded(engine)
        try await InProcessAPI.with(["DATABASE_URL": store.url]) { server in
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
        try await TestDatabase.with(engine, holding: .texts) { store in
            try await InProcessAPI.with(["DATABASE_URL": store.url]) { server in
                #expect(try await server.get(Self.path("unicorn ")).decoded(as: Body.self).hits.isEmpty)
                try await store.shell(
                    "UPDATE ayah_texts SET text = 'a unicorn' WHERE edition = 'en.pickthall' AND ayah = 262")
                try await eventually("the new text is found") {
                    let body = try await server.get(Self.path("unicorn ")).decoded(as: Body.self)
                    return body.hits.map(\.html) == ["a <mark>unicorn</mark>"] && body.hits[0].key == "2:255"
                }
            }
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `waits for an index that can't be made, and says so, while content is answered`(engine: DatabaseEngine)
        async throws
    {
        try await TestDatabase.with(engine, holding: .texts) { store in
            try await InProcessAPI.with(["DATABASE_URL": store.url]) { server in
                let isSQLite = engine == .sqlite
                try await store.shell(
                    isSQLite
                        ? """
                        CREATE TRIGGER stuck BEFORE DELETE ON search_pending BEGIN SELECT RAISE(ABORT, 'stuck'); END
                        """
                        : """
                        CREATE FUNCTION stuck() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE ''stuck''; END';
                        CREATE TRIGGER stuck BEFORE DELETE ON search_pending EXECUTE FUNCTION stuck()
                        """)
                try await store.shell(
                    "UPDATE ayah_texts SET text = 'a unicorn' WHERE edition = 'en.pickthall' AND ayah = 262")
                async let searches = withThrowingTaskGroup(of: (Int, String, Duration).self) { group in
                    for number in 0..<16 {
                        group.addTask {
                            let start = ContinuousClock.now
                            let answer = try await server.get(Self.path("unicorn\(number % 8) "))
                            return (answer.status, String(decoding: answer.body, as: UTF8.self), .now - start)
                        }
                    }
                    return try await group.reduce(into: []) { $0.append($1) }
                }
                for surah in 1...20 { #expect(try await server.get("surahs/\(surah)").status == 200) }
                for (status, body, time) in try await searches {
                    #expect(status == 503 && body.contains("search index is being made"), "\(status) \(body)")
                    #expect(time < .seconds(5))
                }
                try await store.shell(isSQLite ? "DROP TRIGGER stuck" : "DROP TRIGGER stuck ON search_pending")
                try await eventually("the new text is found") {
                    let answer = try await server.get(Self.path("unicorn "))
                    return try answer.status == 200 && answer.decoded(as: Body.self).hits.map(\.key) == ["2:255"]
                }
                try await store.shell("UPDATE search_index SET version = 0")
                try await eventually("the index is begun again, though nobody searches") {
                    try await store.shell("SELECT version FROM search_index") != "0"
                }
            }
        }
    }
}
