/// A run of consecutive ayahs, both ends included.
public struct AyahRange: Hashable, Sendable {
    public let first: AyahNumber
    public let last: AyahNumber

    /// - Returns: `nil` if `last` comes before `first`.
    public init?(_ first: AyahNumber, through last: AyahNumber) {
        guard first <= last else { return nil }
        self.first = first
        self.last = last
    }

    init(checked values: ClosedRange<Int>) {
        first = AyahNumber(checked: values.lowerBound)
        last = AyahNumber(checked: values.upperBound)
    }

    /// The whole Quran, 1…6236.
    public static let all = AyahRange(checked: 1...AyahNumber.count)

    public var count: Int { last.value - first.value + 1 }

    public var numbers: Numbers { Numbers(startIndex: first.value, endIndex: last.value + 1) }

    /// The ayahs of a range, at their own numbers.
    public struct Numbers: RandomAccessCollection, Sendable {
        public let startIndex: Int
        public let endIndex: Int

        public subscript(position: Int) -> AyahNumber { AyahNumber(checked: position) }
    }

    public func contains(_ number: AyahNumber) -> Bool { first <= number && number <= last }

    /// The rows that one page of a listing shows.
    ///
    /// - Parameters:
    ///   - page: from 1.
    ///   - size: rows a page, from 1.
    /// - Returns: `nil` if the range has no such page.
    public func page(_ page: Int, size: Int) -> AyahRange? {
        guard page >= 1, size >= 1 else { return nil }
        let (skipped, overflow) = (page - 1).multipliedReportingOverflow(by: size)
        guard !overflow, skipped < count else { return nil }
        let start = first.value + skipped
        return AyahRange(checked: start...start + min(last.value - start, size - 1))
    }
}
