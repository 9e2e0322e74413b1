import ContentService
import Foundation
import Testing

@Suite struct `Cron schedule` {
    private static func date(_ text: String) throws -> Date {
        try Date("\(text):00Z", strategy: .iso8601)
    }

    @Test(arguments: [
        ("0 1 * * *", "2026-11-21T00:59", "2026-11-21T01:00"),
        ("0 1 * * *", "2026-11-21T01:00", "2026-11-22T01:00"),
        ("0 1 * * *", "2026-12-31T23:59", "2027-01-01T01:00"),
        ("*/15 * * * *", "2026-11-21T00:50", "2026-11-21T01:00"),
        ("5/20 * * * *", "2026-11-21T00:06", "2026-11-21T00:25"),
        ("0,30 8-10 * * *", "2026-11-21T10:30", "2026-11-22T08:00"),
        ("10-20/5 3 * * *", "2026-11-21T03:15", "2026-11-21T03:20"),
        ("0 0 1 * *", "2026-11-21T00:00", "2026-12-01T00:00"),
        ("0 0 31 * *", "2026-11-21T00:00", "2026-12-31T00:00"),
        ("0 0 29 2 *", "2026-11-21T00:00", "2028-02-29T00:00"),
        ("0 0 29 2 *", "2096-02-29T00:00", "2104-02-29T00:00"),
        // 2026-11-21 is a Saturday.
        ("0 12 * * 0", "2026-11-21T00:00", "2026-11-22T12:00"),
        ("0 12 * * 7", "2026-11-21T00:00", "2026-11-22T12:00"),
        ("0 12 * * 1-5", "2026-11-21T00:00", "2026-11-23T12:00"),
        ("0 12 * * 5-7", "2026-11-21T13:00", "2026-11-22T12:00"),
        // Either day will do if both are restricted.
        ("0 0 1 * 1", "2026-11-21T00:00", "2026-11-23T00:00"), ("0 0 1 * 1", "2026-11-30T00:00", "2026-12-01T00:00"),
        // A star with a step restricts nothing, so the other decides with it.
        ("0 0 */2 * 1", "2026-11-21T00:00", "2026-11-23T00:00"),
        (" 0\t1  * * * ", "2026-11-21T00:59", "2026-11-21T01:00"),
    ])
    func `the next time`(schedule: String, after: String, next: String) throws {
        let schedule = try #require(CronSchedule(schedule))
        #expect(try schedule.next(after: Self.date(after)) == Self.date(next))
        // Parts of a minute do not matter.
        #expect(try schedule.next(after: Self.date(after).addingTimeInterval(59.9)) == Self.date(next))
    }

    @Test(arguments: [
        "", "0 1 * *", "0 1 * * * *", "60 1 * * *", "0 24 * * *", "0 1 0 * *", "0 1 32 * *", "0 1 * 13 *", "0 1 * * 8",
        "-1 1 * * *", "1- 1 * * *", "5-1 1 * * *", "*/0 1 * * *", "1,,2 1 * * *", "a 1 * * *", "@daily", "٠ 1 * * *",
        "0 1 30 2 *", "0 1 31 4,6,9,11 *", "9999999999999999999 1 * * *",
    ])
    func `what is no schedule, or never comes, is refused`(text: String) { #expect(CronSchedule(text) == nil) }

    @Test func `a walk minute by minute finds the same`() throws {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<40 {
            let (minute, hour) = (Int.random(in: 0...59, using: &random), Int.random(in: 0...23, using: &random))
            let weekday = Int.random(in: 0...6, using: &random)
            let schedule = try #require(CronSchedule("\(minute) \(hour) * * \(weekday)"))
            let start = Date(timeIntervalSince1970: Double(Int.random(in: 0...2_000_000_000, using: &random)))
            var walked = (start.timeIntervalSince1970 / 60).rounded(.down) * 60 + 60
            // 1970-01-01 was a Thursday.
            while Int(walked / 60) % 60 != minute || Int(walked / 3600) % 24 != hour
                || (Int(walked / 86400) + 4) % 7 != weekday
            {
                walked += 60
            }
            #expect(schedule.next(after: start) == Date(timeIntervalSince1970: walked))
        }
    }
}
