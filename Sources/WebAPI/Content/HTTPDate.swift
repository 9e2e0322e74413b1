/// Dates as HTTP writes them (RFC 9110, section 5.6.7), in seconds since 1970.
enum HTTPDate {
    private static let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    private static let longDays = [
        "Thursday", "Friday", "Saturday", "Sunday", "Monday", "Tuesday", "Wednesday",
    ]

    /// - Parameter seconds: not before 1970.
    static func text(_ seconds: Int64) -> String {
        let (day, time) = max(0, seconds).quotientAndRemainder(dividingBy: 86_400)
        let date = Civil(daysSince1970: day)
        return "\(days[Int(day % 7)]), \(two(date.day)) \(months[Int(date.month) - 1]) \(four(date.year)) "
            + "\(two(time / 3600)):\(two(time / 60 % 60)):\(two(time % 60)) GMT"
    }

    /// Reads the format that is in use and the two that are not any more.
    static func seconds(_ text: String) -> Int64? {
        let parts = text.split(separator: " ", omittingEmptySubsequences: true).map(String.init)
        switch parts.count {
        // Sun, 06 Nov 1994 08:49:37 GMT
        case 6 where days.contains { parts[0] == "\($0)," } && parts[5] == "GMT":
            return seconds(day: parts[1], month: parts[2], year: number(parts[3], digits: 4), time: parts[4])
        // Sunday, 06-Nov-94 08:49:37 GMT
        case 4 where longDays.contains { parts[0] == "\($0)," } && parts[3] == "GMT":
            let date = parts[1].split(separator: "-").map(String.init)
            guard date.count == 3, let year = number(date[2], digits: 2) else { return nil }
            // A year that seems to be more than 50 years ahead is one of the century before: no date of ours is.
            return seconds(day: date[0], month: date[1], year: year < 70 ? 2000 + year : 1900 + year, time: parts[2])
        // Sun Nov  6 08:49:37 1994
        case 5 where days.contains(parts[0]):
            let day = parts[2].utf8.count == 1 ? "0\(parts[2])" : parts[2]
            return seconds(day: day, month: parts[1], year: number(parts[4], digits: 4), time: parts[3])
        default: return nil
        }
    }

    private static func seconds(day: String, month: String, year: Int64?, time: String) -> Int64? {
        let clock = time.split(separator: ":", omittingEmptySubsequences: false).map { number(String($0), digits: 2) }
        guard let day = number(day, digits: 2), (1...31).contains(day), let month = months.firstIndex(of: month),
            let year,
            year >= 1970, clock.count == 3, let hour = clock[0], let minute = clock[1], let second = clock[2],
            hour < 24, minute < 60, second <= 60
        else { return nil }
        let days = Civil(year: year, month: Int64(month) + 1, day: day).daysSince1970
        return days * 86_400 + hour * 3600 + minute * 60 + second
    }

    private static func number(_ text: String, digits: Int) -> Int64? {
        text.utf8.count == digits && text.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int64(text) : nil
    }

    private static func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
    private static func four(_ number: Int64) -> String {
        String(repeating: "0", count: max(0, 4 - "\(number)".utf8.count)) + "\(number)"
    }

    /// A day of the Gregorian calendar. The arithmetic counts years from March on, so that the day of a leap year is their last.
    private struct Civil {
        let year: Int64
        let month: Int64
        let day: Int64

        init(year: Int64, month: Int64, day: Int64) {
            self.year = year
            self.month = month
            self.day = day
        }

        /// - Parameter days: not negative.
        init(daysSince1970 days: Int64) {
            // From the first of March of the year 0 on; 146,097 days are 400 years.
            let (era, dayOfEra) = (days + 719_468).quotientAndRemainder(dividingBy: 146_097)
            let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
            let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
            let shifted = (5 * dayOfYear + 2) / 153
            day = dayOfYear - (153 * shifted + 2) / 5 + 1
            month = shifted < 10 ? shifted + 3 : shifted - 9
            year = era * 400 + yearOfEra + (month <= 2 ? 1 : 0)
        }

        var daysSince1970: Int64 {
            let shiftedYear = month <= 2 ? year - 1 : year
            let (era, yearOfEra) = shiftedYear.quotientAndRemainder(dividingBy: 400)
            let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
            return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
        }
    }
}

/// The dates that were written last: most answers of a moment have the same.
final class DateTexts {
    private var latest = (seconds: Int64(-1), text: "")

    func text(of seconds: Int64) -> String {
        if latest.seconds != seconds { latest = (seconds, HTTPDate.text(seconds)) }
        return latest.text
    }
}
