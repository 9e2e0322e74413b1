/// A day of the Gregorian calendar, extended to the years before there was one. It begins at midnight UTC.
public struct CalendarDay: Hashable, Comparable, Sendable {
    /// Days since the first of January 1970; negative before that.
    public let daysSince1970: Int

    public init(daysSince1970: Int) { self.daysSince1970 = daysSince1970 }

    /// Reads `YYYY-MM-DD` (RFC 3339, `full-date`).
    ///
    /// - Returns: `nil` for anything else, and for a day that its month does not have.
    public init?(_ text: some StringProtocol) {
        let parts = text.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        let isNumeric = parts.joined().allSatisfy { (0x30...0x39).contains($0) }
        guard parts.map(\.count) == [4, 2, 2], isNumeric else { return nil }
        let numbers = parts.map { part in part.reduce(0) { $0 * 10 + Int($1) - 0x30 } }
        let (year, month, day) = (numbers[0], numbers[1], numbers[2])
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let lengths = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        guard (1...12).contains(month), (1...lengths[month - 1]).contains(day) else { return nil }
        // The day before the first of January of the year 0 is the 719529th before 1970.
        let leapYears = year == 0 ? 0 : (year - 1) / 4 - (year - 1) / 100 + (year - 1) / 400 + 1
        daysSince1970 = year * 365 + leapYears + lengths[..<(month - 1)].reduce(0, +) + day - 719_529
    }

    /// The day of a moment, and the seconds until it ends: 1…86400.
    public static func at(secondsSince1970 seconds: Int) -> (day: CalendarDay, secondsLeft: Int) {
        let length = 86400
        let passed = (seconds % length + length) % length
        return (CalendarDay(daysSince1970: (seconds - passed) / length), length - passed)
    }

    public static func < (a: Self, b: Self) -> Bool { a.daysSince1970 < b.daysSince1970 }
}

extension AyahNumber {
    /// About the golden section of the number of ayahs, and without a common divisor, so that the ayahs of days that follow each
    /// other are far apart and none comes twice within 6,236 days.
    private static let stride = 3853

    /// The ayah of a day.
    public init(of day: CalendarDay) {
        let position = (day.daysSince1970 % Self.count + Self.count) % Self.count
        self.init(checked: position * Self.stride % Self.count + 1)
    }
}
