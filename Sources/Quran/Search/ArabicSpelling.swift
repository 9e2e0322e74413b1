/// The letters of a word, as the Uthmani and everyday spelling write them, brought to those of the latter.
enum ArabicSpelling {
    private typealias Letters = [Unicode.Scalar]

    private static let alif = ArabicFolding.alif
    private static let waw = ArabicFolding.waw
    private static let ya = ArabicFolding.ya
    private static let lam = ArabicFolding.lam
    private static let hamza = ArabicFolding.hamza

    /// - Parameter asStem: whether more letters may follow.
    static func everyday(_ written: [Unicode.Scalar], asStem: Bool) -> [Unicode.Scalar] {
        var letters = written
        if !asStem {
            letters = respelled(letters)
            // The alif that follows the waw of a plural, and of some verbs.
            if letters.count > 2, letters.last == alif, letters[letters.count - 2] == waw { letters.removeLast() }
        }
        var everyday: Letters = []
        for letter in letters {
            if letter == ya || letter == waw, everyday.count > 1, everyday.last == letter { continue }
            everyday.append(letter)
        }
        return everyday
    }

    /// What is left of the letters of everyday spelling where nothing counts that some spelling leaves out: alifs and hamzas
    /// within the word, and the second lam of an article.
    static func loose(_ letters: [Unicode.Scalar], asStem: Bool) -> [Unicode.Scalar] {
        var letters = letters.prefix(1) + letters.dropFirst().filter { $0 != hamza }
        var index = 2
        while index < letters.count {
            if letters[index] == lam, letters[index - 1] == lam, letters[index - 2] == alif,
                index + 1 < letters.count ? letters[index + 1] != ArabicFolding.ha : asStem
            {
                letters.remove(at: index)
            } else {
                index += 1
            }
        }
        var loose: Letters = []
        for (index, letter) in letters.enumerated() {
            if letter == alif, index > 0, index < letters.count - 1 || asStem { continue }
            if letter == ya || letter == waw, loose.count > 1, loose.last == letter { continue }
            loose.append(letter)
        }
        return loose
    }

    // MARK: Words of their own spelling

    /// The letters with those of everyday spelling for a word that is spelled in a way of its own, behind what is joined to it.
    private static func respelled(_ letters: Letters) -> Letters {
        for start in starts(of: letters) {
            let rest = letters[start...]
            if let word = words[Letters(rest)] { return letters[..<start] + word }
            if let (written, everyday) = beginnings.first(where: { rest.starts(with: $0.0) }) {
                return letters[..<start] + everyday + rest.dropFirst(written.count)
            }
        }
        return letters
    }

    /// Where a word may begin behind conjunctions, prepositions and the article.
    private static func starts(of letters: Letters) -> [Int] {
        var starts = [0]
        var index = 0
        func passes(_ set: String) -> Bool {
            guard index < letters.count - 2, set.unicodeScalars.contains(letters[index]) else { return false }
            index += 1
            starts.append(index)
            return true
        }
        _ = passes("اوف")
        _ = passes("وف")
        _ = passes("بكلت")
        if index + 1 < letters.count, letters[index] == alif, letters[index + 1] == lam {
            starts.append(index + 2)
        } else {
            _ = passes("ل")
        }
        return starts
    }

    /// Whole words.
    private static let words: [[Unicode.Scalar]: [Unicode.Scalar]] = {
        var words = [
            // Prayer, alms, life, deliverance, Manat, morning and niche: the Uthmani spelling writes a waw for the long a.
            "صلوه": "صلاه", "زكوه": "زكاه", "حيوه": "حياه", "نجوه": "نجاه", "منوه": "مناه", "غدوه": "غداه", "مشكوه": "مشكاه",
            "رحمان": "رحمن", "سموات": "سماوات", "اليل": "الليل",
        ]
        for ending in ["", "ا", "ه", "ك", "ي", "نا", "كم", "هم", "ين"] { words["الاه" + ending] = "اله" + ending }
        return Dictionary(uniqueKeysWithValues: words.map { (Array($0.unicodeScalars), Array($1.unicodeScalars)) })
    }()

    /// Beginnings of words, in which everyday spelling leaves the long a unwritten: this, that, but, those, these.
    private static let beginnings = [
        ("هاذ", "هذ"), ("ذالك", "ذلك"), ("لاكن", "لكن"), ("اولايك", "اوليك"), ("هاولاء", "هولاء"),
    ].map { (Array($0.unicodeScalars), Array($1.unicodeScalars)) }
}
