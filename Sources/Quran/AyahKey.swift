/// Where an ayah stands, as the field writes it: surah and ayah within it, "2:255".
///
/// A key by itself only says that the surah exists and the ayah is positive; whether the surah has that many ayahs is
/// for ``QuranStructure`` to say.
public struct AyahKey: Hashable, Comparable, Sendable, CustomStringConvertible {
    public let surah: SurahNumber
    /// The ayah within its surah, from 1.
    public let ayah: Int

    /// - Returns: `nil` unless `ayah` is positive.
    public init?(surah: SurahNumber, ayah: Int) {
        guard ayah >= 1 else { return nil }
        self.surah = surah
        self.ayah = ayah
    }

    /// Reads "surah:ayah" in plain ASCII digits, without signs, spaces or leading zeros.
    public init?(_ text: some StringProtocol) {
        let parts = text.utf8.split(separator: UInt8(ascii: ":"), maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 2, let surah = strictDecimal(parts[0]).flatMap(SurahNumber.init),
            let ayah = strictDecimal(parts[1])
        else { return nil }
        self.init(surah: surah, ayah: ayah)
    }

    public static func < (a: Self, b: Self) -> Bool { (a.surah, a.ayah) < (b.surah, b.ayah) }

    public var description: String { "\(surah):\(ayah)" }
}

/// Reads a positive number as the formats of this field write it: ASCII digits only, no sign, no leading zero.
///
/// - Returns: `nil` for anything else, and for more than nine digits.
public func strictDecimal(_ digits: some Collection<UInt8>) -> Int? {
    guard let first = digits.first, first != UInt8(ascii: "0"), digits.count <= 9 else { return nil }
    var value = 0
    for digit in digits {
        guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
        value = value * 10 + Int(digit - UInt8(ascii: "0"))
    }
    return value
}
