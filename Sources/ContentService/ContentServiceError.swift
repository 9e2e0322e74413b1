public import Quran

/// Why something that was asked for can't be answered.
public enum ContentServiceError: Error, Sendable, Hashable {
    /// The catalogue has no such edition of that kind.
    case unknownEdition(EditionID, Edition.Kind)
    case unknownReciter(ReciterID)
    case unknownScheme(String, DivisionKind, known: [String])
    /// The listing has fewer pages.
    case noSuchPage(Int, of: Int)
    /// The recitation lacks the surah.
    case notRecited(SurahNumber, ReciterID)
}
