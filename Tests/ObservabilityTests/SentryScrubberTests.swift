import Testing

@testable import Observability

@Suite struct `Texts that leave the machine` {
    static let jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJlLW9mLXRva2Vu"

    @Test(arguments: [
        ("no such table: surahs", "no such table: surahs"),
        ("relation \"surahs\" does not exist", "relation \"surahs\" does not exist"),
        ("a line\nand another\t\u{0}\u{7F}end", "a line\nand another   end"),
        ("سورة البقرة", "سورة البقرة"),
        ("took 12:30:59, 1.5 s, version 16.3", "took 12:30:59, 1.5 s, version 16.3"),
        ("column name_english holds no text", "column name_english holds no text"),
        // Tokens.
        ("the token \(jwt) is old", "the token [token] is old"),
        ("(\(jwt))", "([token])"),
        ("Bearer abc.def~1", "Bearer [token]"),
        ("basic dXNlcjpwYXNz, later", "basic [token], later"),
        ("signed with whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw.", "signed with [secret]"),
        ("whsec_a+b/c=", "[secret]"),
        // Named secrets.
        ("Authorization: Digest a=1, b=2\nnext", "Authorization: [hidden]\nnext"),
        ("cookie: a=b; c=d", "cookie: [hidden]"),
        ("Set-Cookie: a=b", "Set-Cookie: [hidden]"),
        ("x-sentry-auth: Sentry sentry_key=a", "x-sentry-auth: [hidden]"),
        ("host=db password=hunter2 user=quran", "host=db password=[hidden] user=quran"),
        ("PGPASSWORD='two words' psql", "PGPASSWORD='[hidden]' psql"),
        ("api_key: abc; next", "api_key: [hidden]; next"),
        ("{\"access_token\": \"abc\", \"a\": \"b\"}", "{\"access_token\": \"[hidden]\", \"a\": \"b\"}"),
        ("client-secret=abc&x=y", "client-secret=[hidden]&x=y"),
        ("db.password=hunter2 %token=a éapi_key=b", "db.password=[hidden] %token=[hidden] éapi_key=[hidden]"),
        ("{\"config.token\": \"abc\"}", "{\"config.token\": \"[hidden]\"}"),
        ("user.0123456789abcdef0123456789abcdef", "user.[key]"),
        ("via fe80::1%eth0 and é203.0.113.7", "via [address] and é[address]"),
        ("syntax near 'my private note' and `two words`", "syntax near '[text]' and `[text]`"),
        ("the users' list can't be read: 'surahs'", "the users' list can't be read: 'surahs'"),
        // Addresses.
        ("connect to postgres://user:p@ss@db:5432/quran failed", "connect to postgres://[hidden]@db:5432/quran failed"),
        ("redis://:hunter2@cache:6379", "redis://[hidden]@cache:6379"),
        ("https://abc123@o1.ingest.sentry.io/42", "https://[hidden]@o1.ingest.sentry.io/42"),
        ("GET /api/v1/surahs?translations=en.pickthall HTTP", "GET /api/v1/surahs?[query] HTTP"),
        ("why? because a=b", "why? because a=b"),
        ("DELETE /api/v1/me/bookmarks/my-place.1?x=y", "DELETE /api/v1/me/bookmarks/[id]?[query]"),
        ("/api/v1/me/bookmarks", "/api/v1/me/bookmarks"),
        ("from 203.0.113.7:51234", "from [address]:51234"),
        ("from [2001:db8::7]:80 and ::1", "from [[address]]:80 and [address]"),
        ("write to someone.else+tag@mail.example.org now", "write to [email] now"),
        // Ids and hashes.
        ("user:0123456789abcdef0123456789abcdef:bookmark:mine gone", "user:[key] gone"),
        ("id 123e4567-e89b-12d3-a456-426614174000", "id [key]"),
        ("AbCdEfGhIjKlMnOpQrStUvWxYz0123456789AbCdEfGh", "[key]"),
        // What is quoted is data, unless it is a name.
        ("invalid input syntax: \"my private note\"", "invalid input syntax: \"[text]\""),
        ("there is no “two words” and “name”", "there is no “[text]” and “name”"),
        ("an \"open quotation", "an \"[text]"),
        ("\"a\" and \"b c\"", "\"a\" and \"[text]\""),
    ])
    func `hold nothing secret or personal`(text: String, expected: String) {
        let scrubbed = SentryScrubber.scrubbed(text)
        #expect(Array(scrubbed.utf8) == Array(expected.utf8))
        #expect(SentryScrubber.scrubbed(scrubbed) == scrubbed)
    }

    @Test func `hold no secret wherever it stands`() throws {
        let secrets = [
            (Self.jwt, ["eyJ", "c2lnbm"]), ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", ["MfKQ"]),
            ("postgres://u:HUNTER2@db/x", ["HUNTER2"]), ("Authorization: Bearer HUNTER2", ["HUNTER2"]),
            ("password=HUNTER2", ["HUNTER2"]), ("hunter.two@mail.example", ["hunter.two"]),
            ("/me/bookmarks/HUNTER2", ["HUNTER2"]), ("/x?token=HUNTER2", ["HUNTER2"]),
            ("0123456789abcdef0123456789abcdef", ["0123456789abcdef"]),
        ]
        let pieces = [
            " ", "\n", "\t", ", ", ": ", "(", ")", "[", "{", "}", "\"", "'", "“", "”", "the", "error", "=", "&", "?",
            "/", "@", ".", "+", "%",
            "://", "é", "سورة", "\u{0}", "%", "key", "Optional(", "\\n",
        ]
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<3000 {
            func noise() -> String {
                (0..<Int.random(in: 0...12, using: &generator)).map { _ in
                    pieces[Int.random(in: 0..<pieces.count, using: &generator)]
                }.joined()
            }
            let (secret, traces) = secrets[Int.random(in: 0..<secrets.count, using: &generator)]
            // What is a part of a name does not begin with it, and what stands before an `@` is a part of an address of mail.
            let before = noise()
            let isGlued = before.unicodeScalars.last.map { "([{},:=&.+%é".unicodeScalars.contains($0) } ?? true
            let isMail = secret.contains("@") && !secret.contains("://")
            let text = "\(before)\(isGlued && !isMail ? "" : " ")\(secret) \(noise())"
            let scrubbed = SentryScrubber.scrubbed(text)
            for trace in traces { #expect(!scrubbed.contains(trace), "\(text)") }
            #expect(scrubbed.utf8.count <= SentryScrubber.limit)
        }
    }

    @Test func `are cut, between characters, and never in the middle of a secret`() {
        #expect(SentryScrubber.scrubbed(String(repeating: "س", count: 2000)).utf8.count == 1024)
        #expect(SentryScrubber.scrubbed("a" + String(repeating: "س", count: 600)).utf8.count == 1023)
        for length in 3990...4100 {
            let text = String(repeating: "a", count: length % 7) + String(repeating: " .", count: length / 2)
            #expect(!SentryScrubber.scrubbed("\(Self.jwt) \(text) \(Self.jwt)").contains("eyJ"))
            let hidden = String(repeating: "token=abcdefghijklmnopqrst ", count: length / 27)
            #expect(!SentryScrubber.scrubbed("\(hidden) \(Self.jwt)").contains("eyJ"))
        }
        #expect(SentryScrubber.scrubbed(String(repeating: "a", count: 5000)).isEmpty)
    }

    @Test func `name requests by ids that look like ids`() {
        for id in [
            "mine-1", "a", "123e4567-e89b-12d3-a456-426614174000", "0123456789abcdef0123456789abcdef", "A.b_c-9",
        ] {
            #expect(SentryScrubber.harmlessID(id) == id)
        }
        for id in [
            "", "two words", "a@b.c", "10.0.0.1", Self.jwt, "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0", "whsec_abc", "a/b",
            String(repeating: "a", count: 65), "سورة", "a\"b", "<script>",
        ] {
            #expect(SentryScrubber.harmlessID(id) == nil, "\(id)")
        }
    }
}
