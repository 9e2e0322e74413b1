/// The running number of an ayah through the whole Quran, 1…6236 (the Kufan count that the Hafs text follows).
public struct AyahNumber: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// How many ayahs the Quran has in the Kufan count.
    public static let count = 6236

    public let value: Int

    /// - Returns: `nil` unless `value` lies in 1…6236.
    public init?(_ value: Int) {
        guard (1...Self.count).contains(value) else { return nil }
        self.value = value
    }

    public static func < (a: Self, b: Self) -> Bool { a.value < b.value }

    public var description: String { String(value) }

    /// For values that an invariant of ``QuranStructure`` has already confined to 1…6236.
    init(checked value: Int) {
        precondition((1...Self.count).contains(value))
        self.value = value
    }
}
