/// The number of a surah, 1…114.
public struct SurahNumber: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// How many surahs the Quran has.
    public static let count = 114

    public let value: Int

    /// - Returns: `nil` unless `value` lies in 1…114.
    public init?(_ value: Int) {
        guard (1...Self.count).contains(value) else { return nil }
        self.value = value
    }

    public static func < (a: Self, b: Self) -> Bool { a.value < b.value }

    public var description: String { String(value) }

    /// All surahs in mushaf order.
    public static var all: some Collection<SurahNumber> {
        (1...count).lazy.map { SurahNumber(checked: $0) }
    }

    /// For values that an invariant of ``QuranStructure`` has already confined to 1…114.
    init(checked value: Int) {
        precondition((1...Self.count).contains(value))
        self.value = value
    }
}
