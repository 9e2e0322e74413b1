import Quran

/// A query as the engines' full-text searches take it. Words hold letters and digits alone, so quoting them is all.
struct SearchExpression {
    /// The column that is searched.
    enum Form: String {
        case folded, spelled
    }

    let engine: DatabaseEngine
    let form: Form

    /// Everything that must be found and nothing that must not; phrases only as their words, and exclusions of phrases not at
    /// all.
    func words(of query: SearchQuery) -> String {
        let required = query.required.flatMap(\.words).map(term).joined(separator: and)
        let excluded = query.excluded.filter { !$0.isPhrase }.flatMap(\.words).map(term)
        guard !excluded.isEmpty else { return column("(\(required))") }
        let none = excluded.joined(separator: or)
        return column(engine == .sqlite ? "((\(required)) NOT (\(none)))" : "(\(required)) & !(\(none))")
    }

    func phrase(_ clause: SearchQuery.Clause) -> String {
        column("(" + clause.words.map(term).joined(separator: engine == .sqlite ? " + " : " <-> ") + ")")
    }

    private var and: String { engine == .sqlite ? " AND " : " & " }

    private var or: String { engine == .sqlite ? " OR " : " | " }

    private func term(_ word: SearchQuery.Word) -> String {
        let text = form == .spelled ? word.spelled : word.prefix ?? word.folded
        let isPrefix = word.prefix != nil
        return switch engine {
        case .sqlite: isPrefix ? "\"\(text)\" *" : "\"\(text)\""
        case .postgres: isPrefix ? "'\(text)':*" : "'\(text)'"
        }
    }

    private func column(_ expression: String) -> String {
        engine == .sqlite ? "\(form.rawValue) : \(expression)" : expression
    }

    /// The condition that a row matches.
    func matches(_ expression: String) -> SQL {
        switch (engine, form) {
        case (.sqlite, _): "search_texts MATCH \(expression)"
        case (.postgres, .folded): "folded @@ \(expression)::tsquery"
        case (.postgres, .spelled): "spelled @@ \(expression)::tsquery"
        }
    }
}
