import Caching
import TestSupport
import Testing

@Suite struct GlobPatternTests {
    @Test(
        arguments: [
            ("*", "", true), ("*", "anything", true), ("", "", true), ("", "a", false), ("a", "a", true),
            ("a", "aa", false),
            ("?", "", false), ("?", "a", true), ("?", "ab", false), ("a*", "a", true), ("a*c", "abc", true),
            ("a*c", "abcd", false), ("*c", "abcabc", true), ("a**b", "ab", true), ("a?c", "abc", true),
            ("\\*", "*", true),
            ("\\*", "a", false), ("\\?", "?", true), ("\\?", "a", false), ("\\\\", "\\", true), ("a\\", "a\\", true),
            ("\\a", "a", true), ("quran_backend:quran:surah:2*", "quran_backend:quran:surah:2?page=2", true),
            ("quran_backend:quran:surah:2?*", "quran_backend:quran:surah:2", false), ("[a]", "a", false),
            ("[a]", "[a]", true),
            ("A", "a", false), ("*?*", "", false), ("*?*", "x", true), ("*ab*ab", "abab", true),
            ("*ab*ab", "ab", false),
        ])
    func `a pattern matches as it should`(pattern: String, text: String, matches: Bool) {
        #expect(GlobPattern(pattern).matches(text) == matches)
        #expect(reference(pattern, text) == matches)
    }

    @Test(arguments: 0..<50 as Range<UInt64>)
    func `a pattern matches what a table of all positions says`(seed: UInt64) {
        var random = SplitMix(seed: seed)
        func word(_ alphabet: [Character], _ length: ClosedRange<Int>) -> String {
            String(
                (0..<Int.random(in: length, using: &random)).map { _ in alphabet.randomElement(using: &random) ?? "a" })
        }
        var matched = 0
        for _ in 0..<400 {
            let pattern = word(["a", "b", "a", "*", "*", "?", "\\"], 0...9)
            let text = word(["a", "a", "b", "*", "?", "\\"], 0...12)
            let expected = reference(pattern, text)
            if expected { matched += 1 }
            #expect(GlobPattern(pattern).matches(text) == expected, "\(pattern) on \(text)")
        }
        #expect(matched > 5)
    }

    @Test(.timeLimit(.minutes(1)))
    func `a pattern of many runs does not take exponential time`() {
        let pattern = GlobPattern(String(repeating: "*a", count: 60) + "*b")
        let text = String(repeating: "a", count: 5000)
        #expect(!pattern.matches(text))
        #expect(pattern.matches(text + "b"))
        #expect(!GlobPattern(String(repeating: "*a?", count: 60) + "*b").matches(text))
    }

    /// By dynamic programming over all pairs of positions.
    private func reference(_ pattern: String, _ text: String) -> Bool {
        enum Token {
            case run, any
            case literal(UInt8)
        }
        var tokens: [Token] = []
        var escaped = false
        for byte in pattern.utf8 {
            if escaped {
                tokens.append(.literal(byte))
                escaped = false
            } else if byte == UInt8(ascii: "\\") {
                escaped = true
            } else {
                tokens.append(byte == UInt8(ascii: "*") ? .run : byte == UInt8(ascii: "?") ? .any : .literal(byte))
            }
        }
        if escaped { tokens.append(.literal(UInt8(ascii: "\\"))) }
        // Which prefixes of the text the tokens so far match.
        let bytes = Array(text.utf8)
        var matched = [true] + bytes.map { _ in false }
        for token in tokens {
            var next = [Bool](repeating: false, count: bytes.count + 1)
            for length in 0...bytes.count {
                switch token {
                case .run: next[length] = matched[length] || (length > 0 && next[length - 1])
                case .any: next[length] = length > 0 && matched[length - 1]
                case .literal(let byte): next[length] = length > 0 && matched[length - 1] && bytes[length - 1] == byte
                }
            }
            matched = next
        }
        return matched[bytes.count]
    }
}
