import Quran

/// Takes the ayahs of a published text one by one and refuses any that is not the next one, or has no text. It goes on
/// after an error, to tell as many as there are.
struct AyahSequence {
    /// The most bytes that a copyright notice may have.
    private static let noticeLimit = 64 << 10

    private let structure: QuranStructure
    private let file: String
    private var ayahs: [String] = []
    private var lines: [Int] = []
    private var errors: [ContentError] = []
    private var notice = ""
    /// How many bytes of notice there would be if it had no limit.
    private var noticeSize = 0
    /// Whether the last row could not be read: it may have been the ayah that is missing now.
    private var lostRow = false

    init(structure: QuranStructure, file: String) {
        self.structure = structure
        self.file = file
        ayahs.reserveCapacity(AyahNumber.count)
    }

    mutating func refuse(_ code: ContentError.Code, line: Int?, _ reason: String) {
        if errors.count < ContentError.limit { errors.append(ContentError(code, file: file, line: line, reason)) }
    }

    /// Refuses a row whose ayah is not known.
    mutating func refuseRow(_ code: ContentError.Code, line: Int, _ reason: String) {
        refuse(code, line: line, reason)
        lostRow = true
    }

    mutating func append(surah: Int, ayah: Int, text bytes: ArraySlice<UInt8>, line: Int) {
        guard let number = AyahNumber(ayahs.count + 1) else {
            return refuse(.incomplete, line: line, "\(surah):\(ayah) comes after the last ayah, 114:6")
        }
        let expected = structure.key(of: number)
        if (surah, ayah) != (expected.surah.value, expected.ayah) {
            let found = SurahNumber(surah).flatMap { AyahKey(surah: $0, ayah: ayah) }.flatMap(structure.number)
            let isAhead = found.map { $0 > number } ?? false
            if !(lostRow && isAhead) {
                refuse(.incomplete, line: line, "expected ayah \(expected), found \(surah):\(ayah)")
            }
            guard let found, isAhead else { return }
            // Go on from there.
            let missing = found.value - number.value
            ayahs += Array(repeating: "", count: missing)
            lines += Array(repeating: line, count: missing)
        }
        lostRow = false
        let key = "\(surah):\(ayah)"
        let text = String(validating: bytes, as: UTF8.self)
        if let text {
            if let defect = AyahText.defect(of: text) { refuse(defect.code, line: line, defect.reason(key)) }
        } else {
            refuse(.encoding, line: line, "the text of \(key) is not valid UTF-8")
        }
        ayahs.append(text ?? "")
        lines.append(line)
    }

    /// Adds a line to the copyright notice.
    mutating func note(_ text: some StringProtocol, line: Int) {
        let wasAllowed = noticeSize <= Self.noticeLimit
        noticeSize += text.utf8.count + (noticeSize == 0 ? 0 : 1)
        if noticeSize <= Self.noticeLimit {
            notice += notice.isEmpty ? "\(text)" : "\n\(text)"
        } else if wasAllowed {
            refuse(.format, line: line, "the copyright notice has more than \(Self.noticeLimit) bytes")
        }
    }

    /// - Parameter line: the last line of the file.
    /// - Throws: ``ContentError``: the first that was found, with those that follow it.
    mutating func finish(line: Int) throws(ContentError) -> ParsedText {
        if ayahs.count != AyahNumber.count {
            let last = AyahNumber(ayahs.count).map { "ends after \(structure.key(of: $0))" } ?? "has no ayah"
            let missing = AyahNumber.count - ayahs.count
            refuse(
                .incomplete, line: line, "the file \(last): \(missing) of \(AyahNumber.count) ayahs are missing")
        }
        // PostgreSQL can't store it.
        if notice.utf8.contains(0) {
            refuse(.encoding, line: nil, "the copyright notice holds the control character U+0")
        }
        if let first = errors.first {
            throw ContentError(
                first.code, file: file, line: first.line, first.reason, further: Array(errors.dropFirst()))
        }
        return ParsedText(text: PublishedText(ayahs: ayahs, notice: notice.isEmpty ? nil : notice), lines: lines)
    }
}
