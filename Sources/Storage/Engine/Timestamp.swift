import Foundation

/// A time as the store writes it: RFC 3339 in UTC with milliseconds, so that texts sort as times do.
func timestamp(_ date: Date = .now) -> String {
    date.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
}
