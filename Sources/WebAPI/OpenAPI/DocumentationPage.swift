import Crypto
import Foundation
import Yams

/// The API's description as a page: one HTML file that needs nothing else.
struct DocumentationPage {
    let html: String
    /// Lets the page use its own style sheet, and nothing more.
    let contentSecurityPolicy: String

    init(_ document: OpenAPIDocument) {
        let hash = Data(SHA256.hash(data: Data(Self.style.description.utf8))).base64EncodedString()
        contentSecurityPolicy =
            "default-src 'none'; style-src 'sha256-\(hash)'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        var html = HTML()
        html.raw("<!DOCTYPE html>")
        html.element("html", ["lang": "en"]) { DocumentationWriter(document: document).write(to: &$0) }
        self.html = html.text
    }
}

/// Writes the page, section by section.
struct DocumentationWriter {
    let document: OpenAPIDocument

    /// An operation, and where it stands.
    struct Operation {
        let path: String
        let method: String
        let node: Node

        var id: String { node["operationId"]?.string ?? "" }
        var tag: String? { node["tags"]?[0]?.string }
        var summary: String { node["summary"]?.string ?? id }
    }

    func write(to html: inout HTML) {
        let info = document.root["info"]
        let title = info?["title"]?.string ?? ""
        html.element("head") { html in
            html.open("meta", ["charset": "utf-8"])
            html.open("meta", ["name": "viewport", "content": "width=device-width, initial-scale=1"])
            html.open("meta", ["name": "color-scheme", "content": "light dark"])
            html.element("title", "\(title): the API")
            html.element("style") { $0.raw(DocumentationPage.style) }
        }
        html.element("body") { html in
            html.element("a", ["class": "skip", "href": "#content"], "Skip to the content")
            html.element("div", ["class": "page"]) { html in
                html.element("nav", ["aria-label": "Contents"]) { writeContents(to: &$0) }
                html.element("main", ["id": "content"]) { html in
                    html.element("header") { html in
                        html.element("h1", title)
                        html.element("p", ["class": "soft"], info?["summary"]?.string ?? "")
                        html.paragraphs(info?["description"]?.string)
                        html.element("p") { html in
                            html.write("This page is made from ")
                            html.element("a", ["href": "/openapi.json"], "openapi.json")
                            html.write(" and ")
                            html.element("a", ["href": "/openapi.yaml"], "openapi.yaml")
                            html.write(", which say the same to programs. In the examples ")
                            html.element("code", "$BASE")
                            html.write(" is the address of the server, and ")
                            html.element("code", "$TOKEN")
                            html.write(" a bearer token.")
                        }
                    }
                    for tag in tags { write(tag, to: &html) }
                    writeSchemas(to: &html)
                }
            }
        }
    }

    // MARK: Contents

    private var tags: [Node] { document.root["tags"]?.sequence.map(Array.init) ?? [] }

    private static let methods = ["get", "post", "put", "patch", "delete"]

    private func operations(of tag: Node) -> [Operation] {
        guard let paths = document.root["paths"]?.mapping else { return [] }
        return paths.flatMap { path, item in
            (item.mapping.map(Array.init) ?? []).compactMap { method, node in
                guard let path = path.string, let method = method.string, Self.methods.contains(method) else {
                    return nil
                }
                return Operation(path: path, method: method, node: node)
            }
        }.filter { $0.tag == tag["name"]?.string }
    }

    private func anchor(_ tag: Node) -> String {
        (tag["name"]?.string ?? "").lowercased().replacing(" ", with: "-")
    }

    private func writeContents(to html: inout HTML) {
        html.element("details", ["open": ""]) { html in
            html.element("summary", "Contents")
            for tag in tags {
                html.element("p") { $0.element("a", ["href": "#\(anchor(tag))"], tag["name"]?.string ?? "") }
                html.element("ul") { html in
                    for operation in operations(of: tag) {
                        html.element("li") { $0.element("a", ["href": "#\(operation.id)"], operation.summary) }
                    }
                }
            }
            html.element("p") { $0.element("a", ["href": "#schemas"], "Schemas") }
        }
    }

    // MARK: Operations

    private func write(_ tag: Node, to html: inout HTML) {
        html.element("section", ["aria-labelledby": anchor(tag)]) { html in
            html.element("h2", ["id": anchor(tag)], tag["name"]?.string ?? "")
            html.paragraphs(tag["description"]?.string)
            for operation in operations(of: tag) { write(operation, to: &html) }
        }
    }

    private func write(_ operation: Operation, to html: inout HTML) {
        html.element("article", ["class": "operation", "aria-labelledby": operation.id]) { html in
            html.element("h3", ["id": operation.id], operation.summary)
            html.element("p", ["class": "address"]) { html in
                html.element("span", ["class": "method \(operation.method)"], operation.method.uppercased())
                html.write(operation.path)
            }
            html.paragraphs(operation.node["description"]?.string)
            if let wants = needs(of: operation) { html.element("p", ["class": "soft"]) { $0.line(wants) } }
            writeParameters(of: operation, to: &html)
            writeBody(of: operation, to: &html)
            html.element("h4", "Example")
            html.element("pre", ["tabindex": "0"]) { $0.element("code", curl(operation)) }
            writeAnswers(of: operation, to: &html)
        }
    }

    /// Who may do it.
    private func needs(of operation: Operation) -> String? {
        guard let scheme = operation.node["security"]?[0]?.mapping?.first?.key.string else { return nil }
        guard scheme == "bearer" else { return "Wants a signature: see Webhooks." }
        let isForAdmins = operation.node["responses"]?["403"] != nil
        return "Wants `Authorization: Bearer …`\(isForAdmins ? ", of an administrator" : "")."
    }

    func parameters(of operation: Operation) -> [Node] {
        (operation.node["parameters"]?.sequence.map(Array.init) ?? []).map(document.resolved)
    }

    private func writeParameters(of operation: Operation, to html: inout HTML) {
        let parameters = parameters(of: operation)
        guard !parameters.isEmpty else { return }
        html.element("h4", "Parameters")
        writeTable(["Name", "In", "Value", "Meaning"], to: &html) { html in
            for parameter in parameters {
                html.element("tr") { html in
                    html.element("th", ["scope": "row"]) { html in
                        html.element("code", parameter["name"]?.string ?? "")
                        if parameter["required"]?.bool == true {
                            html.element("span", ["class": "required"], "required")
                        }
                    }
                    html.element("td", parameter["in"]?.string ?? "")
                    html.element("td") { writeType(of: parameter["schema"], to: &$0) }
                    html.element("td") { $0.line(parameter["description"]?.string ?? "") }
                }
            }
        }
    }

    private func writeBody(of operation: Operation, to html: inout HTML) {
        guard let content = operation.node["requestBody"]?["content"]?.mapping else { return }
        html.element("h4", "Body")
        html.element("p") { html in
            for (index, entry) in content.enumerated() {
                if index > 0 { html.write(" or ") }
                html.element("code", entry.key.string ?? "")
            }
            if let schema = content.first?.value["schema"] {
                html.write(": ")
                writeType(of: schema, to: &html)
            }
            if operation.node["requestBody"]?["required"] == nil { html.write("; may be left out") }
        }
    }

    private func writeAnswers(of operation: Operation, to html: inout HTML) {
        guard let answers = operation.node["responses"]?.mapping else { return }
        let resolved = answers.map { (status: $0.key.string ?? "", answer: document.resolved($0.value)) }
        html.element("h4", "Answers")
        let isCommon = { (status: String) in ["408", "413", "414", "417", "429", "431", "500", "503"].contains(status) }
        writeAnswers(resolved.filter { !isCommon($0.status) }, to: &html)
        html.element("details") { html in
            html.element("summary", "Errors that every address knows")
            writeAnswers(resolved.filter { isCommon($0.status) }, to: &html)
        }
    }

    /// Every answer may have them.
    private static let commonHeaders = ["X-Request-Id", "RateLimit", "RateLimit-Policy", "Vary"]

    private func writeAnswers(_ answers: [(status: String, answer: Node)], to html: inout HTML) {
        writeTable(["Status", "Meaning", "Body"], to: &html) { html in
            for (status, answer) in answers {
                html.element("tr") { html in
                    html.element("th", ["scope": "row"]) { $0.element("code", status) }
                    html.element("td") { html in
                        html.line(answer["description"]?.string ?? "")
                        let headers = (answer["headers"]?.mapping.map(Array.init) ?? []).compactMap(\.key.string)
                            .filter { !Self.commonHeaders.contains($0) }
                        guard status < "400", !headers.isEmpty else { return }
                        html.element("div", ["class": "soft"]) { html in
                            html.line("With " + headers.map { "`\($0)`" }.joined(separator: ", "))
                        }
                    }
                    html.element("td") { html in
                        if let content = answer["content"]?.mapping?.first { write(content, to: &html) }
                    }
                }
            }
        }
    }

    private func write(_ content: (key: Node, value: Node), to html: inout HTML) {
        let isProblem = content.key.string?.contains("problem") ?? false
        guard !isProblem else { return writeLink(to: "Problem", in: &html) }
        writeType(of: content.value["schema"], to: &html)
    }

    func writeTable(_ columns: [String], to html: inout HTML, _ rows: (inout HTML) -> Void) {
        html.element("div", ["class": "table"]) { html in
            html.element("table") { html in
                html.element("thead") { html in
                    html.element("tr") { html in for name in columns { html.element("th", ["scope": "col"], name) } }
                }
                html.element("tbody") { rows(&$0) }
            }
        }
    }
}
