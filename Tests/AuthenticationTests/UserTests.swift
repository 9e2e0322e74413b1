import Authentication
import Testing

@Suite struct `A user` {
    @Test(arguments: [
        "a", "reader@example.org", "auth0|5f7c8ec7c33c6c004bbafe82", "قارئ", "😀", " ",
        String(repeating: "é", count: 127),
    ])
    func `may be called by any short text`(text: String) throws {
        #expect(try UserID(text).value == text)
    }

    @Test(arguments: [
        "", "a\u{0}b", "\u{0}", "a\n", "\r", "\t", "\u{7F}", "\u{85}", "\u{9F}", String(repeating: "a", count: 256),
        String(repeating: "é", count: 128),
    ]) func `may not be called by nothing, by too much, or by control characters`(text: String) throws {
        let error = try #require(throws: AuthenticationError.self) { try UserID(text) }
        #expect(error.code == .badClaims)
    }

    @Test func `is in keys by 32 digits of the SHA-256 of the name`() throws {
        // printf abc | sha256sum
        #expect(try UserID("abc").hash == "ba7816bf8f01cfea414140de5dae2223")
    }

    @Test func `is another if the bytes differ, even where Unicode sees the same text`() throws {
        let composed = try UserID("caf\u{E9}")
        let decomposed = try UserID("cafe\u{301}")
        #expect(composed.value == decomposed.value)
        #expect(composed != decomposed)
        #expect(composed.hash != decomposed.hash)
        #expect(Set([composed, decomposed, composed]).count == 2)
    }

    @Test func `is printed by the hash`() throws {
        let text = everythingPrinted(of: User(id: try UserID("PERSON-CANARY"), role: .admin))
        #expect(!text.contains("CANARY"))
        #expect(text.contains(try UserID("PERSON-CANARY").hash))
    }
}
