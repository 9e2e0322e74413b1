import Authentication
import Foundation
import TestSupport
import Testing

/// A token and what must come of it.
struct TokenCase: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let token: String
    /// `nil` if the token is good.
    let code: AuthenticationError.Code?

    init(_ description: String, _ token: String, _ code: AuthenticationError.Code?) {
        testDescription = description
        self.token = token
        self.code = code
    }

    static let good = Forge.token()
    private static let parts = good.split(separator: ".").map(String.init)

    /// Tokens whose shape is wrong. None has a signature that matters.
    static let shapes: [TokenCase] =
        ["a", ".", "..", "...", "....", ".....", String(repeating: ".", count: 8000), " ", "\u{0}", "é", "null", "{}"]
        .map {
            TokenCase("shape \($0.prefix(8))", $0, .malformed)
        } + [
            TokenCase("empty", "", .missing),
            TokenCase("one part", parts[0], .malformed),
            TokenCase("two parts", "\(parts[0]).\(parts[1])", .malformed),
            TokenCase("four parts", "\(good).\(parts[2])", .malformed),
            TokenCase(
                "five parts, as JWE has", "\(parts[0]).\(parts[1]).\(parts[2]).\(parts[1]).\(parts[2])", .malformed),
            TokenCase("six parts", "\(good).a.b.c", .malformed),
            TokenCase("empty header", ".\(parts[1]).\(parts[2])", .malformed),
            TokenCase("empty payload", "\(parts[0])..\(parts[2])", .badSignature),
            TokenCase("empty signature", "\(parts[0]).\(parts[1]).", .badSignature),
            TokenCase("space before", " \(good)", .malformed),
            TokenCase("space after", "\(good) ", .malformed),
            TokenCase("line feed after", "\(good)\n", .malformed),
            TokenCase("NUL after", "\(good)\u{0}", .malformed),
            TokenCase("scheme before", "Bearer \(good)", .malformed),
            TokenCase("padded header", "\(parts[0])=.\(parts[1]).\(parts[2])", .malformed),
            TokenCase("padded signature", "\(good)=", .malformed),
            TokenCase("signature without its last character", String(good.dropLast()), .malformed),
            TokenCase("signature without its last three", String(good.dropLast(3)), .badSignature),
            TokenCase("longer signature", "\(good)AA", .malformed),
            TokenCase("signature and more bytes", "\(good)AAAA", .badSignature),
            TokenCase("signature twice", "\(good)\(parts[2])", .malformed),
            TokenCase("signature of other case", "\(parts[0]).\(parts[1]).\(swappingCase(parts[2]))", .badSignature),
            TokenCase(
                "signature of 32 zeros", "\(parts[0]).\(parts[1]).\(Forge.encode(Data(count: 32)))", .badSignature),
            TokenCase("non-canonical signature", "\(parts[0]).\(parts[1]).\(nonCanonical(parts[2]))", .malformed),
            TokenCase(
                "standard base64", "\(parts[0]).\(parts[1]).\(Data(repeating: 0xFF, count: 32).base64EncodedString())",
                .malformed),
            TokenCase("header and payload swapped", "\(parts[1]).\(parts[0]).\(parts[2])", .malformed),
            TokenCase(
                "signed by another secret", Forge.token(secret: "another secret of more than thirty-two bytes"),
                .badSignature),
            TokenCase("10 kB", "\(parts[0]).\(String(repeating: "A", count: 10_000)).\(parts[2])", .tooLong),
            TokenCase("1 MB", String(repeating: "A", count: 1 << 20), .tooLong),
            TokenCase("1 MB of dots", String(repeating: ".", count: 1 << 20), .tooLong),
        ]

    /// Headers before claims that would be good, signed with the secret.
    static let headers: [TokenCase] =
        [
            (#"{"alg":"HS256"}"#, nil), (#"{"alg":"HS256","typ":"JWT"}"#, nil),
            (#"{"typ":"at+JWT","alg":"HS256"}"#, nil),
            (#"{"alg":"HS256","typ":"application/jwt"}"#, nil), (#" { "alg" : "\u0048S256" } "#, nil),
            (#"{"alg":"HS256","kid":"../../../dev/null"}"#, nil), (#"{"alg":"HS256","kid":""}"#, nil),
            (#"{"alg":"HS256","kid":"' OR 1=1 --"}"#, nil), (#"{"alg":"HS256","b64":true}"#, nil),
            (
                #"{"alg":"HS256","jku":"https://evil.example/keys","x5u":"file:///etc/passwd","jwk":{"kty":"oct","k":"AA"}}"#,
                nil
            ),
            (#"{"alg":"none"}"#, .unsupportedAlgorithm), (#"{"alg":"None"}"#, .unsupportedAlgorithm),
            (#"{"alg":"NONE"}"#, .unsupportedAlgorithm), (#"{"alg":"nOnE"}"#, .unsupportedAlgorithm),
            (#"{"alg":"none\u0000"}"#, .unsupportedAlgorithm), (#"{"alg":" none"}"#, .unsupportedAlgorithm),
            (#"{"alg":"ｎｏｎｅ"}"#, .unsupportedAlgorithm), (#"{"alg":""}"#, .unsupportedAlgorithm),
            (#"{"alg":"hs256"}"#, .unsupportedAlgorithm), (#"{"alg":"Hs256"}"#, .unsupportedAlgorithm),
            (#"{"alg":"HS256 "}"#, .unsupportedAlgorithm), (#"{"alg":"HS256\u0000"}"#, .unsupportedAlgorithm),
            (#"{"alg":"HS256\u200d"}"#, .unsupportedAlgorithm), (#"{"alg":"HS512"}"#, .unsupportedAlgorithm),
            (#"{"alg":"HS384"}"#, .unsupportedAlgorithm), (#"{"alg":"HS1"}"#, .unsupportedAlgorithm),
            (#"{"alg":"RS256"}"#, .unsupportedAlgorithm), (#"{"alg":"ES256"}"#, .unsupportedAlgorithm),
            (#"{"alg":"EdDSA"}"#, .unsupportedAlgorithm), (#"{"alg":"PS256"}"#, .unsupportedAlgorithm),
            (#"{"alg":"ES256K"}"#, .unsupportedAlgorithm), (#"{"alg":"dir"}"#, .unsupportedAlgorithm),
            ("{}", .malformed), (#"{"typ":"JWT"}"#, .malformed), (#"{"ALG":"HS256"}"#, .malformed),
            (#"{"alg":null}"#, .malformed), (#"{"alg":0}"#, .malformed), (#"{"alg":1e400}"#, .malformed),
            (#"{"alg":1e300}"#, .malformed), (#"{"alg":true}"#, .malformed), (#"{"alg":["HS256"]}"#, .malformed),
            (#"{"alg":{"alg":"HS256"}}"#, .malformed), (#"{"alg":"none","alg":"HS256"}"#, .malformed),
            (#"{"alg":"HS256","alg":"none"}"#, .malformed), (#"{"alg":"HS256","alg":"HS256"}"#, .malformed),
            (#"{"alg":"HS256","\u0061lg":"none"}"#, .malformed), (#"{"alg":"HS256","kid":"a","kid":"b"}"#, .malformed),
            (#"{"alg":"HS256","x":{"a":1,"a":2}}"#, .malformed),
            (#"{"alg":"HS256","crit":["exp"]}"#, .malformed), (#"{"alg":"HS256","crit":[]}"#, .malformed),
            (#"{"alg":"HS256","crit":null}"#, .malformed), (#"{"alg":"HS256","b64":false}"#, .malformed),
            (#"{"alg":"HS256","b64":false,"crit":["b64"]}"#, .malformed),
            (#"{"alg":"HS256","b64":"true"}"#, .malformed),
            (#"{"alg":"HS256","b64":null}"#, .malformed), (#"{"alg":"HS256","zip":"DEF"}"#, .malformed),
            (#"{"alg":"HS256","enc":"A256GCM"}"#, .malformed), (#"{"alg":"HS256","typ":"logout+jwt"}"#, .malformed),
            (#"{"alg":"HS256","typ":"dpop+jwt"}"#, .malformed), (#"{"alg":"HS256","typ":1}"#, .malformed),
            (#"{"alg":"HS256","typ":""}"#, .malformed), (#"{"alg":"HS256","kid":1}"#, .malformed),
            (#"{"alg":"HS256","kid":null}"#, .malformed), (#"{"alg":"HS256","kid":["a"]}"#, .malformed),
            ("", .malformed), (" ", .malformed), ("null", .malformed), ("[]", .malformed), (#""HS256""#, .malformed),
            (#"["alg","HS256"]"#, .malformed), (#"{"alg":"HS256""#, .malformed), (#"{"alg":"HS256"}}"#, .malformed),
            (#"{"alg":"HS256",}"#, .malformed), (#"{'alg':'HS256'}"#, .malformed), ("alg=HS256", .malformed),
            (#"{"alg":"HS256"}{"alg":"none"}"#, .malformed), ("\u{FEFF}{\"alg\":\"HS256\"}", .malformed),
            (#"{"alg":"HS256"}"# + "\u{0}", .malformed),
            (
                #"{"alg":"HS256","x":"# + String(repeating: "[", count: 2000) + String(repeating: "]", count: 2000)
                    + "}", .malformed
            ),
            (String(repeating: #"{"a":"#, count: 900), .malformed),
        ].map { TokenCase("header \($0.0.prefix(40))", Forge.token(header: $0.0), $0.1) }

    /// Claims that are signed well.
    static let claims: [TokenCase] =
        [
            // Not claims at all.
            ("", .malformed), ("null", .malformed), ("[]", .malformed), (#""a""#, .malformed), ("{", .malformed),
            (#"{"sub":"a","exp":1800003600,"sub":"b"}"#, .malformed),
            (#"{"sub":"a","exp":1,"exp":1800003600}"#, .malformed),
            (#"{"sub":"a","exp":1800003600,"x":"# + String(repeating: "[", count: 2500), .malformed),
            (#"{"sub":"\ud800","exp":1800003600}"#, .malformed), (#"{"sub":"a","exp":01800003600}"#, .malformed),
            (#"{"sub":"a","exp":NaN}"#, .malformed), (#"{"sub":"a","exp":Infinity}"#, .malformed),
            (#"{"sub":"a","exp":0x6b49d200}"#, .malformed), (#"{"sub":"a","exp":1_800_003_600}"#, .malformed),
            // exp
            (Forge.claims(exp: nil), .badClaims), (Forge.claims(exp: "1e400"), .badClaims),
            (Forge.claims(exp: "-1e400"), .badClaims),
            (Forge.claims(exp: String(repeating: "9", count: 400)), .badClaims),
            (Forge.claims(exp: #""1800003600""#), .badClaims), (Forge.claims(exp: "null"), .badClaims),
            (Forge.claims(exp: "true"), .badClaims), (Forge.claims(exp: "[1800003600]"), .badClaims),
            (Forge.claims(exp: "{}"), .badClaims), (Forge.claims(exp: #""""#), .badClaims),
            (Forge.claims(exp: "0"), .expired), (Forge.claims(exp: "-0"), .expired),
            (Forge.claims(exp: "-1"), .expired),
            (Forge.claims(exp: "-1e300"), .expired), (Forge.claims(exp: "1.5"), .expired),
            (Forge.claims(exp: "1e-400"), .expired), (Forge.claims(exp: "1799999970"), .expired),
            (Forge.claims(exp: "1799999969.9"), .expired), (Forge.claims(exp: "1799999970.1"), nil),
            (Forge.claims(exp: "1799999971"), nil), (Forge.claims(exp: "1800003600.75"), nil),
            (Forge.claims(exp: "18000036e2"), nil), (Forge.claims(exp: "9223372036854775808"), nil),
            (Forge.claims(exp: "1e300"), nil),
            // nbf
            (Forge.claims(#""nbf":1800000030"#), nil), (Forge.claims(#""nbf":1800000030.1"#), .notYetValid),
            (Forge.claims(#""nbf":1800000031"#), .notYetValid), (Forge.claims(#""nbf":1e300"#), .notYetValid),
            (Forge.claims(#""nbf":-1e300"#), nil), (Forge.claims(#""nbf":1e400"#), .badClaims),
            (Forge.claims(#""nbf":"1""#), .badClaims), (Forge.claims(#""nbf":null"#), .badClaims),
            (Forge.claims(exp: "1", #""nbf":1800000031"#), .expired),
            // sub
            (#"{"exp":1800003600}"#, .badClaims), (Forge.claims(sub: #""""#), .badClaims),
            (Forge.claims(sub: "null"), .badClaims), (Forge.claims(sub: "1"), .badClaims),
            (Forge.claims(sub: #"["a"]"#), .badClaims), (Forge.claims(sub: #"{"a":"b"}"#), .badClaims),
            (Forge.claims(sub: #""a\u0000b""#), .badClaims), (Forge.claims(sub: #""\u0000""#), .badClaims),
            (Forge.claims(sub: #""a\nb""#), .badClaims), (Forge.claims(sub: #""\u007f""#), .badClaims),
            (Forge.claims(sub: #""\u0085""#), .badClaims),
            (Forge.claims(sub: #""\#(String(repeating: "a", count: 255))""#), nil),
            (Forge.claims(sub: #""\#(String(repeating: "a", count: 256))""#), .badClaims),
            (Forge.claims(sub: #""\#(String(repeating: "é", count: 128))""#), .badClaims),
            (Forge.claims(sub: #""\#(String(repeating: "a", count: 5000))""#), .badClaims),
            (Forge.claims(sub: #""\ud83d\ude00 قارئ""#), nil),
            // What is not looked at.
            (Forge.claims(#""iat":"yesterday","jti":[],"iss":{},"aud":5,"big":1e400,"x":{"y":[1,2,{"z":null}]}"#), nil),
        ].map { TokenCase("claims \($0.0.prefix(60))", Forge.token($0.0), $0.1) }

    private static func swappingCase(_ text: String) -> String {
        String(text.map { $0.isUppercase ? Character($0.lowercased()) : Character($0.uppercased()) })
    }

    /// The same bytes for a lenient decoder: the last character of 43 has two bits that are left over.
    private static func nonCanonical(_ text: String) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
        let last = alphabet.firstIndex(of: text.last ?? "A") ?? 0
        return text.dropLast() + String(alphabet[last | 1])
    }
}

@Suite(.timeLimit(.minutes(1))) struct `A token` {
    @Test(arguments: TokenCase.shapes + TokenCase.headers + TokenCase.claims)
    func `is taken or refused for what it is, the first time and when it comes again`(row: TokenCase) async throws {
        let verifier = try await secretVerifier()
        #expect(await verifier.refusal(of: row.token) == row.code)
        #expect(await verifier.refusal(of: row.token) == row.code)
    }

    @Test(arguments: ["none", "None", "NONE", "nOnE"])
    func `without a signature is refused however it says so`(name: String) async throws {
        let verifier = try await secretVerifier()
        let header = Forge.encode(Data(#"{"alg":"\#(name)"}"#.utf8))
        let payload = Forge.encode(Data(Forge.claims(#""role":"admin""#).utf8))
        for token in ["\(header).\(payload).", "\(header).\(payload).AA", "\(header).\(payload)"] {
            let code = await verifier.refusal(of: token)
            #expect(code == .unsupportedAlgorithm || code == .malformed)
        }
    }

    @Test func `may be as long as the policy says and not longer`() async throws {
        let token = Forge.token(Forge.claims(#""padding":"\#(String(repeating: "x", count: 9000))""#))
        let enough = try TokenPolicy(maximumTokenBytes: token.utf8.count)
        #expect(try await secretVerifier(policy: enough).refusal(of: token) == nil)
        let short = try TokenPolicy(maximumTokenBytes: token.utf8.count - 1)
        #expect(try await secretVerifier(policy: short).refusal(of: token) == .tooLong)
    }

    @Test(
        arguments: [
            (#""iss":"https://issuer.example","aud":"quran""#, nil),
            (#""iss":"https://issuer.example","aud":["other","quran"]"#, nil),
            (#""iss":"https://issuer.example","aud":[1,null,"quran",{}]"#, nil),
            (#""aud":"quran""#, .wrongIssuer), (#""iss":"https://issuer.example/","aud":"quran""#, .wrongIssuer),
            (#""iss":"HTTPS://issuer.example","aud":"quran""#, .wrongIssuer),
            (#""iss":"","aud":"quran""#, .wrongIssuer),
            (#""iss":null,"aud":"quran""#, .wrongIssuer),
            (#""iss":["https://issuer.example"],"aud":"quran""#, .wrongIssuer),
            (#""iss":"https://issuer.example""#, .wrongAudience),
            (#""iss":"https://issuer.example","aud":[]"#, .wrongAudience),
            (#""iss":"https://issuer.example","aud":"Quran""#, .wrongAudience),
            (#""iss":"https://issuer.example","aud":"quran2""#, .wrongAudience),
            (#""iss":"https://issuer.example","aud":"other quran""#, .wrongAudience),
            (#""iss":"https://issuer.example","aud":["Quran","qura"]"#, .wrongAudience),
            (#""iss":"https://issuer.example","aud":[["quran"]]"#, .wrongAudience),
            (#""iss":"https://issuer.example","aud":{"quran":"quran"}"#, .wrongAudience),
            (#""iss":"https://issuer.example","aud":null"#, .wrongAudience),
        ] as [(String, AuthenticationError.Code?)])
    func `is for the issuer and audience that were configured`(
        claims: String, code: AuthenticationError.Code?
    ) async throws {
        let policy = try TokenPolicy(issuer: "https://issuer.example", audience: "quran")
        #expect(try await secretVerifier(policy: policy).refusal(of: Forge.token(Forge.claims(claims))) == code)
    }

    @Test func `is for an audience byte for byte`() async throws {
        let verifier = try await secretVerifier(policy: TokenPolicy(audience: "caf\u{E9}"))
        #expect(await verifier.refusal(of: Forge.token(Forge.claims(#""aud":"caf\u00e9""#))) == nil)
        #expect(await verifier.refusal(of: Forge.token(Forge.claims(#""aud":"cafe\u0301""#))) == .wrongAudience)
    }

    @Test(
        arguments: [
            (#""role":"admin""#, .admin), (#""role":["user","admin"]"#, .admin), (#""role":[1,null,"admin"]"#, .admin),
            (#""role":"user""#, .user), (#""role":"Admin""#, .user), (#""role":"admin ""#, .user),
            (#""role":"administrator""#, .user),
            (#""role":"user admin""#, .user), (#""role":[]"#, .user), (#""role":[["admin"]]"#, .user),
            (#""role":null"#, .user),
            (#""role":true"#, .user), (#""role":1"#, .user), (#""role":{"admin":true}"#, .user),
            (#""roles":"admin""#, .user),
            (#""Role":"admin""#, .user), (#""x":{"role":"admin"}"#, .user), (#""x":1"#, .user),
        ] as [(String, Role)]) func `makes an admin only by the word admin`(claims: String, role: Role) async throws
    {
        let user = try await secretVerifier().verify(Forge.token(Forge.claims(claims)))
        #expect(user == User(id: try UserID("SUBJECT-CANARY"), role: role))
    }

    @Test func `has its role where the policy says`() async throws {
        let verifier = try await secretVerifier(policy: TokenPolicy(roleClaim: "https://quran.example/roles"))
        let admin = Forge.token(Forge.claims(#""https://quran.example/roles":["admin"]"#))
        #expect(try await verifier.verify(admin).role == .admin)
        #expect(try await verifier.verify(Forge.token(Forge.claims(#""role":"admin""#))).role == .user)
    }

    @Test func `may do without exp where the policy says so`() async throws {
        let verifier = try await secretVerifier(policy: TokenPolicy(requiresExpiration: false))
        #expect(await verifier.refusal(of: Forge.token(Forge.claims(exp: nil))) == nil)
        #expect(await verifier.refusal(of: Forge.token(Forge.claims(exp: "null"))) == .badClaims)
        #expect(await verifier.refusal(of: Forge.token(Forge.claims(exp: "1"))) == .expired)
    }

    @Test(arguments: [Duration.zero, .seconds(30), .milliseconds(1500)])
    func `begins and ends on time, also when it was seen before`(leeway: Duration) async throws {
        let clock = TestClock()
        let verifier = try await secretVerifier(policy: TokenPolicy(leeway: leeway), clock: clock)
        let token = Forge.token(Forge.claims(exp: "1800000200", #""nbf":1800000100"#))
        clock.advance(by: .seconds(100) - leeway - .milliseconds(1))
        #expect(await verifier.refusal(of: token) == .notYetValid)
        clock.advance(by: .milliseconds(1))
        #expect(await verifier.refusal(of: token) == nil)
        clock.advance(by: .seconds(100) + leeway + leeway - .milliseconds(1))
        #expect(await verifier.refusal(of: token) == nil)
        clock.advance(by: .milliseconds(1))
        #expect(await verifier.refusal(of: token) == .expired)
        clock.advance(by: .seconds(-1))
        #expect(await verifier.refusal(of: token) == nil)
        clock.advance(by: .seconds(-100) - leeway - leeway)
        #expect(await verifier.refusal(of: token) == .notYetValid)
    }

    @Test func `is good by the header of a request`() async throws {
        let verifier = try await secretVerifier()
        let token = try BearerToken(authorization: "bearer \(Forge.token())")
        #expect(try await verifier.verify(token).id.value == "SUBJECT-CANARY")
    }

    @Test func `is remembered in bounded number`() async throws {
        let verifier = try await secretVerifier(capacity: 10)
        for number in 0..<100 {
            #expect(await verifier.refusal(of: Forge.token(Forge.claims(sub: #""user \#(number % 37)""#))) == nil)
        }
    }
}

@Suite struct `A policy` {
    @Test func `that can't be meant is refused`() {
        func refuses(_ make: () throws(AuthenticationError) -> TokenPolicy) -> Bool {
            do throws(AuthenticationError) {
                _ = try make()
                return false
            } catch {
                return error.code == .invalidConfiguration
            }
        }
        #expect(refuses { () throws(AuthenticationError) in try TokenPolicy(issuer: "") })
        #expect(refuses { () throws(AuthenticationError) in try TokenPolicy(audience: "") })
        #expect(refuses { () throws(AuthenticationError) in try TokenPolicy(leeway: .seconds(-1)) })
        #expect(refuses { () throws(AuthenticationError) in try TokenPolicy(leeway: .seconds(601)) })
        #expect(refuses { () throws(AuthenticationError) in try TokenPolicy(roleClaim: "") })
        #expect(refuses { () throws(AuthenticationError) in try TokenPolicy(roleClaim: "sub") })
        #expect(refuses { () throws(AuthenticationError) in try TokenPolicy(maximumTokenBytes: 255) })
        #expect(refuses { () throws(AuthenticationError) in try TokenPolicy(maximumTokenBytes: 65_537) })
        #expect(
            !refuses { () throws(AuthenticationError) in try TokenPolicy(issuer: "a", audience: "b", leeway: .zero) })
    }
}
