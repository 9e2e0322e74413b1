/// The spellings of a word in Arabic letters, brought together.
///
/// The Uthmani spelling writes many a long a as a small alif above the line, or as a waw or ya below one, and many a hamza as a
/// mark; everyday spelling writes letters. ``ArabicWordReader`` reads those letters from the marks, and ``ArabicSpelling`` knows
/// what marks don't tell.
enum ArabicFolding {
    static func isLetter(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x620...0x6FF: !(0x660...0x669).contains(scalar.value) && !(0x6F0...0x6F9).contains(scalar.value)
        case 0x750...0x77F, 0x870...0x8FF, 0xFB50...0xFDFF, 0xFE70...0xFEFC: true
        default: false
        }
    }

    /// The words that a written one is: one, or the vocative "ya" and what it calls.
    ///
    /// - Parameters:
    ///   - written: letters and marks; the first is a letter.
    ///   - start: where it stands in its text, in code points.
    static func words(of written: [Unicode.Scalar], from start: Int, to end: Int) -> [FoldedWord] {
        var reader = ArabicWordReader()
        let clusters = clusters(of: written)
        for index in clusters.indices { reader.take(clusters, at: index) }
        // Where marks make all letters silent, the letters are the word.
        let letters =
            reader.letters.isEmpty ? clusters.flatMap { SearchAlphabet.letters(in: $0.letter) } : reader.letters
        guard !letters.isEmpty else { return [] }
        let whole = FoldedWord(arabic: letters, range: start + (reader.split ?? 0)..<end)
        if let vocative = reader.vocative, let split = reader.split {
            return [FoldedWord(arabic: vocative, range: start..<start + split), whole]
        }
        // Written without marks, of the words that "ya" is joined to only these can be told.
        if letters.count > 4, letters[0] == ya, let called = called[letters] {
            return [vocative, called].map { FoldedWord(arabic: $0, range: start..<end) }
        }
        return [whole]
    }

    /// "Ya" and the beginning of what it calls, where a word that is being typed may become that.
    static func callBegun(by word: FoldedWord) -> [FoldedWord]? {
        let letters = word.letters
        guard letters.count >= 4 else { return nil }
        for (written, called) in called where written.count > letters.count && written.starts(with: letters) {
            let begun = called.dropLast(written.count - letters.count)
            return [vocative, Array(begun)].map { FoldedWord(arabic: $0, range: word.range) }
        }
        return nil
    }

    private static let vocative = Array("يا".unicodeScalars)

    private static let called: [[Unicode.Scalar]: [Unicode.Scalar]] = {
        let words = ["يايها": "ايها", "ياايها": "ايها", "يايتها": "ايتها", "ياايتها": "ايتها"]
        return Dictionary(uniqueKeysWithValues: words.map { (Array($0.unicodeScalars), Array($1.unicodeScalars)) })
    }()

    // MARK: Letters and their marks

    struct Marks: OptionSet {
        let rawValue: UInt16
        static let daggerAlif = Marks(rawValue: 1)
        static let fatha = Marks(rawValue: 2)
        static let fathatan = Marks(rawValue: 4)
        static let kasra = Marks(rawValue: 8)
        static let hamza = Marks(rawValue: 16)
        static let smallYa = Marks(rawValue: 32)
        static let smallNun = Marks(rawValue: 64)
        /// The ring that makes a letter silent.
        static let silent = Marks(rawValue: 128)
        static let sukun = Marks(rawValue: 256)
        static let damma = Marks(rawValue: 512)
        static let shadda = Marks(rawValue: 1024)

        init(rawValue: UInt16) { self.rawValue = rawValue }

        init(_ scalar: Unicode.Scalar) {
            switch scalar.value {
            case 0x670: self = .daggerAlif
            case 0x64E: self = .fatha
            case 0x64B: self = .fathatan
            case 0x650, 0x64D: self = .kasra
            case 0x654: self = .hamza
            case 0x6E7: self = .smallYa
            case 0x6E8: self = .smallNun
            case 0x6DF: self = .silent
            case 0x652, 0x6E1: self = .sukun
            case 0x64F, 0x64C: self = .damma
            case 0x651: self = .shadda
            default: self = []
            }
        }
    }

    /// A letter, or the line that is drawn to carry marks, with its marks.
    struct Cluster {
        let letter: Unicode.Scalar
        var marks: Marks = []
        /// How many code points end with it, from the beginning of the word.
        var end: Int
    }

    private static func clusters(of written: [Unicode.Scalar]) -> [Cluster] {
        var clusters: [Cluster] = []
        var index = -1
        for scalar in written {
            index += 1
            let isBase = scalar == tatweel || !SearchAlphabet.isMark(scalar)
            if isBase {
                clusters.append(Cluster(letter: scalar, end: index + 1))
            } else {
                clusters[clusters.count - 1].marks.insert(Marks(scalar))
                clusters[clusters.count - 1].end = index + 1
            }
        }
        return clusters
    }

    static let alif: Unicode.Scalar = "ا"
    static let waw: Unicode.Scalar = "و"
    static let ya: Unicode.Scalar = "ي"
    static let nun: Unicode.Scalar = "ن"
    static let lam: Unicode.Scalar = "ل"
    static let ha: Unicode.Scalar = "ه"
    static let hamza: Unicode.Scalar = "ء"
    static let maqsura: Unicode.Scalar = "ى"
    static let tatweel: Unicode.Scalar = "\u{640}"
}
