import COpenAPI
import JSON
import NIOCore
import Yams

/// The API's description (OpenAPI 3.1). It is written in YAML, and is what the program was compiled with.
struct OpenAPIDocument {
    let root: Node
    let yaml: ByteBuffer
    let json: ByteBuffer

    init() throws {
        let text = String(cString: openapi_yaml())
        guard let root = try compose(yaml: text) else { throw YamlError.no }
        self.root = root
        yaml = ByteBuffer(string: text)
        var json = JSONWriter(capacity: text.utf8.count)
        json.value(root)
        self.json = json.buffer
    }

    /// What a reference within the document stands for; anything else stands for itself.
    func resolved(_ node: Node) -> Node {
        guard let reference = node["$ref"]?.string, reference.hasPrefix("#/") else { return node }
        let found = reference.dropFirst(2).split(separator: "/").reduce(Optional(root)) { $0?[String($1)] }
        return found.map(resolved) ?? node
    }
}

extension Node {
    /// What a scalar is in JSON, by the rule of YAML's JSON schema: a plain one is a number, `true`, `false` or `null` if it is written
    /// like that, and everything else is a string.
    var jsonScalar: JSONValue? {
        guard case .scalar(let scalar) = self else { return nil }
        guard scalar.style == .plain else { return .string(scalar.string) }
        switch JSONReader.read(Array(scalar.string.utf8)) {
        case .number(let number)?: return .number(number)
        case .bool(let value)?: return .bool(value)
        case .null?: return .null
        default: return .string(scalar.string)
        }
    }
}

extension JSONWriter {
    /// Writes members in the order in which they stand.
    mutating func value(_ node: Node) {
        switch node {
        case .mapping(let members):
            object { json in
                for (name, member) in members {
                    json.key(name.string ?? "")
                    json.value(member)
                }
            }
        case .sequence(let elements): array(elements) { $0.value($1) }
        default: value(node.jsonScalar ?? .null)
        }
    }
}
