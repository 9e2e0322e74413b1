/// What a text of an ayah must be, wherever it comes from.
public enum AyahText {
    /// Why a text is none.
    public enum Defect: Sendable, Hashable {
        /// Its code point.
        case control(String)
        case blank

        var code: ContentError.Code {
            switch self {
            case .control: .encoding
            case .blank: .incomplete
            }
        }

        /// - Parameter key: the ayah.
        public func reason(_ key: String) -> String {
            switch self {
            case .control(let code): "the text of \(key) holds the control character \(code)"
            case .blank: "ayah \(key) has no text"
            }
        }
    }

    /// - Returns: `nil` if the text holds something besides white space, and no control character.
    public static func defect(of text: String) -> Defect? {
        let control = text.unicodeScalars.first { scalar in
            isControl(scalar) || scalar == "\u{FEFF}"
        }
        if let control { return .control("U+" + String(control.value, radix: 16, uppercase: true)) }
        return text.unicodeScalars.allSatisfy(\.properties.isWhitespace) ? .blank : nil
    }

    /// Whether a scalar is of the category Cc, which has these 65 for good.
    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
    }
}
