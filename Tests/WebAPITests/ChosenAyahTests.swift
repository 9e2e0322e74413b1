import Foundation
import Quran
import Storage
import TestSupport
import Testing

/// Ayahs at random, and those of days.
@Suite struct `Chosen ayahs` {
    private func serving(
        _ engine: DatabaseEngine, _ test: @Sendable (InProcessAPI) async throws -> Void
    ) async throws {
        let store = try await TestDatabase.seeded(engine)
        try await InProcessAPI.with(["DATABASE_URL": store.url], test)
    }

    private func number(_ answer: TestServer.Answer) throws -> Int {
        try #require((try answer.json()["ayah"] as? [String: Any])?["number"] as? Int)
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `come at random, and nobody keeps them`(engine: DatabaseEngine) async throws {
        try await serving(engine) { server in
            var numbers: Set<Int> = []
            for _ in 0..<40 {
                let answer = try await server.get("ayahs/random?translations=en.pickthall")
                #expect(answer.status == 200 && answer.headers["cache-control"] == "no-store")
                let number = try number(answer)
                let same = try await server.get("ayahs/\(number)?translations=en.pickthall")
                #expect(same.body == answer.body)
                numbers.insert(number)
            }
            // 40 of 6,236 are as good as never fewer than 30 different ones.
            #expect(numbers.count > 30)
            for _ in 0..<20 {
                let answer = try await server.get("ayahs/random?surah=108")
                #expect(try (6205...6207).contains(number(answer)))
            }
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `are those of a day, until it ends`(engine: DatabaseEngine) async throws {
        try await serving(engine) { server in
            func now() -> (day: CalendarDay, secondsLeft: Int) {
                CalendarDay.at(secondsSince1970: Int(Date.now.timeIntervalSince1970.rounded(.down)))
            }
            let before = now()
            let answer = try await server.get("ayahs/of-the-day")
            let after = now()
            #expect(try [before, after].contains { try AyahNumber(of: $0.day).value == number(answer) })
            let control = try #require(answer.headers["cache-control"])
            let ages = try #require(control.wholeMatch(of: /public, max-age=([0-9]+), s-maxage=([0-9]+)/)?.output)
            for (age, usual) in [(ages.1, 60), (ages.2, 300)] where before.day == after.day {
                let bounds = min(usual, after.secondsLeft)...min(usual, before.secondsLeft)
                #expect(Int(age).map(bounds.contains) == true, "\(control)")
            }
            for (date, ayah) in [("2026-01-01", 4931), ("2026-01-02", 2548), ("1970-01-01", 1)] {
                for _ in 0..<2 {
                    let answer = try await server.get("ayahs/of-the-day?date=\(date)&script=simple")
                    #expect(try answer.status == 200 && number(answer) == ayah)
                    let usual = try await server.get("ayahs/1").headers["cache-control"]
                    #expect(usual != nil && answer.headers["cache-control"] == usual)
                }
            }
            #expect(try await server.look("ayahs/of-the-day?date=2026-01-01&script=simple").label.isFromMemory)
        }
    }

    @Test(arguments: [
        ("ayahs/random?surah=0", "surah"), ("ayahs/random?surah=115", "surah"), ("ayahs/random?page=1", "page"),
        ("ayahs/random?script=none", "script"), ("ayahs/of-the-day?date=2026-02-29", "date"),
        ("ayahs/of-the-day?date=", "date"), ("ayahs/of-the-day?surah=1", "surah"),
    ])
    func `say what is wrong with a question`(path: String, parameter: String) async throws {
        try await serving(.sqlite) { server in
            let answer = try await server.get(path)
            #expect(answer.status == 400)
            #expect((try answer.json()["errors"] as? [[String: Any]])?.first?["parameter"] as? String == parameter)
        }
    }

    @Test func `have addresses beside those of all ayahs, which may be written with percent signs`() async throws {
        try await serving(.sqlite) { server in
            #expect(try await server.get("ayahs/randomly").status == 400)
            #expect(try await server.send(.post, "ayahs/random").status == 405)
            let written = try await server.get("ayahs/2%3A255")
            let plain = try await server.get("ayahs/2:255")
            #expect(written.status == 200 && written.body == plain.body)
            #expect(try await server.get("ayahs/2%3a255/").status == 200)
            #expect(try await server.get("ayahs/2%2555").status == 400)
        }
    }
}
