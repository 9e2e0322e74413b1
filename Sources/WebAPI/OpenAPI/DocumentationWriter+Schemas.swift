import JSON
import NIOCore
import Yams

/// What values look like: types in tables, the schemas themselves, and examples.
extension DocumentationWriter {
    func writeSchemas(to html: inout HTML) {
        guard let schemas = document.root["components"]?["schemas"]?.mapping else { return }
        html.element("section", ["aria-labelledby": "schemas"]) { html in
            html.element("h2", ["id": "schemas"], "Schemas")
            for (name, schema) in schemas where !isPlain(schema) {
                html.element("article", ["class": "schema"]) { html in
                    html.element("h3", ["id": anchor(name.string ?? "")], name.string ?? "")
                    html.paragraphs(schema["description"]?.string)
                    if schema["properties"] == nil {
                        html.element("p") { writeType(of: schema, to: &$0) }
                    } else {
                        writeMembers(of: schema, to: &html)
                    }
                    if let example = schema["example"] {
                        html.element("h4", "Example")
                        html.element("pre", ["tabindex": "0"]) { $0.element("code", pretty(example)) }
                    }
                }
            }
        }
    }

    private func writeMembers(of schema: Node, to html: inout HTML) {
        let required = schema["required"]?.sequence?.compactMap(\.string) ?? []
        writeTable(["Member", "Value", "Meaning"], to: &html) { html in
            for (name, member) in schema["properties"]?.mapping.map(Array.init) ?? [] {
                html.element("tr") { html in
                    html.element("th", ["scope": "row"]) { html in
                        html.element("code", name.string ?? "")
                        if !required.contains(name.string ?? "") {
                            html.element("span", ["class": "soft"], " may be left out")
                        }
                    }
                    html.element("td") { writeType(of: member, to: &$0) }
                    html.element("td") { $0.line(member["description"]?.string ?? "") }
                }
            }
        }
    }

    private func anchor(_ schema: String) -> String { "schema-\(schema)" }

    func writeLink(to schema: String, in html: inout HTML) {
        html.element("a", ["href": "#\(anchor(schema))"], schema)
    }

    // MARK: Types

    /// A type in a few words: “integer, 1 to 300, default 300”, or a link to a schema.
    func writeType(of schema: Node?, to html: inout HTML) {
        guard let schema else { return }
        if let name = schema["$ref"]?.string?.split(separator: "/").last {
            let found = document.resolved(schema)
            if isPlain(found) { writeType(of: found, to: &html) } else { writeLink(to: String(name), in: &html) }
        } else if let choices = (schema["anyOf"] ?? schema["allOf"])?.sequence {
            for (index, choice) in choices.enumerated() {
                if index > 0 { html.write(" or ") }
                writeType(of: choice, to: &html)
            }
        } else if schema["type"]?.string == "array" || schema["items"] != nil {
            html.write("list of ")
            writeType(of: schema["items"], to: &html)
        } else if let members = schema["properties"]?.mapping {
            writeObject(members, to: &html)
        } else {
            html.write(types(of: schema))
        }
        let limits = limits(of: schema)
        if !limits.isEmpty { html.line(", \(limits.joined(separator: ", "))") }
    }

    /// Whether a few words say all of a schema.
    private func isPlain(_ schema: Node) -> Bool {
        ["description", "properties", "anyOf", "allOf", "items", "example"].allSatisfy { schema[$0] == nil }
    }

    private func writeObject(_ members: Node.Mapping, to html: inout HTML) {
        html.write("{ ")
        for (index, member) in members.enumerated() {
            if index > 0 { html.write(", ") }
            html.element("code", member.key.string ?? "")
            html.write(": ")
            writeType(of: member.value, to: &html)
        }
        html.write(" }")
    }

    private func types(of schema: Node) -> String {
        let names = schema["type"]?.sequence?.compactMap(\.string) ?? [schema["type"]?.string ?? "value"]
        return names.joined(separator: " or ")
    }

    private func limits(of schema: Node) -> [String] {
        var limits: [String] = []
        switch (schema["minimum"]?.string, schema["maximum"]?.string) {
        case (let low?, let high?): limits.append("\(low) to \(high)")
        case (let low?, nil): limits.append("from \(low)")
        case (nil, let high?): limits.append("up to \(high)")
        case (nil, nil): break
        }
        if let format = schema["format"]?.string { limits.append(format) }
        if let words = schema["enum"]?.sequence?.compactMap(\.string) {
            limits.append("one of " + words.map { "`\($0)`" }.joined(separator: " "))
        }
        if let value = schema["const"]?.string { limits.append("always `\(value)`") }
        if let length = schema["maxLength"]?.string { limits.append("at most \(length) characters") }
        if let count = schema["maxItems"]?.string { limits.append("at most \(count)") }
        if let value = schema["default"]?.string { limits.append("default `\(value)`") }
        return limits
    }

    // MARK: Examples

    /// A command line that sends the request.
    func curl(_ operation: Operation) -> String {
        var path = operation.path
        var query: [String] = []
        var headers: [String] = []
        for parameter in parameters(of: operation) {
            guard let name = parameter["name"]?.string else { continue }
            let example = (parameter["example"] ?? document.resolved(parameter["schema"] ?? parameter)["example"])
            let value = example?.string ?? example?.sequence?.compactMap(\.string).joined(separator: ",")
            switch (parameter["in"]?.string, value) {
            case ("path", let value): path = path.replacing("{\(name)}", with: value ?? "…")
            case ("query", let value?): query.append("\(name)=\(value.replacing(" ", with: "+"))")
            case ("header", _) where parameter["required"]?.bool == true: headers.append("\(name): …")
            default: break
            }
        }
        var parts = ["curl"]
        if operation.method != "get" { parts[0] += " -X \(operation.method.uppercased())" }
        switch operation.node["security"]?[0]?.mapping?.first?.key.string {
        case "bearer"?: parts.append("-H \"Authorization: Bearer $TOKEN\"")
        case "webhookSignature"?: headers.append("webhook-signature: v1,…")
        default: break
        }
        parts += headers.map { "-H '\($0)'" }
        if let content = operation.node["requestBody"]?["content"]?.mapping?.first {
            parts.append("-H 'Content-Type: \(content.key.string ?? "")'")
            let example = content.value["schema"].map(document.resolved)?["example"]
            parts.append(example.map { "-d '\(compact($0))'" } ?? "--data-binary @FILE")
        }
        parts.append("\"$BASE\(path)\(query.isEmpty ? "" : "?\(query.joined(separator: "&"))")\"")
        return parts.joined(separator: parts.count > 2 ? " \\\n  " : " ")
    }

    private func compact(_ node: Node) -> String {
        var json = JSONWriter()
        json.value(node)
        return String(buffer: json.buffer)
    }

    /// JSON for people: objects of lists and objects on lines of their own.
    private func pretty(_ node: Node, indent: String = "") -> String {
        let inner = indent + "  "
        func lines(_ open: String, _ elements: [String], _ close: String) -> String {
            elements.isEmpty
                ? open + close
                : "\(open)\n\(elements.map { inner + $0 }.joined(separator: ",\n"))\n\(indent)\(close)"
        }
        return switch node {
        case .mapping(let members):
            lines("{", members.map { "\(compact($0.key)): \(pretty($0.value, indent: inner))" }, "}")
        case .sequence(let elements): lines("[", elements.map { pretty($0, indent: inner) }, "]")
        default: compact(node)
        }
    }
}
