public import Foundation

/// A time as the store writes it: RFC 3339 in UTC with milliseconds, so that texts sort as times do.
public func timestamp(_ date: Date = .now) -> String { date.formatted(storedTimes) }

/// Reads what ``timestamp(_:)`` wrote.
func date(_ timestamp: String) throws -> Date { try Date(timestamp, strategy: storedTimes) }

private let storedTimes = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
