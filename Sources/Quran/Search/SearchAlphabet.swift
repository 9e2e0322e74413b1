/// What each code point is to a search, whatever word it stands in.
enum SearchAlphabet {
    enum Role: Equatable {
        /// Ends a word.
        case separator
        /// Belongs to the letter before it and says nothing: vowel signs, accents, joiners.
        case mark
        /// Stands within words and says nothing there; outside of them it separates.
        case apostrophe
        /// A letter or digit, folded to one code point or several.
        case letter([Unicode.Scalar])
        /// A letter of a script that writes no spaces: a word by itself.
        case ideograph
    }

    static func role(of scalar: Unicode.Scalar) -> Role {
        let code = Int(scalar.value)
        return code < table.count ? table[code] : makeRole(of: scalar)
    }

    static func isMark(_ scalar: Unicode.Scalar) -> Bool {
        let code = Int(scalar.value)
        if code < codes.count { return codes[code] == 1 }
        return if case .mark = role(of: scalar) { true } else { false }
    }

    /// What a letter or digit folds to; nothing for other code points.
    static func letters(in scalar: Unicode.Scalar) -> [Unicode.Scalar] {
        if case .letter(let letters) = role(of: scalar) { letters } else { [] }
    }

    /// The roles of the scripts that most editions are written in.
    private static let table: [Role] = (0..<0x2100).map { code in
        Unicode.Scalar(UInt32(code)).map(makeRole) ?? .separator
    }

    /// The same roles as numbers, for most text: 0 for a separator, 1 for a mark, the letter that a letter folds to, and 2 for
    /// the rest.
    static let codes: [UInt32] = table.map { role in
        switch role {
        case .separator: 0
        case .mark: 1
        case .letter(let letters): letters.count == 1 ? letters[0].value : 2
        case .apostrophe, .ideograph: 2
        }
    }

    private static func makeRole(of scalar: Unicode.Scalar) -> Role {
        switch scalar.value {
        case 0x30...0x39, 0x61...0x7A: return .letter([scalar])
        case 0x27, 0x60, 0xB4, 0x2018...0x201B, 0x2032, 0x2B9...0x2BF, 0x2C8, 0x2CA, 0x2CB, 0xFF07, 0xA78B, 0xA78C:
            return .apostrophe
        case 0xAD, 0x640, 0x6E5, 0x6E6, 0x61C, 0x200B...0x200F, 0x202A...0x202E, 0x2060, 0x2066...0x2069, 0xFEFF,
            0xFE00...0xFE0F, 0x1F3FB...0x1F3FF, 0xE0100...0xE01EF:
            return .mark
        default: break
        }
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .spacingMark:
            return isSpelling(scalar) ? .letter([scalar]) : .mark
        case .decimalNumber:
            let digit = scalar.properties.numericValue.flatMap { Unicode.Scalar(0x30 + UInt32($0)) }
            return .letter([digit ?? scalar])
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .letterNumber,
            .otherNumber:
            if isIdeograph(scalar) { return .ideograph }
            return .letter(letters(of: scalar))
        default: return .separator
        }
    }

    /// Marks that spell vowels which nobody leaves out, as those of Indic scripts and of Thaana; the dot below of the former is
    /// left out by many.
    private static func isSpelling(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x93C, 0x9BC, 0xA3C, 0xABC, 0xB3C: false
        case 0x7A6...0x7B0, 0x900...0x1AAF, 0x1B00...0x1CCF: true
        default: false
        }
    }

    /// Letters of the scripts without spaces: Thai, Lao, Myanmar, Khmer, kana and Han.
    private static func isIdeograph(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0xE01...0xEFF, 0x1000...0x109F, 0x1780...0x17FF, 0x3005...0x30FF, 0x31F0...0x31FF, 0x3400...0x9FFF,
            0xF900...0xFAFF, 0x20000...0x3FFFF:
            true
        default: false
        }
    }

    private static func letters(of scalar: Unicode.Scalar) -> [Unicode.Scalar] {
        if let special = special[scalar] { return Array(special.unicodeScalars) }
        // Full-width forms of ASCII.
        if (0xFF01...0xFF5E).contains(scalar.value), let narrow = Unicode.Scalar(scalar.value - 0xFEE0) {
            return letters(of: narrow)
        }
        if (0xFB50...0xFDFF).contains(scalar.value) || (0xFE70...0xFEFC).contains(scalar.value) {
            return presented[scalar] ?? [scalar]
        }
        var letters: [Unicode.Scalar] = []
        for lower in scalar.properties.lowercaseMapping.unicodeScalars {
            if let special = special[lower] {
                letters += special.unicodeScalars
            } else if role(ofCombining: lower) {
                continue
            } else {
                letters.append(plain[lower] ?? lower)
            }
        }
        return letters
    }

    private static func role(ofCombining scalar: Unicode.Scalar) -> Bool { (0x300...0x36F).contains(scalar.value) }

    /// What no rule says.
    private static let special: [Unicode.Scalar: String] = [
        "ß": "ss", "æ": "ae", "ǽ": "ae", "œ": "oe", "ĳ": "ij", "ı": "i", "ſ": "s", "ς": "σ",
        "ё": "е", "й": "и", "ї": "і", "ў": "у", "ќ": "к", "ѓ": "г",
        "أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ٲ": "ا", "ٳ": "ا", "ٵ": "ا",
        "ى": "ي", "ی": "ي", "ې": "ي", "ے": "ي", "ۓ": "ي", "ئ": "ي", "ۍ": "ي", "ٸ": "ي",
        "ؤ": "و", "ٶ": "و", "ک": "ك", "ڪ": "ك", "ں": "ن",
        "ة": "ه", "ۃ": "ه", "ہ": "ه", "ھ": "ه", "ۀ": "ه", "ۂ": "ه", "ە": "ه",
        "ﷲ": "الله", "ﻵ": "لا", "ﻶ": "لا", "ﻷ": "لا", "ﻸ": "لا", "ﻹ": "لا", "ﻺ": "لا", "ﻻ": "لا", "ﻼ": "لا",
        // Composed letters of Indic scripts that have no composed form in any normalization.
        "\u{958}": "\u{915}", "\u{959}": "\u{916}", "\u{95A}": "\u{917}", "\u{95B}": "\u{91C}", "\u{95C}": "\u{921}",
        "\u{95D}": "\u{922}", "\u{95E}": "\u{92B}", "\u{95F}": "\u{92F}",
        "\u{9DC}": "\u{9A1}", "\u{9DD}": "\u{9A2}", "\u{9DF}": "\u{9AF}",
    ]

    /// Latin, Greek and Cyrillic small letters with something added to them, and the letters without. Unicode's names say it,
    /// which never change: "LATIN SMALL LETTER E WITH CIRCUMFLEX AND ACUTE".
    private static let plain: [Unicode.Scalar: Unicode.Scalar] = {
        let blocks: [ClosedRange<UInt32>] = [
            0x61...0x7A, 0xC0...0x24F, 0x370...0x3FF, 0x400...0x52F, 0x1E00...0x1FFF,
        ]
        let scalars = blocks.joined().compactMap(Unicode.Scalar.init)
        let named = scalars.compactMap { scalar in scalar.properties.name.map { ($0, scalar) } }
        let byName = Dictionary(named, uniquingKeysWith: { first, _ in first })
        var plain: [Unicode.Scalar: Unicode.Scalar] = [:]
        for (name, scalar) in named {
            if let base = byName[part(of: name, before: " WITH ")], base != scalar { plain[scalar] = base }
        }
        return plain
    }()

    /// Arabic letters in the forms that they take within a word, by their names: "ARABIC LETTER BEH FINAL FORM".
    private static let presented: [Unicode.Scalar: [Unicode.Scalar]] = {
        let letters = (UInt32(0x620)...0x6FF).compactMap(Unicode.Scalar.init)
        let named = letters.compactMap { scalar in scalar.properties.name.map { ($0, scalar) } }
        let byName = Dictionary(named, uniquingKeysWith: { first, _ in first })
        var presented: [Unicode.Scalar: [Unicode.Scalar]] = [:]
        for scalar in [UInt32(0xFB50)...0xFBFF, 0xFE80...0xFEF4].joined().compactMap(Unicode.Scalar.init) {
            guard let name = scalar.properties.name else { continue }
            for form in [" ISOLATED FORM", " FINAL FORM", " INITIAL FORM", " MEDIAL FORM"] {
                if let letter = byName[part(of: name, before: form)] {
                    presented[scalar] = SearchAlphabet.letters(of: letter)
                }
            }
        }
        return presented
    }()

    /// - Returns: the whole name if it has no such part.
    private static func part(of name: String, before mark: String) -> String {
        name.firstRange(of: mark).map { String(name[..<$0.lowerBound]) } ?? name
    }
}
