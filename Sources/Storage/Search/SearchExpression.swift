import Quran

/// A query as the engines' full-text searches take it. Words hold letters and digits alone, so quoting them is all.
struct SearchExpression {
    let engine: DatabaseEngine

    /// The condition that a row has everything that must be found and nothing that must not; phrases only as their words, and
    /// exclusions of phrases not at all.
    func matches(wordsOf query: SearchQuery) -> SQL {
        let required = query.required.flatMap(\.words).map { alternatives($0[query.form]) }.joined(separator: and)
        let words = query.excluded.filter { !$0.isPhrase }.flatMap(\.words)
        let excluded = words.map { alternatives($0.folded) }.joined(separator: or)
        switch (engine, excluded.isEmpty) {
        case (_, true): return matches("(\(required))", query.form)
        case (.sqlite, false):
            let expression = "\(query.form.rawValue) : (\(required)) NOT folded : (\(excluded))"
            return "search_texts MATCH \(expression)"
        case (.postgres, false):
            if query.form == .folded { return matches("(\(required)) & !(\(excluded))", .folded) }
            return "loose @@ \(required)::tsquery AND NOT folded @@ \(excluded)::tsquery"
        }
    }

    /// The condition that a row has a phrase.
    func matches(_ phrase: SearchQuery.Clause, _ form: SearchForm) -> SQL {
        // Only its last word may be a prefix.
        let first = phrase.words.dropLast().map { quoted($0[form].whole) }
        let phrases = phrase.words.suffix(1).flatMap { terms($0[form]) }.map { last in
            (first + [last]).joined(separator: engine == .sqlite ? " + " : " <-> ")
        }
        return matches("(" + phrases.map { "(\($0))" }.joined(separator: or) + ")", form)
    }

    private var and: String { engine == .sqlite ? " AND " : " & " }

    private var or: String { engine == .sqlite ? " OR " : " | " }

    private func alternatives(_ term: SearchQuery.Word.Term) -> String {
        "(" + terms(term).joined(separator: or) + ")"
    }

    /// The word itself, unless what it begins like includes it, and words that begin so.
    private func terms(_ term: SearchQuery.Word.Term) -> [String] {
        guard let prefix = term.prefix else { return [quoted(term.whole)] }
        let begun = engine == .sqlite ? "\"\(prefix)\" *" : "'\(prefix)':*"
        return term.whole.utf8.starts(with: prefix.utf8) ? [begun] : [quoted(term.whole), begun]
    }

    private func quoted(_ word: String) -> String { engine == .sqlite ? "\"\(word)\"" : "'\(word)'" }

    private func matches(_ expression: String, _ form: SearchForm) -> SQL {
        switch (engine, form) {
        case (.sqlite, _):
            let inColumn = "\(form.rawValue) : \(expression)"
            return "search_texts MATCH \(inColumn)"
        case (.postgres, .folded): return "folded @@ \(expression)::tsquery"
        case (.postgres, .loose): return "loose @@ \(expression)::tsquery"
        }
    }
}
