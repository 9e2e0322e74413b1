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

    /// The pin of a text: SHA-256, in hexadecimal, over its `surah|ayah|text` lines in UTF-8, joined by LF, without the
    /// header and footer (whose year changes) and without a last LF.
    public func sha256(structure: QuranStructure) -> String {
        var hash = SHA256()
        for (index, number) in AyahRange.all.numbers.enumerated() {
            let key = structure.key(of: number)
            let line = "\(index == 0 ? "" : "\n")\(key.surah)|\(key.ayah)|\(ayahs[index])"
            hash.update(data: Array(line.utf8))
        }
        return hash.finalize().hexadecimal
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
