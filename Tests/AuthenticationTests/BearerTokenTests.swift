import Testing

@testable import Authentication

@Suite struct `An Authorization header` {
    @Test(arguments: [
        ("Bearer abc", "abc"), ("bearer abc", "abc"), ("BEARER abc", "abc"), ("bEaReR   abc", "abc"),
        ("Bearer a.b-c_d~e+f/g==", "a.b-c_d~e+f/g=="),
    ]) func `has one token after Bearer in any case`(header: String, token: String) throws {
        #expect(try BearerToken(authorization: header).value == token)
    }

    @Test(arguments: [
        nil, "", " ", "Basic abc", "Bearerabc", "Bearer2 abc", "Token Bearer abc", "Digest a=b", " Bearer abc", "Bear",
        "bEARE\u{52}\u{301} abc", "\"earer abc",
    ]) func `of no or another scheme has none`(header: String?) throws {
        let error = try #require(throws: AuthenticationError.self) { try BearerToken(authorization: header) }
        #expect(error.code == .missing)
        #expect(error.challenge == #"Bearer realm="quran-backend""#)
    }

    @Test(arguments: [
        "Bearer", "Bearer ", "Bearer  ", "Bearer a b", "Bearer abc ", "Bearer abc, Bearer def", "Bearer abc,def",
        "Bearer =", "Bearer a=b", "Bearer \"abc\"", "Bearer a\tb", "Bearer\tabc", "Bearer a\u{0}", "Bearer é",
        "Bearer a\r\nb",
        "Bearer abc;x=1",
    ]) func `with anything but one token is malformed`(header: String) throws {
        let error = try #require(throws: AuthenticationError.self) { try BearerToken(authorization: header) }
        #expect(error.code == (header == "Bearer\tabc" ? .missing : .malformed))
        #expect(error.status == 401)
    }

    @Test func `gives a token that prints as nothing of itself`() throws {
        let token = try BearerToken(authorization: "Bearer TOKEN-CANARY")
        #expect(!everythingPrinted(of: token).contains("CANARY"))
    }
}
