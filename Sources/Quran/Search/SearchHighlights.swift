/// Where a query is found in a text.
public struct SearchHighlights: Hashable, Sendable {
    public let text: String
    /// In code points, ascending, with something between each two. None splits what a reader takes for one character.
    public let ranges: [Range<Int>]

    public init(of query: SearchQuery, in text: String) {
        self.text = text
        let words = SearchFolding.words(of: text)
        var found: [Range<Int>] = []
        for clause in query.required {
            for start in clause.positions(in: words, as: query.form) {
                let last = words[start + clause.words.count - 1]
                found.append(words[start].range.lowerBound..<max(last.range.upperBound, words[start].range.upperBound))
            }
        }
        ranges = Self.merged(found, in: text)
    }

    /// Rounds to the boundaries of characters, and joins what overlaps or touches.
    private static func merged(_ ranges: [Range<Int>], in text: String) -> [Range<Int>] {
        guard !ranges.isEmpty else { return [] }
        var boundaries: [Int] = [0]
        for character in text { boundaries.append(boundaries[boundaries.count - 1] + character.unicodeScalars.count) }
        var merged: [Range<Int>] = []
        for range in ranges.sorted(by: { ($0.lowerBound, $0.upperBound) < ($1.lowerBound, $1.upperBound) }) {
            let lower = boundaries[boundaries.partitioningIndex { $0 > range.lowerBound } - 1]
            let upper = boundaries[boundaries.partitioningIndex { $0 >= range.upperBound }]
            if let last = merged.last, lower <= last.upperBound {
                merged[merged.count - 1] = last.lowerBound..<max(last.upperBound, upper)
            } else {
                merged.append(lower..<upper)
            }
        }
        return merged
    }

    /// The text as HTML, with `<mark>` around each range: what HTML gives a meaning to is escaped.
    public var html: String {
        var html = String.UnicodeScalarView()
        var ranges = self.ranges[...]
        func open(at position: Int) {
            if ranges.first?.lowerBound == position { html.append(contentsOf: "<mark>".unicodeScalars) }
        }
        func close(at position: Int) {
            guard ranges.first?.upperBound == position else { return }
            html.append(contentsOf: "</mark>".unicodeScalars)
            ranges.removeFirst()
        }
        var position = 0
        for scalar in text.unicodeScalars {
            close(at: position)
            open(at: position)
            switch scalar {
            case "&": html.append(contentsOf: "&amp;".unicodeScalars)
            case "<": html.append(contentsOf: "&lt;".unicodeScalars)
            case ">": html.append(contentsOf: "&gt;".unicodeScalars)
            case "\"": html.append(contentsOf: "&quot;".unicodeScalars)
            case "'": html.append(contentsOf: "&#39;".unicodeScalars)
            default: html.append(scalar)
            }
            position += 1
        }
        close(at: position)
        return String(html)
    }
}

extension SearchQuery.Clause {
    /// Where in a text's words it begins.
    func positions(in text: [FoldedWord], as form: SearchForm) -> [Int] {
        guard text.count >= words.count else { return [] }
        return (0...text.count - words.count).filter { start in
            words.indices.allSatisfy { words[$0][form].matches(text[start + $0][form]) }
        }
    }
}

extension RandomAccessCollection {
    /// The first index whose element belongs to the second part, where all of the first come before all of the second.
    fileprivate func partitioningIndex(where belongsToSecond: (Element) -> Bool) -> Index {
        var low = startIndex
        var count = self.count
        while count > 0 {
            let half = count / 2
            let middle = index(low, offsetBy: half)
            if belongsToSecond(self[middle]) {
                count = half
            } else {
                low = index(after: middle)
                count -= half + 1
            }
        }
        return low
    }
}
