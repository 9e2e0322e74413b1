import Crypto
public import Quran

/// A text of the whole Quran exactly as published: 6,236 ayahs, the basmala still glued to the first ayah of surahs.
public struct PublishedText: Sendable, Hashable {
    /// One text for each ayah, in mushaf order.
    public let ayahs: [String]
    /// The `#` lines of the file: its copyright notice, verbatim.
    public let notice: String?

    /// - Parameter ayahs: 6,236 texts.
    public init(ayahs: [String], notice: String?) {
        precondition(ayahs.count == AyahNumber.count, "a text of the whole Quran")
        self.ayahs = ayahs
        self.notice = notice
    }

    /// Reads a file.
    ///
    /// - Parameter file: what errors call it.
    /// - Throws: ``ContentError``, with all that is wrong.
    public init(
        reading bytes: [UInt8], as format: TextFormat, file: String, structure: QuranStructure
    ) throws(ContentError) {
        self = try ParsedText(reading: bytes, as: format, file: file, structure: structure).text
    }

    /// The `surah|ayah|text` lines, joined by LF.
    public func lines(structure: QuranStructure) -> String {
        zip(AyahRange.all.numbers, ayahs).map { number, text in
            let key = structure.key(of: number)
            return "\(key.surah)|\(key.ayah)|\(text)"
        }.joined(separator: "\n")
    }

    /// The pin of a text: SHA-256, in hexadecimal, over its `surah|ayah|text` lines in UTF-8, joined by LF, without the
    /// header and footer (whose year changes) and without a last LF.
    public func sha256(structure: QuranStructure) -> String {
        Self.sha256(ofLines: lines(structure: structure))
    }

    static func sha256(ofLines lines: String) -> String { SHA256.hash(data: Array(lines.utf8)).hexadecimal }
}

/// The formats that texts are published in.
public enum TextFormat: Sendable {
    /// `surah|ayah|text` lines.
    case plain
    case xml
}

/// A published text, and the line of its file in which each ayah stands.
struct ParsedText: Sendable {
    let text: PublishedText
    /// One for each ayah, from 1.
    let lines: [Int]

    init(text: PublishedText, lines: [Int]) {
        self.text = text
        self.lines = lines
    }

    init(
        reading bytes: [UInt8], as format: TextFormat, file: String, structure: QuranStructure
    ) throws(ContentError) {
        self =
            switch format {
            case .plain: try TanzilText.parse(bytes, file: file, structure: structure)
            case .xml: try TanzilXML.parse(bytes, file: file, structure: structure)
            }
    }
}

/// A text as it is stored: the basmala before a surah is a field of its own.
public struct EditionText: Sendable, Hashable {
    /// One text for each ayah, in mushaf order.
    public let ayahs: [String]
    /// Empty for translations and tafsirs.
    public let basmalas: [SurahNumber: String]

    /// Separates the basmalas of a script of the Quran; leaves other kinds as they are.
    ///
    /// - Throws: ``ContentError`` (`format`) if the first ayah of a surah that has a basmala does not start with it.
    init(_ parsed: ParsedText, kind: Edition.Kind, structure: QuranStructure, file: String) throws(ContentError) {
        let published = parsed.text
        guard kind == .quran else {
            ayahs = published.ayahs
            basmalas = [:]
            return
        }
        var ayahs = published.ayahs
        var basmalas: [SurahNumber: String] = [:]
        for surah in structure.surahs where surah.hasBasmala {
            let first = structure.range(of: surah.number).first.value - 1
            guard let parts = Basmala.split(ayahs[first], basmala: published.ayahs[0]) else {
                throw ContentError(
                    .format, file: file, line: parsed.lines[first],
                    "\(surah.number):1 does not start with the basmala as 1:1 spells it")
            }
            ayahs[first] = parts.text
            basmalas[surah.number] = parts.basmala
        }
        self.ayahs = ayahs
        self.basmalas = basmalas
    }

    init(ayahs: [String], basmalas: [SurahNumber: String]) {
        self.ayahs = ayahs
        self.basmalas = basmalas
    }

    /// A text without basmalas of its own, as its `surah|ayah|text` lines were archived.
    init(lines: String) {
        ayahs = lines.utf8.split(separator: UInt8(ascii: "\n")).map { line in
            let fields = line.split(separator: UInt8(ascii: "|"), maxSplits: 2, omittingEmptySubsequences: false)
            return String(decoding: fields[fields.count - 1], as: UTF8.self)
        }
        basmalas = [:]
    }

    func replacing(_ ayah: AyahNumber, with text: String) -> EditionText {
        var ayahs = ayahs
        ayahs[ayah.value - 1] = text
        return EditionText(ayahs: ayahs, basmalas: basmalas)
    }

    /// The text as it was published, to hash it again.
    func published(structure: QuranStructure) -> PublishedText {
        var ayahs = ayahs
        for (surah, basmala) in basmalas {
            let first = structure.range(of: surah).first.value - 1
            ayahs[first] = Basmala.join(basmala, ayahs[first])
        }
        return PublishedText(ayahs: ayahs, notice: nil)
    }
}
