import Foundation
import Storage
import TestSupport
import Testing

/// Records of users at their addresses, as `docs/users.md` has them.
@Suite struct `Bookmarks at their addresses` {
    private struct Bookmark: Decodable, Equatable {
        let id: String
        let version: Int
        let from: String
        let to: String
        let collection: String?
        let note: String?
        let colour: String?
    }

    private struct One: Decodable { let bookmark: Bookmark }

    private struct Refused: Decodable {
        struct Detail: Decodable {
            let pointer: String?
            let header: String?
            let allowed: String?
        }

        let type: String
        let errors: [Detail]?
        let current: Bookmark?

        var kind: String { type.replacing("urn:quran-backend:problem:", with: "") }
    }

    private func withClient(
        _ engine: DatabaseEngine, _ test: @Sendable (UserClient) async throws -> Void
    ) async throws {
        try await TestDatabase.with(engine, holding: .facts) { store in
            let environment = ["DATABASE_URL": store.url, "AUTH_SECRET": TestServer.secret]
            try await InProcessAPI.with(environment) { try await test(UserClient($0, user: "reader")) }
        }
    }

    private func one(_ answer: TestServer.Answer, _ status: Int) throws -> Bookmark {
        #expect(answer.status == status, "\(String(decoding: answer.body, as: UTF8.self))")
        let bookmark = try answer.decoded(as: One.self).bookmark
        #expect(answer.headers["etag"] == "\"\(bookmark.version)\"")
        #expect(answer.headers["cache-control"]?.hasPrefix("private") == true)
        return bookmark
    }

    private func refused(_ answer: TestServer.Answer, _ status: Int, _ kind: String) throws -> Refused {
        #expect(answer.headers["content-type"] == "application/problem+json")
        let problem = try answer.decoded(as: Refused.self)
        #expect(answer.status == status && problem.kind == kind, "\(String(decoding: answer.body, as: UTF8.self))")
        return problem
    }

    private func body(_ json: String) -> Data { Data(json.utf8) }

    @Test(arguments: DatabaseEngine.allCases)
    func `are made, read, replaced, changed and deleted, and never over what their owner has not seen`(
        engine: DatabaseEngine
    ) async throws {
        try await withClient(engine) { client in
            let note = "e\u{301} \u{0} ۞ “\\"
            let text = try JSONEncoder().encode(["id": "b1", "from": "2:255", "to": "2:257", "note": note])
            let answer = try await client.send(.post, "me/bookmarks", body: text)
            #expect(answer.headers["location"] == "/api/v1/me/bookmarks/b1")
            let made = try one(answer, 201)
            #expect(made.from == "2:255" && made.to == "2:257" && made.colour == nil)
            #expect(try #require(made.note).utf8.elementsEqual(note.utf8))
            // Again, and otherwise.
            #expect(try one(await client.send(.post, "me/bookmarks", body: text), 200) == made)
            let other = try await client.send(.post, "me/bookmarks", body: body(#"{"id":"b1","from":"1:1"}"#))
            #expect(try refused(other, 409, "exists").current == made)
            // Only over what was seen.
            let old = ["If-Match": "\"1\", W/\"\(made.version)\""]
            for method in [TestServer.HTTPMethodName.put, .patch, .delete] {
                let sent = method == .delete ? nil : body(#"{"from":"1:1","to":null}"#)
                let answer = try await client.send(method, "me/bookmarks/b1", headers: old, body: sent)
                #expect(try refused(answer, 412, "precondition-failed").current == made)
            }
            let seen = ["If-Match": "\"7\",\"a, b\" , \"\(made.version)\""]
            let patch = body(##"{"note":null,"colour":"#00ff7f"}"##)
            let changed = try one(await client.send(.patch, "me/bookmarks/b1", headers: seen, body: patch), 200)
            #expect(changed.note == nil && changed.colour == "#00ff7f" && changed.to == "2:257")
            #expect(changed.version > made.version)
            // Its answer was lost: the same again.
            #expect(try one(await client.send(.patch, "me/bookmarks/b1", headers: seen, body: patch), 200) == changed)
            let known = ["If-None-Match": "\"\(changed.version)\""]
            let unchanged = try await client.send(.get, "me/bookmarks/b1", headers: known)
            #expect(unchanged.status == 304 && unchanged.body.isEmpty)
            #expect(unchanged.headers["etag"] == "\"\(changed.version)\"")
            #expect(try one(await client.send(.get, "me/bookmarks/b1", headers: old), 200) == changed)
            let new = ["If-None-Match": "*"]
            let put = body(#"{"from":"1:1"}"#)
            _ = try refused(
                await client.send(.put, "me/bookmarks/b1", headers: new, body: put), 412, "precondition-failed")
            let replaced = try one(await client.send(.put, "me/bookmarks/b1", body: put), 200)
            #expect(replaced.from == "1:1" && replaced.to == "1:1" && replaced.colour == nil)
            for _ in 0..<2 { #expect(try await client.send(.delete, "me/bookmarks/b1").status == 204) }
            _ = try refused(await client.send(.get, "me/bookmarks/b1"), 404, "not-found")
            _ = try refused(await client.send(.patch, "me/bookmarks/b1", body: patch), 404, "not-found")
            let gone = try await client.send(.put, "me/bookmarks/b1", headers: ["If-Match": "*"], body: put)
            #expect(try refused(gone, 412, "precondition-failed").current == nil)
            #expect(
                try one(await client.send(.put, "me/bookmarks/b1", headers: new, body: put), 201).version
                    > replaced.version)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `that are sent again under a key are made once`(engine: DatabaseEngine) async throws {
        try await withClient(engine) { client in
            let key = ["Idempotency-Key": "\"2f1c\""]
            let text = body(#"{"from":"18:1","to":"18:10"}"#)
            let made = try one(await client.send(.post, "me/bookmarks", headers: key, body: text), 201)
            for _ in 0..<3 {
                #expect(try one(await client.send(.post, "me/bookmarks", headers: key, body: text), 200) == made)
            }
            let other = try await client.send(.post, "me/bookmarks", headers: key, body: body(#"{"from":"18:2"}"#))
            _ = try refused(other, 422, "idempotency-key-reused")
            #expect(try await client.list(.bookmark).count == 1)
            #expect(try await client.send(.delete, "me/bookmarks/\(made.id)").status == 204)
            _ = try refused(await client.send(.post, "me/bookmarks", headers: key, body: text), 410, "gone")
            #expect(try await client.list(.bookmark).isEmpty)
        }
    }

    @Test func `that make no sense are refused, and say where`() async throws {
        try await withClient(.sqlite) { client in
            let long = String(repeating: "ـ", count: 10_001)
            for (json, pointer) in [
                (#"{"from":"2:287"}"#, "#/from"), (#"{"from":2}"#, "#/from"), ("{}", "#/from"),
                (#"{"from":"2:5","to":"2:4"}"#, "#/to"), (#"{"from":"2:5","color":"x"}"#, "#/color"),
                (##"{"from":"2:5","colour":"#FFF"}"##, "#/colour"),
                (#"{"from":"2:5","collection":"a b"}"#, "#/collection"),
                (#"{"from":"2:5","note":"\#(long)"}"#, "#/note"), (#"{"from":"2:5","id":"../b"}"#, "#/id"),
                (#"{"from":"2:5","id":"batch"}"#, "#/id"), ("[]", "#"), (#"{"from":"2:5","from":"2:5"}"#, "#"),
                ("{\"from\":\"2:5\",\"note\":\"\\ud800\"}", "#"), (#"{"from":"2:5","version":1}"#, "#/version"),
            ] {
                let problem = try refused(
                    await client.send(.post, "me/bookmarks", body: body(json)), 400, "invalid-body")
                #expect(problem.errors?.first?.pointer == pointer, "\(json.prefix(60))")
            }
            for (name, value) in [
                ("If-Match", ""), ("If-Match", "7"), ("If-Match", "\"7\" \"8\""), ("If-Match", "\"7\","),
                ("If-Match", "\"7"),
                ("If-None-Match", "\"7\""), ("Idempotency-Key", "ä"),
            ] {
                let answer = try await client.send(
                    .put, "me/bookmarks/b", headers: [name: value], body: body(#"{"from":"2:5"}"#))
                #expect(try refused(answer, 400, "invalid-header").errors?.first?.header == name)
            }
            let large = body(#"{"from":"2:5","note":"\#(String(repeating: "x", count: 5 << 20))"}"#)
            _ = try refused(await client.send(.post, "me/bookmarks", body: large), 413, "content-too-large")
            let plain = try await client.send(
                .post, "me/bookmarks", headers: ["Content-Type": "text/plain"], body: body(#"{"from":"2:5"}"#))
            _ = try refused(plain, 415, "unsupported-media-type")
            let note = String(repeating: "😀", count: 10_000)
            #expect(
                try one(
                    await client.send(.put, "me/bookmarks/b", body: body(#"{"from":"2:5","note":"\#(note)"}"#)), 201
                ).note == note)
            #expect(try await client.list(.bookmark).count == 1)
        }
    }
}
