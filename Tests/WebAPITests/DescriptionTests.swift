import Crypto
import Foundation
import Storage
import TestSupport
import Testing

/// The API's own description, and whether the server keeps to it.
@Suite struct `The description` {
    private static let folder = Repository.root.appending(path: "Tests/Conformance")

    private func serving(_ test: @Sendable (InProcessAPI) async throws -> Void) async throws {
        let store = try await TestDatabase.seeded(.sqlite)
        try await InProcessAPI.with(["DATABASE_URL": store.url], test)
    }

    /// - Parameter name: below the root.
    private func get(
        _ name: String, from server: any TestedAPI, method: TestServer.HTTPMethodName = .get,
        headers: [String: String] = [:]
    ) async throws -> TestServer.Answer {
        try await server.send(method, name, headers: headers, root: "/")
    }

    @Test func `has every route with every method, and no other`() async throws {
        try await serving { server in
            let paths = try #require(
                try await get("openapi.json", from: server).json()["paths"] as? [String: [String: Any]])
            let described = Set(paths.flatMap { path, item in item.keys.map { "\($0.uppercased()) \(path)" } })
            let routed = Set(
                RouteRow.all.flatMap { row in row.calls.map { "\($0.method.rawValue) \(row.root)\(row.path)" } })
            #expect(routed.subtracting(described) == [], "not described")
            #expect(described.subtracting(routed) == [], "described alone")
        }
    }

    @Test func `is the same as YAML and as JSON`() async throws {
        try await serving { server in
            var files: [String] = []
            for name in ["openapi.yaml", "openapi.json"] {
                let file = TemporaryFolder.unique(name)
                try await get(name, from: server).body.write(to: file)
                files.append(file.path)
            }
            let script =
                "import json, sys, yaml; y, j = map(open, sys.argv[1:]); assert yaml.safe_load(y) == json.load(j)"
            try await Command.run(["/usr/bin/python3", "-c", script] + files)
            let source = Repository.root.appending(path: "Sources/WebAPI/OpenAPI/openapi.yaml")
            #expect(try Data(contentsOf: source) == Data(contentsOf: URL(filePath: files[0])))
        }
    }

    @Test(arguments: [
        ("openapi.json", "application/json"), ("openapi.yaml", "application/yaml"),
        ("docs", "text/html; charset=utf-8"),
    ])
    func `is sent once to those who keep it`(name: String, type: String) async throws {
        try await serving { server in
            let first = try await get(name, from: server)
            #expect(first.status == 200)
            #expect(first.headers["content-type"] == type)
            #expect(first.headers["cache-control"] == "public, max-age=3600")
            let tag = try #require(first.headers["etag"])
            #expect(tag.hasPrefix("\"") && tag.hasSuffix("\""))
            for known in [tag, "W/\(tag)", "\"other\", \(tag)", "*"] {
                let again = try await get(name, from: server, headers: ["If-None-Match": known])
                #expect(again.status == 304 && again.body.isEmpty && again.headers["etag"] == tag, "\(known)")
            }
            #expect(try await get(name, from: server, headers: ["If-None-Match": "\"other\""]).status == 200)
            let head = try await get(name, from: server, method: .head)
            #expect(head.status == 200 && head.body.isEmpty && head.headers["etag"] == tag)
            #expect(head.headers["content-length"] == "\(first.body.count)")
            #expect(try await get("\(name)?x=1", from: server).status == 400)
            #expect(try await get(name, from: server, method: .post).status == 405)
        }
    }

    @Test func `is a page that is well-formed, and may load and run nothing`() async throws {
        try await serving { server in
            let page = try await get("docs", from: server)
            let file = TemporaryFolder.unique("docs.html")
            try page.body.write(to: file)
            try await Command.run(["/usr/bin/python3", Self.folder.appending(path: "page.py").path, file.path])
            let text = String(decoding: page.body, as: UTF8.self)
            let style = try #require(text.firstMatch(of: /<style>(?<text>[^<]*)<\/style>/)?.output.text)
            let hash = Data(SHA256.hash(data: Data(style.utf8))).base64EncodedString()
            let policy = try #require(page.headers["content-security-policy"])
            #expect(policy.hasPrefix("default-src 'none'; style-src 'sha256-\(hash)'; "))
            #expect(page.headers["x-content-type-options"] == "nosniff")
            for row in RouteRow.all { #expect(text.contains("\(row.root)\(row.path)"), "\(row.path)") }
            #expect(text.contains("/api/v1/search?q=allah+the+one"), "no address that can be sent")
        }
    }
}
