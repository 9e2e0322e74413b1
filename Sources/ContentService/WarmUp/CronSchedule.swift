public import Foundation

/// A schedule as cron writes it, in UTC: minute, hour, day of the month, month and day of the week.
///
/// Each field is `*`, a number, a range `1-5`, either with a step `*/15`, or a list of such. Days of the week count from 0,
/// Sunday, which is also 7. If both days are restricted, either will do, as in Vixie's cron.
public struct CronSchedule: Sendable, Hashable, CustomStringConvertible {
    public let description: String
    private let minutes: Set<Int>
    private let hours: Set<Int>
    private let days: Set<Int>
    private let months: Set<Int>
    private let weekdays: Set<Int>
    private let isEitherDay: Bool

    /// - Returns: `nil` for what is no schedule, or would never come (30 February).
    public init?(_ text: String) {
        let fields = text.split(whereSeparator: { $0 == " " || $0 == "\t" })
        guard fields.count == 5, let minutes = Self.numbers(fields[0], in: 0...59),
            let hours = Self.numbers(fields[1], in: 0...23), let days = Self.numbers(fields[2], in: 1...31),
            let months = Self.numbers(fields[3], in: 1...12), let weekdays = Self.numbers(fields[4], in: 0...7)
        else { return nil }
        description = fields.joined(separator: " ")
        self.minutes = minutes
        self.hours = hours
        self.days = days
        self.months = months
        self.weekdays = Set(weekdays.map { $0 % 7 })
        // A field that begins with a star restricts nothing.
        isEitherDay = !fields[2].hasPrefix("*") && !fields[4].hasPrefix("*")
        guard next(after: Date(timeIntervalSince1970: 0)) != nil else { return nil }
    }

    /// The first full minute of the schedule that is later than a time.
    ///
    /// - Returns: `nil` if there is none within nine years: 29 February may be eight years away.
    public func next(after date: Date) -> Date? {
        let startOfMinute = Date(timeIntervalSince1970: (date.timeIntervalSince1970 / 60).rounded(.down) * 60)
        let first = startOfMinute.addingTimeInterval(60)
        guard var day = Self.calendar.dateInterval(of: .day, for: first)?.start else { return nil }
        for _ in 0..<(9 * 366) {
            if matches(day: day) {
                for hour in hours.sorted() {
                    for minute in minutes.sorted() {
                        let time = day.addingTimeInterval(Double(hour * 3600 + minute * 60))
                        if time >= first { return time }
                    }
                }
            }
            // Days in UTC are all of one length.
            day = day.addingTimeInterval(86400)
        }
        return nil
    }

    private func matches(day: Date) -> Bool {
        let parts = Self.calendar.dateComponents([.day, .month, .weekday], from: day)
        guard let number = parts.day, let month = parts.month, let weekday = parts.weekday, months.contains(month)
        else { return false }
        let (isDay, isWeekday) = (days.contains(number), weekdays.contains(weekday - 1))
        return isEitherDay ? isDay || isWeekday : isDay && isWeekday
    }

    private static let calendar = {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = .gmt
        return calendar
    }()

    private static func numbers(_ field: Substring, in range: ClosedRange<Int>) -> Set<Int>? {
        var numbers: Set<Int> = []
        for part in field.split(separator: ",", omittingEmptySubsequences: false) {
            let halves = part.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
            guard let step = halves.count == 2 ? number(halves[1]) : 1, step > 0 else { return nil }
            let bounds = halves[0].split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
            let (first, last): (Int, Int)
            if halves[0] == "*" {
                (first, last) = (range.lowerBound, range.upperBound)
            } else {
                guard let low = number(bounds[0]), let high = bounds.count == 2 ? number(bounds[1]) : low else {
                    return nil
                }
                // A lone number with a step counts on from there.
                (first, last) = (low, bounds.count == 1 && halves.count == 2 ? range.upperBound : high)
            }
            guard first <= last, range.contains(first), range.contains(last) else { return nil }
            numbers.formUnion(stride(from: first, through: last, by: step))
        }
        return numbers
    }

    private static func number(_ text: Substring) -> Int? {
        guard (1...3).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        return Int(text)
    }
}
