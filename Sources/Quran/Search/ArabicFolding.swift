/// The spellings of a word in Arabic letters, brought together.
///
/// The Uthmani spelling writes many a long a as a small alif above the line, or as a waw or ya below one, and many a hamza as a
/// mark; everyday spelling writes letters. What both write alike is left: the consonants, the long vowels other than
/// a within a word, and the first and last letter.
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
        var reader = WordReader()
        let clusters = clusters(of: written)
        for index in clusters.indices { reader.take(clusters, at: index) }
        let whole = word(reader.letters, reader.spelled, start + (reader.split ?? 0)..<end)
        if let vocative = reader.vocative, let split = reader.split {
            return [word(vocative, vocative, start..<start + split), whole]
        }
        // Written without marks, of the words that "ya" is joined to only this one can be told.
        let called: [String: String] = [
            "يايها": "ايها", "ياايها": "ايها", "يايتها": "ايتها", "ياايتها": "ايتها",
        ]
        if let called = called[whole.spelled] {
            let parts = [Array("يا".unicodeScalars), Array(called.unicodeScalars)]
            return parts.map { word($0, $0, start..<end) }
        }
        return [whole]
    }

    private static func word(
        _ letters: [Unicode.Scalar], _ spelled: [Unicode.Scalar], _ range: Range<Int>
    ) -> FoldedWord {
        FoldedWord(
            folded: SearchFolding.string(reduced(letters, asStem: false)),
            spelled: SearchFolding.string(spelled), range: range, isArabic: true,
            stem: SearchFolding.string(reduced(letters, asStem: true)))
    }

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
        for (index, scalar) in written.enumerated() {
            let isBase =
                if case .mark = SearchAlphabet.role(of: scalar) { scalar == tatweel } else { true }
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

    // MARK: What both spellings write

    /// - Parameter asStem: whether more letters may follow.
    private static func reduced(_ letters: [Unicode.Scalar], asStem: Bool) -> [Unicode.Scalar] {
        var letters = letters
        // The article before a lam, which the Uthmani spelling writes once in some words.
        var index = 2
        while index < letters.count {
            if letters[index] == lam, letters[index - 1] == lam, letters[index - 2] == alif,
                index + 1 < letters.count ? letters[index + 1] != ha : asStem
            {
                letters.remove(at: index)
            } else {
                index += 1
            }
        }
        if !asStem {
            // The words that the Uthmani spelling writes with a waw for the long a.
            if wawStems.contains(where: { letters.suffix($0.count) == $0[...] }) {
                letters.remove(at: letters.count - 2)
            }
            // The alif that follows the waw of a plural, and of some verbs.
            if letters.count > 2, letters.last == alif, letters[letters.count - 2] == waw { letters.removeLast() }
        }
        var reduced: [Unicode.Scalar] = []
        for (index, letter) in letters.enumerated() {
            if letter == alif, index > 0, index < letters.count - 1 || asStem { continue }
            if letter == ya || letter == waw, reduced.count > 1, reduced.last == letter { continue }
            reduced.append(letter)
        }
        return reduced
    }

    /// Prayer, alms, life, deliverance, Manat, morning and niche.
    private static let wawStems = ["صلوه", "زكوه", "حيوه", "نجوه", "منوه", "غدوه", "مشكوه"].map {
        Array($0.unicodeScalars)
    }
}

/// Reads the letters that a written word has in both spellings.
private struct WordReader {
    private(set) var letters: [Unicode.Scalar] = []
    private(set) var spelled: [Unicode.Scalar] = []
    /// The "ya" or "wa-ya" that was joined to the word, and how many code points that is.
    private(set) var vocative: [Unicode.Scalar]?
    private(set) var split: Int?
    private var followsKasra = false
    private var isSkippingRest = false

    mutating func take(_ clusters: [ArabicFolding.Cluster], at index: Int) {
        guard !isSkippingRest else { return }
        let cluster = clusters[index]
        let marks = cluster.marks
        let next = clusters[(index + 1)...].first { $0.letter != ArabicFolding.tatweel }
        switch cluster.letter {
        case ArabicFolding.tatweel:
            if marks.contains(.hamza) { letters.append(letter(ofHamzaWith: marks, before: next?.letter)) }
            addSmallLetters(marks)
            if marks.contains(.daggerAlif) { letters.append(ArabicFolding.alif) }
        case ArabicFolding.hamza:
            spelled.append(ArabicFolding.hamza)
            if letters.isEmpty {
                letters.append(ArabicFolding.alif)
            } else if next != nil, followsKasra || marks.contains(.kasra) {
                letters.append(ArabicFolding.ya)
            }
        case ArabicFolding.waw where marks.contains(.daggerAlif) && marks.isDisjoint(with: [.fatha, .fathatan]):
            spelled.append(ArabicFolding.waw)
            letters.append(ArabicFolding.alif)
        case ArabicFolding.maqsura
        where marks.contains(.daggerAlif) && next != nil && marks.isDisjoint(with: [.fatha, .fathatan, .kasra]):
            spelled.append(ArabicFolding.ya)
            letters.append(ArabicFolding.alif)
        case ArabicFolding.ya where marks.contains(.silent): spelled.append(ArabicFolding.ya)
        case "ؤ" where isHamzaAtEnd(clusters, index):
            spelled += [ArabicFolding.waw, ArabicFolding.alif]
            letters.append(ArabicFolding.alif)
            isSkippingRest = true
        default:
            guard case .letter(let folded) = SearchAlphabet.role(of: cluster.letter) else { break }
            spelled += folded
            letters += folded
            addSmallLetters(marks)
            let isLong = folded == [ArabicFolding.alif] || cluster.letter == ArabicFolding.maqsura
            if marks.contains(.daggerAlif), !isLong { letters.append(ArabicFolding.alif) }
        }
        if vocative == nil, next != nil, marks.contains(.daggerAlif), isVocative {
            vocative = letters
            split = cluster.end
            letters.removeAll()
            spelled.removeAll()
        }
        if cluster.letter != ArabicFolding.tatweel || !marks.isEmpty { followsKasra = marks.contains(.kasra) }
    }

    private var isVocative: Bool {
        letters.elementsEqual([ArabicFolding.ya, ArabicFolding.alif])
            || letters.elementsEqual([ArabicFolding.waw, ArabicFolding.ya, ArabicFolding.alif])
    }

    private mutating func addSmallLetters(_ marks: ArabicFolding.Marks) {
        if marks.contains(.smallYa) { letters.append(ArabicFolding.ya) }
        if marks.contains(.smallNun) { letters.append(ArabicFolding.nun) }
    }

    /// What everyday spelling writes for a hamza without a letter of its own.
    private func letter(ofHamzaWith marks: ArabicFolding.Marks, before next: Unicode.Scalar?) -> Unicode.Scalar {
        if marks.contains(.fathatan) { return letters.last == ArabicFolding.ya ? ArabicFolding.ya : ArabicFolding.alif }
        if marks.contains(.kasra) { return ArabicFolding.ya }
        if marks.contains(.fatha) {
            return (followsKasra || letters.last == ArabicFolding.ya) && next != ArabicFolding.alif
                ? ArabicFolding.ya : ArabicFolding.alif
        }
        return marks.contains(.sukun) ? ArabicFolding.alif : ArabicFolding.ya
    }

    /// A last hamza over a waw with a silent alif, where everyday spelling writes the hamza alone.
    private func isHamzaAtEnd(_ clusters: [ArabicFolding.Cluster], _ index: Int) -> Bool {
        let rest = clusters[(index + 1)...]
        return rest.count == 1 && rest.allSatisfy { $0.letter == ArabicFolding.alif && $0.marks.contains(.silent) }
    }
}
