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
        return withoutDoubles(letters)
    }

    /// The letters with waw and ya once where they stand twice, but at the beginning.
    private static func withoutDoubles(_ letters: Letters) -> Letters {
        var index = 2
        while index < letters.count {
            let letter = letters[index]
            if letter == letters[index - 1], letter == ya || letter == waw { break }
            index += 1
        }
        guard index < letters.count else { return letters }
        var single = Letters(letters[..<index])
        for letter in letters[index...] where letter != single[single.count - 1] || letter != ya && letter != waw {
            single.append(letter)
        }
        return single
    }

    /// What is left of the letters of everyday spelling where nothing counts that some spelling leaves out: alifs and hamzas
    /// within the word, and the second lam of an article.
    static func loose(_ letters: [Unicode.Scalar], asStem: Bool) -> [Unicode.Scalar] {
        var kept: Letters = []
        for letter in letters where letter != hamza || kept.isEmpty { kept.append(letter) }
        var loose: Letters = []
        var index = -1
        for letter in kept {
            index += 1
            if letter == lam, index > 1, kept[index - 1] == lam, kept[index - 2] == alif,
                index + 1 < kept.count ? kept[index + 1] != ArabicFolding.ha : asStem
            {
                continue
            }
            if letter == alif, index > 0, index < kept.count - 1 || asStem { continue }
            loose.append(letter)
        }
        return withoutDoubles(loose)
    }

    // MARK: Words of their own spelling

    /// The letters with those of everyday spelling for a word that is spelled in a way of its own, behind what is joined to it.
    private static func respelled(_ letters: Letters) -> Letters {
        for start in starts(of: letters) where initials.contains(letters[start].value) {
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
        for set in joined {
            guard index < letters.count - 2, set.contains(letters[index].value) else { continue }
            index += 1
            starts.append(index)
        }
        if index + 1 < letters.count, letters[index] == alif, letters[index + 1] == lam {
            if index + 2 < letters.count { starts.append(index + 2) }
        } else if index + 2 < letters.count, letters[index] == lam {
            starts.append(index + 1)
        }
        return starts
    }

    /// What is joined to words, in order.
    private static let joined = ["ا", "وف", "بكلت"].map { $0.unicodeScalars.map(\.value) }

    /// Whole words.
    private static let words: [[Unicode.Scalar]: [Unicode.Scalar]] = {
        var words = [
            // Prayer, alms, life, deliverance, Manat, morning and niche: the Uthmani spelling writes a waw for the long a.
            "صلوه": "صلاه", "زكوه": "زكاه", "حيوه": "حياه", "نجوه": "نجاه", "منوه": "مناه", "غدوه": "غداه",
            "مشكوه": "مشكاه",
            "رحمان": "رحمن", "سموات": "سماوات", "اليل": "الليل",
        ]
        for ending in ["", "ا", "ه", "ك", "ي", "نا", "كم", "هم", "ين"] { words["الاه" + ending] = "اله" + ending }
        return Dictionary(uniqueKeysWithValues: words.map { (Array($0.unicodeScalars), Array($1.unicodeScalars)) })
    }()

    /// Beginnings of words, in which everyday spelling leaves the long a unwritten: this, that, but, those, these.
    private static let beginnings = [
        ("هاذ", "هذ"), ("ذالك", "ذلك"), ("لاكن", "لكن"), ("اولايك", "اوليك"), ("هاولاء", "هولاء"),
    ].map { (Array($0.unicodeScalars), Array($1.unicodeScalars)) }

    /// What any of them begins with.
    private static let initials = Set((words.keys.map { $0[0] } + beginnings.map { $0.0[0] }).map(\.value))
}
