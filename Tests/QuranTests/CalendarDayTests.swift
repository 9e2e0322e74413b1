import Foundation
import Quran
import TestSupport
import Testing

@Suite struct `Days and their ayahs` {
    @Test func `a day is read as the calendar of the system counts it`() throws {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = .gmt
        for days in stride(from: -100_000, through: 200_000, by: 1) {
            let date = Date(timeIntervalSince1970: Double(days) * 86400)
            let parts = calendar.dateComponents([.year, .month, .day], from: date)
            let text = [(parts.year, 4), (parts.month, 2), (parts.day, 2)].map { part, width in
                let digits = String(part ?? -1)
                return String(repeating: "0", count: width - digits.count) + digits
            }.joined(separator: "-")
            try #require(CalendarDay(text)?.daysSince1970 == days, "\(text)")
        }
        #expect(CalendarDay("0000-01-01")?.daysSince1970 == -719_528)
        #expect(CalendarDay("9999-12-31")?.daysSince1970 == 2_932_896)
    }

    @Test(arguments: [
        "", "2026", "2026-1-1", "2026-01-32", "2026-02-29", "1900-02-29", "2026-13-01", "2026-00-01", "2026-01-00",
        "26-01-01", "2026-01-01 ", "2026-01-01T00:00:00Z", "+026-01-01", "٢٠٢٦-٠١-٠١", "2026/01/01",
    ])
    func `what is no day is not read as one`(text: String) { #expect(CalendarDay(text) == nil) }

    @Test(arguments: [
        (0, 0, 86400), (1, 0, 86399), (86399, 0, 1), (86400, 1, 86400), (-1, -1, 1), (-86400, -1, 86400),
        (-86401, -2, 1),
    ])
    func `a moment has its day, which ends at midnight`(seconds: Int, day: Int, left: Int) {
        let found = CalendarDay.at(secondsSince1970: seconds)
        #expect(found.day.daysSince1970 == day)
        #expect(found.secondsLeft == left)
    }

    @Test func `no ayah comes twice within as many days as there are ayahs`() {
        for start in [-719_528, -6236, -1, 0, 20_000, 2_000_000] {
            let days = start..<(start + AyahNumber.count)
            let ayahs = Set(days.map { AyahNumber(of: CalendarDay(daysSince1970: $0)) })
            #expect(ayahs.count == AyahNumber.count, "from day \(start)")
        }
    }

    @Test func `the ayahs of days that follow each other are far apart`() {
        for day in -10_000..<10_000 {
            let ayahs = [day, day + 1].map { AyahNumber(of: CalendarDay(daysSince1970: $0)).value }
            #expect(abs(ayahs[0] - ayahs[1]) > 1000, "day \(day)")
        }
    }

    @Test func `the ayah of a day stays what it is`() {
        let days = ["1970-01-01", "2026-01-01", "2026-01-02"].compactMap { CalendarDay($0) }
        #expect(days.map { AyahNumber(of: $0).value } == [1, 4931, 2548])
    }

    /// What the route asks for. The bound is χ² for 6,235 degrees of freedom at seven standard deviations, for a fixed seed.
    @Test func `any ayah is as likely as any other`() {
        var random = SplitMix(seed: 114)
        var counts = [Int](repeating: 0, count: AyahNumber.count)
        let expected = 50
        for _ in 0..<(expected * AyahNumber.count) {
            guard let ayah = AyahRange.all.numbers.randomElement(using: &random) else { continue }
            counts[ayah.value - 1] += 1
        }
        #expect(!counts.contains(0))
        let squares = counts.reduce(0.0) { $0 + Double(($1 - expected) * ($1 - expected)) / Double(expected) }
        let freedom = Double(AyahNumber.count - 1)
        #expect(abs(squares - freedom) < 7 * (2 * freedom).squareRoot())
    }
}
