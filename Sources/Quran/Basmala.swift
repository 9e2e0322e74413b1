/// The rule that separates the basmala from ayah 1, where a published text glues the two together.
///
/// Tanzil's text files write the basmala before ayah 1 of 112 surahs, with one space between. It is not part of the
/// ayah: 1:1 is the basmala itself, surah 9 has none, and 27:30 contains it. In two surahs (95 and 97) the vocalised
/// scripts spell it with a shadda on its first letter, because the surah before ends in that letter's assimilation.
/// Bytes are compared and cut, never characters: a combining mark after the cut must not change what is kept.
public enum Basmala {
    private static let shadda: [UInt8] = [0xD9, 0x91]  // U+0651
    private static let ba: [UInt8] = [0xD8, 0xA8]  // U+0628

    /// Cuts the basmala off a first ayah.
    ///
    /// - Parameters:
    ///   - ayah: ayah 1 of a surah other than 1 and 9, as published.
    ///   - basmala: 1:1 of the same text.
    /// - Returns: the two parts, whose bytes joined by one space are the bytes of `ayah`; `nil` if it does not start
    ///   with the basmala, or nothing is left behind it.
    public static func split(_ ayah: String, basmala: String) -> (basmala: String, text: String)? {
        for spelling in spellings(of: basmala) {
            let prefix = spelling + [UInt8(ascii: " ")]
            if ayah.utf8.starts(with: prefix), ayah.utf8.count > prefix.count {
                let text = ayah.utf8.dropFirst(prefix.count)
                return (String(decoding: spelling, as: UTF8.self), String(decoding: text, as: UTF8.self))
            }
        }
        return nil
    }

    /// The inverse of ``split(_:basmala:)``: the ayah as published.
    public static func join(_ basmala: String, _ text: String) -> String { basmala + " " + text }

    private static func spellings(of basmala: String) -> [[UInt8]] {
        let plain = Array(basmala.utf8)
        guard plain.starts(with: ba) else { return [plain] }
        return [plain, ba + shadda + plain.dropFirst(ba.count)]
    }
}
