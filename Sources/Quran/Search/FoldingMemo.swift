/// Folds texts that have most of their words in common: what stands between two spaces is folded once.
public struct FoldingMemo {
    /// What was folded; its words, with ranges from its beginning; and how many code points it has.
    private var runs: [Substring: (run: String, words: [FoldedWord], length: Int)] = [:]

    /// One more, and all are forgotten.
    private static let capacity = 50_000
    /// The longest run that is remembered, in bytes.
    private static let longest = 128

    public init() {}

    /// As ``SearchFolding/words(of:)``.
    public mutating func words(of text: String) -> [FoldedWord] {
        var words: [FoldedWord] = []
        var start = 0
        for run in text.split(separator: " ", omittingEmptySubsequences: false) {
            let (found, length) = folded(run)
            for var word in found {
                word.range = word.range.lowerBound + start..<word.range.upperBound + start
                words.append(word)
            }
            start += length + 1
        }
        return words
    }

    private mutating func folded(_ run: Substring) -> (words: [FoldedWord], length: Int) {
        // Equal strings may be other code points.
        if let known = runs[run], known.run.utf8.elementsEqual(run.utf8) { return (known.words, known.length) }
        let text = String(run)
        let folded = (SearchFolding.words(of: text), text.unicodeScalars.count)
        guard text.utf8.count <= Self.longest else { return folded }
        if runs.count >= Self.capacity { runs.removeAll(keepingCapacity: true) }
        // A copy of its own, not the whole text's.
        runs[Substring(text)] = (text, folded.0, folded.1)
        return folded
    }
}
