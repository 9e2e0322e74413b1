import Foundation
import Quran
import Storage
import TestSupport
import Testing

/// The read side of the API as a client sees it, on both engines.
@Suite struct `The read API` {
    private func serving(
        _ engine: DatabaseEngine, _ test: @Sendable (InProcessAPI) async throws -> Void
    ) async throws {
        let store = try await TestDatabase.seeded(engine)
        try await InProcessAPI.with(["DATABASE_URL": store.url], test)
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `every structural number equals the published lists`(engine: DatabaseEngine) async throws {
        try await serving(engine) { server in
            let structure = SyntheticContent.shared.seedData.structure
            var ayahs: [AyahBody] = []
            var page: Int? = 1
            while let next = page {
                let body = try await server.get("ayahs?page=\(next)").decoded(as: AyahList.self)
                #expect(body.pagination.totalRecords == 6236)
                ayahs += body.ayahs
                page = body.pagination.nextPage
            }
            try #require(ayahs.map(\.number) == Array(1...6236))
            for division in structure.divisions where division.isDefault {
                let numbers: [Int] = ayahs.map { ayah in
                    switch division.kind {
                    case .juz: ayah.juz
                    case .hizb: ayah.hizb
                    case .rub: ayah.rub
                    case .manzil: ayah.manzil
                    case .ruku: ayah.ruku
                    case .page: ayah.page
                    }
                }
                let starts = ayahs.indices.filter { $0 == 0 || numbers[$0] != numbers[$0 - 1] }.map { ayahs[$0].key }
                #expect(starts == division.starts.map(\.description), "\(division.kind)")
                #expect(numbers.last == division.kind.count)
            }
            let sajdas = ayahs.filter { $0.sajda != nil }.map { "\($0.key) \($0.sajda?.kind ?? "")" }
            #expect(sajdas == structure.sajdas.map { "\($0.ayah) \($0.kind.rawValue)" })
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `each division lists its parts and each part its ayahs`(engine: DatabaseEngine) async throws {
        try await serving(engine) { server in
            for (list, one, count) in [
                ("juzs", "juz", 30), ("hizbs", "hizb", 60), ("rubs", "rub", 240), ("manzils", "manzil", 7),
                ("rukus", "ruku", 556), ("pages", "page", 604),
            ] {
                let pages = (count + 299) / 300
                var parts: [[String: Any]] = []
                for page in 1...pages {
                    parts += try #require(try await server.get("\(list)?page=\(page)").json()[list] as? [[String: Any]])
                }
                #expect(parts.count == count)
                #expect(parts.reduce(0) { $0 + ($1["ayah_count"] as? Int ?? 0) } == 6236)
                let last = try await server.get("\(list)/\(count)").json()
                let body = try #require(last[one] as? [String: Any])
                let ayahs = try #require(body["ayahs"] as? [[String: Any]])
                #expect(
                    ayahs.last?["key"] as? String == "114:6"
                        || (last["pagination"] as? [String: Any])?["next_page"] is Int)
                #expect(ayahs.allSatisfy { $0[one] as? Int == count })
            }
            let other = try await server.get("rubs/106?scheme=kfgqpc").json()
            #expect((other["rub"] as? [String: Any])?["first_ayah"] as? String == "15:49")
            let usual = try await server.get("rubs/106").json()
            #expect((usual["rub"] as? [String: Any])?["first_ayah"] as? String == "15:50")
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `what is wrong with a request is said in problem details`(engine: DatabaseEngine) async throws {
        try await serving(engine) { server in
            let cases: [(path: String, status: Int, parameter: String?)] = [
                ("surahs/0", 404, "number"), ("surahs/115", 404, "number"), ("surahs/abc", 400, "number"),
                ("surahs/-1", 400, "number"), ("surahs/1.5", 400, "number"), ("surahs/01", 400, "number"),
                ("surahs/%D9%A1", 400, "number"), ("surahs/99999999999999999999", 400, "number"),
                ("ayahs/2:287", 404, "ayah"), ("ayahs/0", 404, "ayah"), ("ayahs/6237", 404, "ayah"),
                ("ayahs/115:1", 404, "ayah"), ("ayahs/2:", 400, "ayah"), ("ayahs/2:1:1", 400, "ayah"),
                ("ayahs/x", 400, "ayah"), ("ayahs/2:0", 404, "ayah"),
                ("ayahs?from=2:287", 400, "from"), ("ayahs?from=x", 400, "from"), ("ayahs?from=2:2&to=2:1", 400, "to"),
                ("surahs/2?per_page=-1", 400, "per_page"), ("surahs/2?per_page=0", 400, "per_page"),
                ("surahs/2?per_page=301", 400, "per_page"), ("surahs/2?per_page=ten", 400, "per_page"),
                ("surahs/2?page=0", 400, "page"), ("surahs/2?page=2", 404, "page"),
                ("surahs/2?page=999999999&per_page=300", 404, "page"),
                ("surahs/2?script=hafs", 400, "script"), ("surahs/2?script=en.pickthall", 400, "script"),
                ("surahs/2?script=", 400, "script"), ("surahs/2?script=%00", 400, "script"),
                ("surahs/2?translations=xx", 400, "translations"),
                ("surahs/2?translations=uthmani", 400, "translations"),
                ("surahs/2?translations=en.pickthall,", 400, "translations"),
                ("surahs/2?translations=en.pickthall,en.pickthall", 400, "translations"),
                ("surahs/2?tafsirs=en.pickthall", 400, "tafsirs"), ("surahs/2?reciter=nobody", 400, "reciter"),
                ("surahs/2?translation=en.pickthall", 400, "translation"), ("surahs/2?page=1&page=1", 400, "page"),
                ("surahs/2?script=%zz", 400, "script"), ("surahs/2?script=%ff", 400, "script"),
                ("juzs/31", 404, "number"), ("pages/605", 404, "number"), ("manzils/8", 404, "number"),
                ("rubs?scheme=mine", 400, "scheme"), ("juzs?script=uthmani", 400, "script"),
                ("translations/nobody", 404, "id"), ("translations/uthmani", 404, "id"), ("tafsirs/..", 404, "id"),
                ("editions/NOPE", 404, "id"), ("reciters/nobody", 404, "id"), ("reciters/nobody/surahs/1", 404, "id"),
                ("reciters/ayah.everyayah.abdulbasit_abdulsamad/surahs/115", 404, "number"),
                ("sajdas?page=1", 400, "page"), ("health?x=1", 400, "x"), ("nothing", 404, nil),
            ]
            for expected in cases {
                let answer = try await server.get(expected.path)
                #expect(answer.status == expected.status, "\(expected.path)")
                #expect(answer.headers["content-type"] == "application/problem+json", "\(expected.path)")
                let problem = try answer.json()
                #expect(problem["status"] as? Int == expected.status, "\(expected.path)")
                #expect((problem["type"] as? String)?.hasPrefix("urn:quran-backend:problem:") == true)
                #expect((problem["title"] as? String)?.isEmpty == false)
                #expect((problem["detail"] as? String)?.isEmpty == false)
                let errors = problem["errors"] as? [[String: Any]]
                #expect(errors?.first?["parameter"] as? String == expected.parameter, "\(expected.path)")
            }
        }
    }

    @Test func `a trailing slash, HEAD and OPTIONS are understood, other methods refused`() async throws {
        try await serving(.sqlite) { server in
            let plain = try await server.get("surahs/1")
            let slashed = try await server.get("surahs/1/")
            #expect(slashed.status == 200 && slashed.body == plain.body)
            let head = try await server.get("surahs/1", method: .head)
            #expect(head.status == 200 && head.body.isEmpty)
            #expect(head.headers["content-length"] == "\(plain.body.count)")
            let options = try await server.get("surahs/1", method: .options)
            #expect(options.status == 204 && options.headers["allow"] == "GET, HEAD, OPTIONS")
            for method in [TestServer.HTTPMethodName.post, .put, .patch, .delete] {
                let refused = try await server.get("surahs/1", method: method)
                #expect(refused.status == 405 && refused.headers["allow"] == "GET, HEAD, OPTIONS")
            }
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `both engines give the same bytes for the catalogue and structure`(engine: DatabaseEngine) async throws {
        // What SQLite answers is the reference; on SQLite itself this checks that an answer from memory is the same.
        let paths = [
            "surahs", "surahs?script=simple", "surahs/9", "surahs/114?translations=ru.sablukov&tafsirs=ar.jalalayn",
            "ayahs/2:255", "ayahs?from=2:1&to=2:20", "juzs", "rubs?scheme=kfgqpc", "sajdas", "translations", "tafsirs",
            "editions?per_page=3&page=2", "reciters", "reciters?page=2", "reciters/surah.mp3quran.abdulaziz_alasiri",
            "reciters/ayah.everyayah.abdulbasit_abdulsamad/surahs/1", "editions/uthmani", "meta",
            "surahs/1?reciter=surah.mp3quran.abdulaziz_alasiri",
        ]
        let reference = try await TestDatabase.seeded(.sqlite)
        try await InProcessAPI.with(["DATABASE_URL": reference.url]) { sqlite in
            try await serving(engine) { server in
                for path in paths {
                    let (expected, found) = (try await sqlite.get(path), try await server.get(path))
                    #expect(expected.status == 200, "\(path)")
                    #expect(found.body == expected.body, "\(path)")
                    #expect(try await server.get(path).body == expected.body, "\(path) again")
                }
            }
        }
    }

    @Test func `every answer with text names its editions and what must be shown for them`() async throws {
        try await serving(.sqlite) { server in
            for path in [
                "surahs", "surahs/2", "ayahs/1", "ayahs?from=1:1&to=1:7", "juzs/30", "pages/1",
            ] {
                let all = path.contains("?") ? "&" : "?"
                let quoted = path == "surahs" ? "" : "\(all)translations=en.pickthall,nl.keyzer&tafsirs=ar.jalalayn"
                let body = try await server.get(path + quoted).json()
                let editions = try #require(body["editions"] as? [[String: Any]], "\(path)")
                let expected = ["uthmani"] + (quoted.isEmpty ? [] : ["en.pickthall", "nl.keyzer", "ar.jalalayn"])
                #expect(editions.map { $0["id"] as? String } == expected, "\(path)")
                #expect(editions.allSatisfy { ($0["attribution"] as? String)?.isEmpty == false }, "\(path)")
            }
        }
    }
}

private struct AyahList: Decodable {
    let ayahs: [AyahBody]
    let pagination: Pagination
}
