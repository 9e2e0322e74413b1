/// The facts about one surah.
public struct Surah: Hashable, Sendable {
    /// Where tradition places the revelation of a surah.
    public enum RevelationPlace: String, Sendable, CaseIterable {
        case meccan, medinan
    }

    public let number: SurahNumber
    public let nameArabic: String
    public let nameTransliterated: String
    public let nameEnglish: String
    public let revelationPlace: RevelationPlace
    /// The place in the traditional order of revelation, 1…114.
    public let revelationOrder: Int
    public let ayahCount: Int
    /// Whether a basmala stands before ayah 1 that is not itself an ayah: true but for 1 (its ayah 1) and 9 (none).
    public let hasBasmala: Bool

    public init(
        number: SurahNumber, nameArabic: String, nameTransliterated: String, nameEnglish: String,
        revelationPlace: RevelationPlace, revelationOrder: Int, ayahCount: Int, hasBasmala: Bool
    ) {
        self.number = number
        self.nameArabic = nameArabic
        self.nameTransliterated = nameTransliterated
        self.nameEnglish = nameEnglish
        self.revelationPlace = revelationPlace
        self.revelationOrder = revelationOrder
        self.ayahCount = ayahCount
        self.hasBasmala = hasBasmala
    }
}
