/// The name of a recitation: `ayah.everyayah.alafasy`.
public struct ReciterID: Hashable, Comparable, Sendable, CustomStringConvertible {
    public let name: String

    /// - Returns: `nil` unless the name is 1…64 of `a–z 0–9 . - _`.
    public init?(_ name: some StringProtocol) {
        guard isSlug(name.utf8) else { return nil }
        self.name = String(name)
    }

    public static func < (a: Self, b: Self) -> Bool { a.name < b.name }

    public var description: String { name }
}

/// One recitation of the Quran by one reciter, as a pattern of audio URLs. The audio itself is never hosted here.
public struct Reciter: Hashable, Sendable, Codable {
    /// What one audio file holds.
    public enum Granularity: String, Sendable, CaseIterable, Codable {
        case ayah, surah
    }

    /// The same recitation in another quality.
    public struct Alternate: Hashable, Sendable, Codable {
        public let bitrate: String
        public let pattern: AudioURLPattern

        public init(bitrate: String, pattern: AudioURLPattern) {
            self.bitrate = bitrate
            self.pattern = pattern
        }
    }

    public let id: ReciterID
    public let nameEnglish: String
    public let nameArabic: String
    /// `murattal`, `mujawwad` or `muallim`.
    public let style: String
    /// The transmission that is recited, such as `hafs_an_asim`.
    public let riwayah: String
    public let granularity: Granularity
    /// Who hosts the audio.
    public let provider: String
    public let pattern: AudioURLPattern
    public let bitrate: String?
    public let alternates: [Alternate]
    /// The surahs that the recitation has, in mushaf order; all 114 if it is complete.
    public let surahs: [SurahNumber]

    public init(
        id: ReciterID, nameEnglish: String, nameArabic: String, style: String, riwayah: String,
        granularity: Granularity, provider: String, pattern: AudioURLPattern, bitrate: String?,
        alternates: [Alternate], surahs: [SurahNumber]
    ) {
        self.id = id
        self.nameEnglish = nameEnglish
        self.nameArabic = nameArabic
        self.style = style
        self.riwayah = riwayah
        self.granularity = granularity
        self.provider = provider
        self.pattern = pattern
        self.bitrate = bitrate
        self.alternates = alternates
        self.surahs = surahs
    }

    public var isComplete: Bool { surahs.count == SurahNumber.count }

    /// The audio of a whole surah.
    ///
    /// - Returns: `nil` if the recitation is stored by ayah or lacks the surah.
    public func url(ofSurah surah: SurahNumber) -> String? {
        guard granularity == .surah, surahs.contains(surah) else { return nil }
        return pattern.url(surah: surah, ayah: nil, number: nil)
    }

    /// The audio of one ayah.
    ///
    /// - Returns: `nil` if the recitation is stored by surah or lacks the surah.
    public func url(of key: AyahKey, number: AyahNumber) -> String? {
        guard granularity == .ayah, surahs.contains(key.surah) else { return nil }
        return pattern.url(surah: key.surah, ayah: key.ayah, number: number)
    }
}
