import Quran

/// What the number of a row of the search index says; `migrations/` says how.
struct SearchRow: Hashable {
    let number: Int64

    /// Words a part may have: a tsvector has 255 positions for a word.
    static let partLength = 255
    /// How many words of a part are in the next one too: any phrase stands in some part as a whole.
    static let overlap = SearchQuery.maximumWords - 1
    private static let (partBits, lengthBits, ayahBits) = (Int64(12), Int64(4), Int64(13))
    /// The bits of the part.
    static let partMask = Int64(1) << partBits - 1

    /// The number of the edition, and the ayah, of the column `rowid`.
    static let editionColumn: SQL = "(search_texts.rowid >> \(.integer(ayahBits + lengthBits + partBits)))"
    static let ayahColumn: SQL =
        "(search_texts.rowid >> \(.integer(lengthBits + partBits)) & \(.integer(1 << ayahBits - 1)))"

    init(number: Int64) { self.number = number }

    /// - Parameter length: in words.
    init(edition: Int, ayah: Int, length: Int, part: Int) {
        let lengthClass = Int64(min(15, Int.bitWidth - length.leadingZeroBitCount))
        number =
            Self.first(edition: edition, ayah: ayah) | lengthClass << Self.partBits | Int64(part)
    }

    /// The numbers that the rows of some ayahs can have.
    static func numbers(edition: Int, ayahs: ClosedRange<Int>) -> ClosedRange<Int64> {
        first(edition: edition, ayah: ayahs.lowerBound)...first(edition: edition, ayah: ayahs.upperBound + 1) - 1
    }

    private static func first(edition: Int, ayah: Int) -> Int64 {
        (Int64(edition) << ayahBits | Int64(ayah)) << (lengthBits + partBits)
    }

    var edition: Int { Int(number >> (Self.ayahBits + Self.lengthBits + Self.partBits)) }

    var ayah: Int { Int(number >> (Self.lengthBits + Self.partBits) & (1 << Self.ayahBits - 1)) }

    /// How many binary digits the number of words has.
    var lengthClass: Int { Int(number >> Self.partBits & (1 << Self.lengthBits - 1)) }

    /// The row of the whole text that this is a part of.
    var whole: SearchRow { SearchRow(number: number & ~Self.partMask) }
}
