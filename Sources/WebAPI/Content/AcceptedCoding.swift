import Compression

extension ContentCoding {
    /// The coding that a client would like best, by the value of its `Accept-Encoding` (RFC 9110, section 12.5.3).
    ///
    /// Of equals brotli comes first, as it is the smallest, and a coding that is listed before none at all. What is malformed says
    /// nothing. Where nothing that there is was accepted, the bytes are sent as they are.
    ///
    /// - Returns: `nil` for the bytes as they are.
    static func accepted(_ value: String) -> ContentCoding? {
        var weights: [Substring: Int] = [:]
        for element in value.lowercased().split(separator: ",") {
            let parts = element.split(separator: ";", omittingEmptySubsequences: false).map(trimmed)
            switch parts.count {
            case 1: weights[parts[0]] = 1000
            case 2: weights[parts[0]] = thousandths(parts[1])
            default: break
            }
        }
        var best: ContentCoding?
        // Of the plain bytes nothing may be said: they are accepted, but wanted less than what was asked for.
        var bestWeight = max(0, (weights["identity"] ?? 1) - 1)
        for (coding, names) in [(ContentCoding.brotli, ["br"]), (.gzip, ["gzip", "x-gzip"])] {
            let weight = names.lazy.compactMap { weights[$0[...]] }.first ?? weights["*"] ?? 0
            if weight > bestWeight { (best, bestWeight) = (coding, weight) }
        }
        return best
    }

    /// The value of `q=0.5`; `nil` if it is malformed.
    private static func thousandths(_ text: Substring) -> Int? {
        guard text.hasPrefix("q=") else { return nil }
        let parts = text.dropFirst(2).split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        let fraction = parts.count == 2 ? parts[1] : ""
        guard ["0", "1"].contains(parts[0]), fraction.utf8.count <= 3,
            fraction.utf8.allSatisfy({ (0x30...0x39).contains($0) })
        else { return nil }
        let digits = parts[0] + fraction + String(repeating: "0", count: 3 - fraction.utf8.count)
        return Int(digits).flatMap { $0 <= 1000 ? $0 : nil }
    }

    private static func trimmed(_ text: Substring) -> Substring {
        let isSpace: (Character) -> Bool = { $0 == " " || $0 == "\t" }
        let start = text.drop(while: isSpace)
        return start[..<(start.lastIndex { !isSpace($0) }.map { start.index(after: $0) } ?? start.startIndex)]
    }
}
