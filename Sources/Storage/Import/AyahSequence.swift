import Quran

/// A published text, and the line of its file in which each ayah stands.
struct ParsedText: Sendable {
    let text: PublishedText
    /// One for each ayah, from 1.
    let lines: [Int]
}

/// Takes the ayahs of a published text one by one and refuses any that is not the next one, or has no text.
struct AyahSequence {
    private let structure: QuranStructure
    private let file: String
    private(set) var ayahs: [String] = []
    private var lines: [Int] = []

    init(structure: QuranStructure, file: String) {
        self.structure = structure
        self.file = file
        ayahs.reserveCapacity(AyahNumber.count)
    }

    mutating func append(surah: Int, ayah: Int, text: some Collection<UInt8>, line: Int) throws(ContentError) {
        guard let number = AyahNumber(ayahs.count + 1) else {
            throw ContentError(.incomplete, file: file, line: line, "\(surah):\(ayah) comes after the last ayah, 114:6")
        }
        let expected = structure.key(of: number)
        guard (surah, ayah) == (expected.surah.value, expected.ayah) else {
            throw ContentError(
                .incomplete, file: file, line: line, "expected ayah \(expected), found \(surah):\(ayah)")
        }
        guard let text = String(validating: text, as: UTF8.self) else {
            throw ContentError(.encoding, file: file, line: line, "the text of \(expected) is not valid UTF-8")
        }
        if let control = text.unicodeScalars.first(where: { $0.value < 0x20 || $0.value == 0x7F || $0.value == 0xFEFF })
        {
            let code = "U+" + String(control.value, radix: 16, uppercase: true)
            throw ContentError(
                .encoding, file: file, line: line, "the text of \(expected) holds the control character \(code)")
        }
        guard !text.unicodeScalars.allSatisfy(\.properties.isWhitespace) else {
            throw ContentError(.incomplete, file: file, line: line, "ayah \(expected) has no text")
        }
        ayahs.append(text)
        lines.append(line)
    }

    /// - Parameter line: the last line of the file.
    func finish(notice: String?, line: Int) throws(ContentError) -> ParsedText {
        guard ayahs.count == AyahNumber.count else {
            let last = AyahNumber(ayahs.count).map { "ends after \(structure.key(of: $0))" } ?? "has no ayah"
            throw ContentError(
                .incomplete, file: file, line: line,
                "the file \(last): \(AyahNumber.count - ayahs.count) of \(AyahNumber.count) ayahs are missing")
        }
        return ParsedText(text: PublishedText(ayahs: ayahs, notice: notice), lines: lines)
    }
}
