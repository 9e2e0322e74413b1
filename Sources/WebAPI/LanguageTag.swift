/// What is taken for the name of a language.
enum LanguageTag {
    static let rule = "a language tag (BCP 47), such as “en” or “zh-Hant”"

    static func isValid(_ text: String) -> Bool {
        let parts = text.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        let isLetter = { (byte: UInt8) in Unicode.Scalar(byte).properties.isAlphabetic && byte < 0x80 }
        let isWord = { (part: Substring.UTF8View) in
            (1...8).contains(part.count) && part.allSatisfy { isLetter($0) || (0x30...0x39).contains($0) }
        }
        guard text.utf8.count <= 35, let first = parts.first, (2...3).contains(first.count),
            first.allSatisfy(isLetter)
        else { return false }
        return parts.dropFirst().allSatisfy(isWord)
    }
}
