/// Reads from letters and marks the letters that everyday spelling writes.
struct ArabicWordReader {
    private typealias Folding = ArabicFolding

    private(set) var letters: [Unicode.Scalar] = []
    /// The "ya" or "wa-ya" that was joined to the word, and how many code points that is.
    private(set) var vocative: [Unicode.Scalar]?
    private(set) var split: Int?
    private var previous: ArabicFolding.Cluster?
    private var isDone = false

    mutating func take(_ clusters: [ArabicFolding.Cluster], at index: Int) {
        guard !isDone else { return }
        let cluster = clusters[index]
        let marks = cluster.marks
        let rest = clusters[(index + 1)...]
        var next: ArabicFolding.Cluster? { rest.first { $0.letter != Folding.tatweel } }
        switch cluster.letter {
        case Folding.tatweel:
            if marks.contains(.hamza) {
                letters += letters(ofHamza: cluster, before: rest)
            } else if marks.contains(.daggerAlif) {
                letters.append(Folding.alif)
            }
            addSmallLetters(marks)
        case Folding.hamza where letters.isEmpty:
            if next?.letter != Folding.alif { letters.append(Folding.alif) }
        case Folding.hamza where next == nil: letters.append(Folding.hamza)
        case Folding.hamza: letters += letters(ofHamza: cluster, before: rest)
        case Folding.alif where marks.contains(.silent) && next?.letter != "ئ": break
        case Folding.waw where marks.contains(.daggerAlif) && marks.isDisjoint(with: [.fatha, .fathatan]):
            letters.append(Folding.alif)
        case Folding.maqsura
        where marks.contains(.daggerAlif) && next != nil && marks.isDisjoint(with: [.fatha, .fathatan, .kasra]):
            letters.append(Folding.alif)
        case Folding.ya where marks.contains(.silent), Folding.maqsura where marks.contains(.silent): break
        case "ئ" where next == nil && followsLongA: letters.append(Folding.hamza)
        case "ؤ" where isHamzaAtEnd(before: rest):
            letters.append(followsLongA ? Folding.hamza : Folding.alif)
            isDone = true
        default:
            let folded = SearchAlphabet.letters(in: cluster.letter)
            if cluster.letter == Folding.lam, marks.contains(.shadda), previous?.letter == "ٱ", bearsLongA(rest) {
                // The article before a lam, of which the Uthmani spelling writes one.
                letters.append(Folding.lam)
            }
            letters += folded
            addSmallLetters(marks)
            if marks.contains(.daggerAlif), cluster.letter != Folding.maqsura, letters.last != Folding.alif {
                letters.append(Folding.alif)
            }
        }
        if marks.contains(.daggerAlif), vocative == nil, next != nil, isVocative {
            vocative = letters
            split = cluster.end
            letters.removeAll()
        }
        if cluster.letter != Folding.tatweel || !marks.isEmpty { previous = cluster }
    }

    private var isVocative: Bool {
        letters.elementsEqual([Folding.ya, Folding.alif])
            || letters.elementsEqual([Folding.waw, Folding.ya, Folding.alif])
    }

    private mutating func addSmallLetters(_ marks: ArabicFolding.Marks) {
        guard marks.rawValue != 0 else { return }
        if marks.contains(.smallYa) { letters.append(Folding.ya) }
        if marks.contains(.smallNun) { letters.append(Folding.nun) }
    }

    private func follows(_ mark: ArabicFolding.Marks) -> Bool { previous?.marks.contains(mark) ?? false }

    /// Whether a dagger alif on the line comes next.
    private func bearsLongA(_ rest: ArraySlice<ArabicFolding.Cluster>) -> Bool {
        rest.first.map { $0.letter == Folding.tatweel && $0.marks.contains(.daggerAlif) } ?? false
    }

    /// An alif that is no seat of a hamza.
    private var followsLongA: Bool { letters.last == Folding.alif && !followsSeat }

    private var followsSeat: Bool { previous?.letter == "أ" || previous?.letter == "إ" }

    /// What everyday spelling writes for a hamza without a letter of its own, on a tatweel or within a word.
    private mutating func letters(
        ofHamza hamza: ArabicFolding.Cluster, before rest: ArraySlice<ArabicFolding.Cluster>
    ) -> [Unicode.Scalar] {
        let marks = hamza.marks
        let isLetter = hamza.letter == Folding.hamza
        let following = rest.filter { $0.letter != Folding.tatweel }
        let precedesAlif = following.first?.letter == Folding.alif
        if marks.contains(.daggerAlif) { return [Folding.alif] }
        if isLetter, followsSeat, !marks.isDisjoint(with: [.kasra, .damma]) { return [Folding.alif] }
        if marks.contains(.fathatan) {
            if isLetter { return [Folding.hamza] }
            let followsYa = previous?.letter == Folding.ya || previous?.letter == Folding.maqsura
            if followsYa || follows(.sukun) { return [Folding.ya] }
            return precedesAlif ? [] : [Folding.alif]
        }
        if isLetter, followsLongA { return [marks.contains(.kasra) ? Folding.ya : Folding.hamza] }
        if marks.contains(.kasra) { return [Folding.ya] }
        if marks.contains(.fatha) {
            if bearsLongA(rest) { return [] }
            if precedesAlif {
                guard following.count == 1 else { return [] }
                // The last long a, for which everyday spelling writes a ya.
                isDone = true
                return [Folding.alif, Folding.ya]
            }
            if follows(.kasra) || !isLetter && letters.last == Folding.ya { return [Folding.ya] }
            return [isLetter && !follows(.fatha) ? Folding.hamza : Folding.alif]
        }
        if marks.contains(.sukun) {
            return [follows(.damma) ? Folding.waw : follows(.kasra) ? Folding.ya : Folding.alif]
        }
        if isLetter { return [follows(.kasra) ? Folding.ya : Folding.hamza] }
        return [followsLongA ? Folding.hamza : Folding.ya]
    }

    /// A last hamza over a waw with a silent alif, where everyday spelling writes the hamza alone.
    private func isHamzaAtEnd(before rest: ArraySlice<ArabicFolding.Cluster>) -> Bool {
        rest.count == 1 && rest.allSatisfy { $0.letter == Folding.alif && $0.marks.contains(.silent) }
    }
}
