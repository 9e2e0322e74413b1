/// What a search looks for: words, phrases, and what must not stand there.
public struct SearchQuery: Hashable, Sendable {
    /// A word to be found, in the forms in which an index has it.
    public struct Word: Hashable, Sendable {
        /// A form of the word.
        public struct Term: Hashable, Sendable {
            /// The word itself.
            public let whole: String
            /// What longer words that are meant begin with; `nil` if only the word itself is meant.
            public let prefix: String?

            fileprivate init(_ whole: String, prefix: String?) {
                self.whole = whole
                self.prefix = prefix.flatMap { $0.unicodeScalars.count > 1 ? $0 : nil }
            }

            public func matches(_ text: String) -> Bool {
                text.utf8.elementsEqual(whole.utf8) || prefix.map { text.utf8.starts(with: $0.utf8) } ?? false
            }
        }

        public let folded: Term
        public let loose: Term
        public let isArabic: Bool

        /// - Parameter isPrefix: takes effect if the word has at least two letters.
        init(_ word: FoldedWord, isPrefix: Bool) {
            folded = Term(word.folded, prefix: isPrefix ? word.stem(.folded) : nil)
            loose = Term(word.loose, prefix: isPrefix ? word.stem(.loose) : nil)
            isArabic = word.isArabic
        }

        private init(_ word: Word) {
            folded = Term(word.folded.whole, prefix: nil)
            loose = Term(word.loose.whole, prefix: nil)
            isArabic = word.isArabic
        }

        /// The word itself.
        public var whole: Word { Word(self) }

        public var isPrefix: Bool { folded.prefix != nil || loose.prefix != nil }

        public subscript(form: SearchForm) -> Term {
            switch form {
            case .folded: folded
            case .loose: loose
            }
        }
    }

    /// Words that must stand one after the other; mostly a single one. Only the last may be a prefix.
    public struct Clause: Hashable, Sendable {
        public let words: [Word]

        public init(_ words: [Word]) { self.words = words }

        public var isPhrase: Bool { words.count > 1 }
    }

    /// All of them must be found. Never empty.
    public let required: [Clause]
    /// None of them may be found.
    public let excluded: [Clause]

    public static let maximumLength = 256
    public static let maximumWords = 16

    /// The form in which ``required`` is looked for; ``excluded`` is always looked for as it is folded.
    public let form: SearchForm

    private init(required: [Clause], excluded: [Clause], form: SearchForm = .folded) {
        self.required = required
        self.excluded = excluded
        self.form = form
    }

    /// Reads what someone typed.
    ///
    /// Words stand between spaces, phrases between quotation marks, of which the last may be left open. A `-` before either
    /// excludes it, a `*` behind it makes a prefix of its last word; so is the last word of all that is to be found, if nothing
    /// follows it. What is written in one run and folds to several words is a phrase.
    public init(_ text: String) throws(SearchQueryError) {
        guard text.unicodeScalars.count <= Self.maximumLength else { throw .tooLong }
        var required: [Clause] = []
        var excluded: [Clause] = []
        for token in Self.tokens(of: text) {
            var words = SearchFolding.words(of: String(token.text))
            guard let last = words.last else { continue }
            let isTyped = token.isLast && !token.isExcluded && last.range.upperBound == token.text.count
            let isPrefix = token.hasStar || isTyped
            if isTyped, let begun = ArabicFolding.callBegun(by: last) { words = words.dropLast() + begun }
            let clause = Clause(
                words.enumerated().map { Word($1, isPrefix: isPrefix && $0 == words.count - 1) })
            if token.isExcluded {
                if !excluded.contains(clause) { excluded.append(clause) }
            } else if !required.contains(clause) {
                required.append(clause)
            }
        }
        guard (required + excluded).reduce(0, { $0 + $1.words.count }) <= Self.maximumWords else { throw .tooManyWords }
        guard !required.isEmpty else { throw excluded.isEmpty ? .noWords : .onlyExclusions }
        self.init(required: required, excluded: excluded)
    }

    /// The same, with the words themselves in place of prefixes.
    public var whole: SearchQuery {
        SearchQuery(
            required: required.map { Clause($0.words.dropLast() + $0.words.suffix(1).map(\.whole)) },
            excluded: excluded, form: form)
    }

    /// What must be found alone.
    public var withoutExclusions: SearchQuery { SearchQuery(required: required, excluded: [], form: form) }

    /// The same, for whatever is spelled similarly; `nil` if that finds no more.
    public var loosened: SearchQuery? {
        guard form == .folded, required.contains(where: { $0.words.contains(where: \.isArabic) }) else { return nil }
        return SearchQuery(required: required, excluded: excluded, form: .loose)
    }

    /// All that must be found, as one phrase; `nil` if that is one word, or asks for a prefix before its end.
    public var joined: Clause? {
        let words = required.flatMap(\.words)
        guard words.count > 1, required.count > 1, !words.dropLast().contains(where: \.isPrefix) else { return nil }
        return Clause(words)
    }

    // MARK: Tokens

    private struct Token {
        var text = String.UnicodeScalarView()
        var isExcluded = false
        var isQuoted = false
        var hasStar = false
        /// Whether nothing follows it.
        var isLast = false
    }

    private static func tokens(of text: String) -> [Token] {
        var tokens: [Token] = []
        var current: Token?
        func isQuote(_ scalar: Unicode.Scalar) -> Bool { ["\"", "“", "”", "„", "«", "»"].contains(scalar) }
        func end() {
            if let token = current { tokens.append(token) }
            current = nil
        }
        for scalar in text.unicodeScalars {
            let isOpen = current.map { $0.isQuoted } ?? false
            if isQuote(scalar) {
                if isOpen {
                    end()
                } else {
                    // A quotation mark right behind a hyphen belongs to it.
                    let isExcluded = current.map { $0.isExcluded && $0.text.isEmpty } ?? false
                    if !isExcluded { end() }
                    current = Token(isExcluded: isExcluded, isQuoted: true)
                }
            } else if scalar.properties.isWhitespace, !isOpen {
                end()
            } else if scalar == "*", !isOpen {
                if current == nil, let last = tokens.last, last.isQuoted {
                    tokens[tokens.count - 1].hasStar = true
                } else {
                    current?.hasStar = true
                    end()
                }
            } else if scalar == "-", current == nil {
                current = Token(isExcluded: true)
            } else {
                current = current ?? Token()
                current?.text.append(scalar)
            }
        }
        current?.isLast = true
        end()
        return tokens
    }
}

/// Why a text is no query.
public enum SearchQueryError: Error, Hashable, Sendable {
    case tooLong, tooManyWords, noWords, onlyExclusions
}

extension SearchQuery: CustomStringConvertible {
    /// The query in one way of writing: equal texts, equal queries.
    public var description: String {
        (required.map { "\($0)" } + excluded.map { "-\($0)" }).joined(separator: " ")
    }
}

extension SearchQuery.Clause: CustomStringConvertible {
    public var description: String {
        let text = words.map { word in
            let forms = [word.folded] + (word.loose == word.folded ? [] : [word.loose])
            return forms.map { "\($0)" }.joined(separator: "~")
        }.joined(separator: " ")
        return isPhrase ? "\"\(text)\"" : text
    }
}

extension SearchQuery.Word.Term: CustomStringConvertible {
    /// `word`, or `word/wor*`.
    public var description: String { prefix.map { "\(whole)/\($0)*" } ?? whole }
}
