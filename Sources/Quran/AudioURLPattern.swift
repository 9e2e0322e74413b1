/// An audio URL with places for the surah and ayah.
///
/// The placeholders are `{s}` (surah), `{sss}` (surah, three digits), `{aaa}` (ayah, three digits) and `{n}` (the ayah's
/// running number 1…6236).
public struct AudioURLPattern: Hashable, Sendable, CustomStringConvertible {
    private enum Part: Hashable, Sendable {
        case literal(String)
        case surah, paddedSurah, paddedAyah, ayahNumber
    }

    public let description: String
    private let parts: [Part]

    /// - Returns: `nil` unless this is an http(s) URL whose placeholders are all known and that has at least one.
    public init?(_ pattern: String) {
        guard pattern.hasPrefix("https://") || pattern.hasPrefix("http://") else { return nil }
        guard pattern.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { return nil }
        var parts: [Part] = []
        var rest = Substring(pattern)
        while let open = rest.firstIndex(of: "{") {
            guard let close = rest[open...].firstIndex(of: "}") else { return nil }
            parts.append(.literal(String(rest[..<open])))
            switch rest[rest.index(after: open)..<close] {
            case "s": parts.append(.surah)
            case "sss": parts.append(.paddedSurah)
            case "aaa": parts.append(.paddedAyah)
            case "n": parts.append(.ayahNumber)
            default: return nil
            }
            rest = rest[rest.index(after: close)...]
        }
        guard !parts.isEmpty else { return nil }
        parts.append(.literal(String(rest)))
        self.parts = parts
        description = pattern
    }

    /// Whether a URL of this pattern names one ayah rather than a surah.
    public var namesAyah: Bool { parts.contains(.paddedAyah) || parts.contains(.ayahNumber) }

    /// - Returns: `nil` if the pattern names an ayah and none is given.
    func url(surah: SurahNumber, ayah: Int?, number: AyahNumber?) -> String? {
        var url = ""
        for part in parts {
            switch part {
            case .literal(let text): url += text
            case .surah: url += "\(surah)"
            case .paddedSurah: url += threeDigits(surah.value)
            case .paddedAyah:
                guard let ayah else { return nil }
                url += threeDigits(ayah)
            case .ayahNumber:
                guard let number else { return nil }
                url += "\(number)"
            }
        }
        return url
    }

    private func threeDigits(_ value: Int) -> String {
        String(repeating: "0", count: max(0, 3 - String(value).utf8.count)) + String(value)
    }
}
