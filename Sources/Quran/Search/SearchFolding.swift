/// The forms in which words are compared.
public enum SearchForm: String, Sendable, CaseIterable {
    /// What everyday spelling writes, without marks.
    case folded
    /// What is left of that where nothing counts that some spelling leaves out.
    case loose
}

/// A word of a text as a search compares it. None of its forms is empty.
public struct FoldedWord: Hashable, Sendable {
    /// What everyday spelling writes, without marks: see ``SearchForm``.
    public let folded: String
    /// The form that even unmarked spellings share.
    public let loose: String
    /// Where it stands in the text, in code points.
    public internal(set) var range: Range<Int>
    /// Whether it is written in Arabic letters.
    public let isArabic: Bool
    /// If it is in Arabic letters: those that it is written with.
    let letters: [Unicode.Scalar]

    init(_ word: String, range: Range<Int>) {
        (folded, loose, letters) = (word, word, [])
        self.range = range
        isArabic = false
    }

    /// - Parameter letters: at least one.
    init(arabic letters: [Unicode.Scalar], range: Range<Int>) {
        let folded = ArabicSpelling.everyday(letters, asStem: false)
        self.folded = SearchFolding.string(folded)
        loose = SearchFolding.string(ArabicSpelling.loose(folded, asStem: false))
        self.letters = letters
        self.range = range
        isArabic = true
    }

    /// What longer words begin with in a form, if they begin with the letters of this one.
    func stem(_ form: SearchForm) -> String {
        guard isArabic else { return folded }
        let stem = ArabicSpelling.everyday(letters, asStem: true)
        return SearchFolding.string(form == .folded ? stem : ArabicSpelling.loose(stem, asStem: true))
    }

    public subscript(form: SearchForm) -> String {
        switch form {
        case .folded: folded
        case .loose: loose
        }
    }
}

/// Brings words to forms that can be compared: case, accents, vowel signs, and the spellings of Arabic.
///
/// `docs/search.md` states the rules, and `docs/search-vectors.json` what comes of them.
public enum SearchFolding {
    /// Grows whenever a text may fold to other words than before: indexes of another version are made anew.
    public static let version = 1

    /// The code points of a word that count: the rest of a longer one is left out.
    public static let maximumLength = 64

    /// The words of a text, in order. Their ranges may touch, and overlap where one written word is two.
    public static func words(of text: String) -> [FoldedWord] {
        var scanner = Scanner()
        for scalar in text.unicodeScalars { scanner.take(scalar) }
        scanner.endWord()
        return scanner.words
    }

    private struct Scanner {
        var words: [FoldedWord] = []
        /// Of the word that is being read: its code points as they are written, and what they are as letters.
        private var written: [Unicode.Scalar] = []
        private var letters: [Unicode.Scalar] = []
        private var isArabic = false
        private var start = 0
        private var end = 0
        private var position = 0
        private var isIdeograph = false

        private let codes = SearchAlphabet.codes

        mutating func take(_ scalar: Unicode.Scalar) {
            let code = Int(scalar.value)
            position += 1
            if code < codes.count {
                switch codes[code] {
                case 0:
                    if !written.isEmpty { endWord() }
                    return
                case 1, 2: break
                case let letter:
                    if isIdeograph { endWord() }
                    if written.isEmpty { start = position - 1 }
                    end = position
                    written.append(scalar)
                    if let letter = Unicode.Scalar(letter) { letters.append(letter) }
                    if code >= 0x600, ArabicFolding.isLetter(scalar) { isArabic = true }
                    return
                }
            }
            switch SearchAlphabet.role(of: scalar) {
            case .separator: endWord()
            case .apostrophe: break
            case .mark:
                guard !written.isEmpty else { return }
                written.append(scalar)
                end = position
            case .ideograph:
                endWord()
                add(scalar, [scalar])
                isIdeograph = true
            case .letter(let folded):
                if isIdeograph { endWord() }
                add(scalar, folded)
            }
        }

        private mutating func add(_ scalar: Unicode.Scalar, _ folded: [Unicode.Scalar]) {
            if written.isEmpty { start = position - 1 }
            end = position
            written.append(scalar)
            letters += folded
            if ArabicFolding.isLetter(scalar) { isArabic = true }
        }

        mutating func endWord() {
            guard !written.isEmpty else { return }
            if isArabic {
                words += ArabicFolding.words(of: written, from: start, to: end)
            } else if !letters.isEmpty {
                let word = string(letters)
                words.append(FoldedWord(word, range: start..<end))
            }
            written.removeAll(keepingCapacity: true)
            letters.removeAll(keepingCapacity: true)
            (isArabic, isIdeograph) = (false, false)
        }
    }

    /// The word that letters make, as far as they count.
    static func string(_ letters: some Sequence<Unicode.Scalar>) -> String {
        var word = String.UnicodeScalarView()
        word.append(contentsOf: letters.prefix(maximumLength))
        return String(word)
    }
}
