import Quran

/// The text format that Tanzil publishes scripts, translations and tafsirs in: `surah|ayah|text` lines, and `#` lines
/// as header or footer. Lines end in LF or CRLF; a UTF-8 byte order mark is skipped.
enum TanzilText {
    private static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

    static func parse(
        _ bytes: [UInt8], file: String, structure: QuranStructure
    ) throws(ContentError) -> ParsedText {
        var sequence = AyahSequence(structure: structure, file: file)
        if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) {
            throw ContentError(.encoding, file: file, line: 1, "the file is UTF-16; UTF-8 is needed")
        }
        let content = bytes.starts(with: byteOrderMark) ? bytes.dropFirst(byteOrderMark.count) : bytes[...]
        var lineNumber = 0
        // Bytes, not characters: splitting a String at "\n" does not split CRLF.
        for var line in content.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            lineNumber += 1
            if line.suffix(1).elementsEqual([UInt8(ascii: "\r")]) { line = line.dropLast() }
            if line.isEmpty { continue }
            if line.first == UInt8(ascii: "#") {
                if let comment = String(validating: line, as: UTF8.self) {
                    sequence.note(comment, line: lineNumber)
                } else {
                    sequence.refuse(.encoding, line: lineNumber, "the line is not valid UTF-8")
                }
                continue
            }
            let fields = line.split(separator: UInt8(ascii: "|"), maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3, let surah = strictDecimal(fields[0]), let ayah = strictDecimal(fields[1]) else {
                sequence.refuseRow(.format, line: lineNumber, "the line is not surah|ayah|text")
                continue
            }
            sequence.append(surah: surah, ayah: ayah, text: fields[2], line: lineNumber)
        }
        return try sequence.finish(line: lineNumber)
    }
}
