/// Writes HTML. What is written as text is escaped, so it can be nothing but text.
struct HTML {
    private(set) var text = ""

    /// - Parameters:
    ///   - name: of the element, as in the standard.
    ///   - attributes: their values are escaped.
    mutating func element(
        _ name: StaticString, _ attributes: KeyValuePairs<StaticString, String> = [:], _ content: (inout HTML) -> Void
    ) {
        open(name, attributes)
        content(&self)
        text += "</\(name)>"
    }

    mutating func element(
        _ name: StaticString, _ attributes: KeyValuePairs<StaticString, String>, _ content: String
    ) {
        element(name, attributes) { $0.write(content) }
    }

    mutating func element(_ name: StaticString, _ content: String) { element(name, [:], content) }

    /// The start of an element; all that there is of one that has no content.
    mutating func open(_ name: StaticString, _ attributes: KeyValuePairs<StaticString, String> = [:]) {
        text += "<\(name)"
        for (name, value) in attributes { text += " \(name)=\"\(Self.escaped(value))\"" }
        text += ">"
    }

    mutating func write(_ text: String) { self.text += Self.escaped(text) }

    /// What is HTML already, or the content of an element that knows no escapes.
    mutating func raw(_ html: StaticString) { text += html.description }

    /// One line of Markdown of which only `code` is known.
    mutating func line(_ markdown: String) {
        for (index, part) in markdown.split(separator: "`", omittingEmptySubsequences: false).enumerated() {
            if index.isMultiple(of: 2) { write(String(part)) } else { element("code", String(part)) }
        }
    }

    /// Paragraphs, which empty lines separate.
    mutating func paragraphs(_ markdown: String?) {
        for paragraph in (markdown ?? "").split(separator: "\n\n") { element("p") { $0.line(String(paragraph)) } }
    }

    private static func escaped(_ text: String) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "'": escaped += "&#39;"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}
