import Authentication
import Crypto
import CryptoExtras
import Foundation
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1))) struct `A published key` {
    @Test func `verifies what it signed`() async throws {
        let keys = [SigningKey.es256("ec"), .edDSA("ed"), try .rs256("rsa")]
        let set = keySet(keys[0].jwk(), keys[1].jwk(), keys[2].jwk())
        try await withKeyFile(set) { verifier, _ async throws in
            for key in keys {
                let user = try await verifier.verify(key.token(Forge.claims(#""role":"admin""#)))
                #expect(user == User(id: try UserID("SUBJECT-CANARY"), role: .admin))
            }
        }
    }

    @Test func `verifies nothing that another signed, whatever the header says`() async throws {
        let known = [SigningKey.es256("ec"), .edDSA("ed"), try .rs256("rsa")]
        let strangers = [SigningKey.es256("ec"), .edDSA("ed"), try .rs256("rsa")]
        try await withKeyFile(keySet(known[0].jwk(), known[1].jwk(), known[2].jwk())) { verifier, _ async throws in
            for stranger in strangers {
                #expect(try await verifier.refusal(of: stranger.token()) == .badSignature)
                // The header carries the key that verifies the token, and where to find it.
                let header = """
                    {"alg":"\(stranger.algorithm)","kid":"\(stranger.kid)","jwk":\(stranger.jwk()),"jku":"http://127.0.0.1/"}
                    """
                #expect(try await verifier.refusal(of: stranger.token(header: header)) == .badSignature)
                for key in known {
                    for algorithm in ["HS256", "RS256", "ES256", "EdDSA", "none"] {
                        let header = #"{"alg":"\#(algorithm)","kid":"\#(key.kid)"}"#
                        let expected: AuthenticationError.Code =
                            algorithm == key.algorithm ? .badSignature : .unsupportedAlgorithm
                        #expect(try await verifier.refusal(of: stranger.token(header: header)) == expected)
                    }
                }
            }
        }
    }

    @Test func `is no secret of HS256, in any of its spellings`() async throws {
        let rsa = try _RSA.Signing.PrivateKey(keySize: .bits2048)
        let key = try SigningKey.rs256("rsa", rsa)
        let modulus = try rsa.publicKey.getKeyPrimitives().modulus
        let secrets = [
            Data(rsa.publicKey.pemRepresentation.utf8), Data((rsa.publicKey.pemRepresentation + "\n").utf8),
            rsa.publicKey.derRepresentation, rsa.publicKey.pkcs1DERRepresentation, modulus,
            Data(Forge.encode(modulus).utf8), Data(key.jwk().utf8), Data(keySet(key.jwk()).utf8), Data(),
        ]
        try await withKeyFile(keySet(key.jwk())) { verifier, _ async throws in
            for secret in secrets {
                for header in [#"{"alg":"HS256","kid":"rsa"}"#, #"{"alg":"HS256"}"#, #"{"alg":"RS256","kid":"rsa"}"#] {
                    let token = Forge.token(header: Data(header.utf8), payload: Data(Forge.claims().utf8)) {
                        Forge.mac($0, secret: secret)
                    }
                    let expected: AuthenticationError.Code =
                        header.contains("HS256") ? .unsupportedAlgorithm : .badSignature
                    #expect(await verifier.refusal(of: token) == expected)
                }
            }
        }
    }

    @Test func `takes no signature in another form`() async throws {
        let ec = P256.Signing.PrivateKey()
        let point = ec.publicKey.rawRepresentation
        let x = Forge.encode(point.prefix(32))
        let y = Forge.encode(point.suffix(32))
        let order = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"
        let orderBytes = Data(
            stride(from: 0, to: 64, by: 2).map { place in
                UInt8(order.dropFirst(place).prefix(2), radix: 16) ?? 0
            })
        let rsa = try SigningKey.rs256("rsa")
        let ed = SigningKey.edDSA("ed")
        let forms: [(String, (Data) throws -> Data)] = [
            ("ES256", { try ec.signature(for: $0).derRepresentation }),
            ("ES256", { try ec.signature(for: $0).rawRepresentation + Data(count: 1) }),
            ("ES256", { try Data(ec.signature(for: $0).rawRepresentation.dropFirst()) }),
            ("ES256", { try ec.signature(for: $0).rawRepresentation.prefix(32) }),
            ("ES256", { _ in Data(count: 64) }), ("ES256", { _ in orderBytes + orderBytes }),
            ("ES256", { _ in Data(count: 32) + orderBytes }), ("ES256", { _ in Data(repeating: 0xFF, count: 64) }),
            ("ES256", { _ in Data() }),
            ("RS256", { try Data(count: 1) + rsa.sign($0) }), ("RS256", { try rsa.sign($0) + Data(count: 1) }),
            ("RS256", { try rsa.sign($0).dropFirst() }), ("RS256", { _ in Data(count: 256) }),
            ("RS256", { _ in Data(repeating: 0xFF, count: 256) }), ("RS256", { _ in Data(count: 255) + [1] }),
            ("RS256", { _ in Data() }),
            ("EdDSA", { try ed.sign($0) + Data(count: 1) }), ("EdDSA", { try ed.sign($0).dropLast() }),
            ("EdDSA", { _ in Data(count: 64) }), ("EdDSA", { _ in Data([1]) + Data(count: 63) }),
            ("EdDSA", { _ in Data() }),
        ]
        let set = keySet(#"{"kty":"EC","crv":"P-256","x":"\#(x)","y":"\#(y)"}"#, rsa.jwk(), ed.jwk())
        try await withKeyFile(set) { verifier, _ async throws in
            for (number, (algorithm, sign)) in forms.enumerated() {
                let header = Data(#"{"alg":"\#(algorithm)"}"#.utf8)
                let token = try Forge.token(header: header, payload: Data(Forge.claims().utf8), sign: sign)
                #expect(await verifier.refusal(of: token) == .badSignature, "form \(number)")
            }
        }
    }

    @Test func `need not be named if no other fits`() async throws {
        let (first, second) = (SigningKey.es256("1"), SigningKey.es256("2"))
        let ed = SigningKey.edDSA("3")
        try await withKeyFile(keySet(first.jwk(), ed.jwk())) { verifier, _ async throws in
            #expect(try await verifier.refusal(of: first.token(header: #"{"alg":"ES256"}"#)) == nil)
            #expect(try await verifier.refusal(of: second.token(header: #"{"alg":"ES256"}"#)) == .badSignature)
            #expect(try await verifier.refusal(of: first.token(header: #"{"alg":"RS256"}"#)) == .unknownKey)
            #expect(try await verifier.refusal(of: first.token(header: #"{"alg":"ES256","kid":""}"#)) == .unknownKey)
            #expect(try await verifier.refusal(of: first.token(header: #"{"alg":"ES256","kid":"4"}"#)) == .unknownKey)
        }
        try await withKeyFile(keySet(first.jwk(), second.jwk())) { verifier, _ async throws in
            #expect(try await verifier.refusal(of: first.token(header: #"{"alg":"ES256"}"#)) == .unknownKey)
            #expect(try await verifier.refusal(of: first.token()) == nil)
            #expect(try await verifier.refusal(of: second.token()) == nil)
        }
    }

    @Test func `is named byte for byte, and may share its name`() async throws {
        let (composed, decomposed) = (SigningKey.es256("caf\u{E9}"), SigningKey.es256("cafe\u{301}"))
        try await withKeyFile(keySet(composed.jwk(), decomposed.jwk())) { verifier, _ async throws in
            #expect(try await verifier.refusal(of: composed.token()) == nil)
            #expect(try await verifier.refusal(of: decomposed.token()) == nil)
            let header = #"{"alg":"ES256","kid":"cafe\u0301"}"#
            #expect(try await verifier.refusal(of: composed.token(header: header)) == .badSignature)
        }
        let (one, other, third) = (SigningKey.es256("same"), SigningKey.es256("same"), SigningKey.edDSA("same"))
        try await withKeyFile(keySet(one.jwk(), other.jwk(), third.jwk())) { verifier, _ async throws in
            for key in [one, other, third] { #expect(try await verifier.refusal(of: key.token()) == nil) }
        }
    }

    @Test func `is no secret key's match`() async throws {
        let verifier = try await secretVerifier()
        for key in [SigningKey.es256("a"), .edDSA("b"), try .rs256("c")] {
            #expect(try await verifier.refusal(of: key.token()) == .unsupportedAlgorithm)
        }
    }
}

@Suite(.timeLimit(.minutes(1))) struct `A key set` {
    private static let good = SigningKey.es256("good")

    @Test(arguments: [
        #""use":"enc""#, #""use":"SIG""#, #""use":1"#, #""use":null"#, #""alg":"ES384""#, #""alg":"HS256""#,
        #""alg":"none""#, #""alg":"es256""#, #""alg":null"#, #""key_ops":["sign"]"#, #""key_ops":[]"#,
        #""key_ops":"verify""#,
    ]) func `passes over a key that is for other ends`(members: String) async throws {
        let other = SigningKey.es256("other")
        let log = RecordingLog()
        try await withKeyFile(keySet(other.jwk(members), Self.good.jwk()), log: log) { verifier, _ async throws in
            #expect(try await verifier.refusal(of: other.token()) == .unknownKey)
            #expect(try await verifier.refusal(of: Self.good.token()) == nil)
        }
        #expect(log.lines.contains { $0.contains("key 1: ") })
    }

    @Test(arguments: [
        #""use":"sig""#, #""alg":"ES256""#, #""key_ops":["verify"]"#, #""key_ops":["sign","verify"],"use":"sig""#,
        #""x5t":"AA","x5c":["AAAA"],"more":{"a":[1e400]}"#,
    ]) func `takes a key that says it is for signatures, and whatever else`(members: String) async throws {
        try await withKeyFile(keySet(Self.good.jwk(members))) { verifier, _ async throws in
            #expect(try await verifier.refusal(of: Self.good.token()) == nil)
        }
    }

    @Test(arguments: [
        "null", "1", "[]", "{}", #"{"kty":"EC"}"#, #"{"kty":"XX","kid":"k"}"#, #"{"kty":["EC"]}"#, #"{"kid":"k"}"#,
        #"{"kty":"EC","crv":"P-384","x":"AA","y":"AA"}"#, #"{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}"#,
        #"{"kty":"EC","crv":"P-256","x":"\#(String(repeating: "A", count: 43))","y":"\#(String(repeating: "A", count: 43))"}"#,
        #"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"}"#,
        #"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"}"#,
        #"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU=","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#,
        #"{"kty":"EC","crv":"P-256","kid":7,"x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#,
        #"{"kty":"OKP","crv":"Ed25519","x":"AA"}"#,
        #"{"kty":"OKP","crv":"X25519","x":"\#(String(repeating: "A", count: 43))"}"#,
        #"{"kty":"OKP","crv":"Ed25519","x":5}"#, #"{"kty":"RSA","n":"AA","e":"AQAB"}"#,
        #"{"kty":"RSA","n":"","e":"AQAB"}"#,
        #"{"kty":"RSA","e":"AQAB"}"#, #"{"kty":"RSA","n":"\#(String(repeating: "_", count: 344))","e":"AQ"}"#,
        #"{"kty":"RSA","n":"\#(String(repeating: "_", count: 344))","e":"AAAB"}"#,
        #"{"kty":"RSA","n":"\#(String(repeating: "_", count: 344))","e":""}"#,
        #"{"kty":"RSA","n":"\#(String(repeating: "_", count: 344))","e":"Ag"}"#,
        #"{"kty":"RSA","n":"f\#(String(repeating: "_", count: 340))w","e":"AQAB"}"#,
        #"{"kty":"RSA","n":"\#(String(repeating: "_", count: 1376))","e":"AQAB"}"#,
        #"{"kty":"RSA","n":"\#(String(repeating: "_", count: 20000))","e":"AQAB"}"#,
        #"{"kty":"RSA","n":"\#(String(repeating: "A", count: 400))","e":"AQAB"}"#,
    ]) func `passes over a key that makes no sense`(key: String) async throws {
        let log = RecordingLog()
        try await withKeyFile(keySet(key, Self.good.jwk()), log: log) { verifier, _ async throws in
            #expect(try await verifier.refusal(of: Self.good.token()) == nil)
        }
        #expect(log.lines.contains { $0.contains("keys=1") && $0.contains("key 1: ") })
    }

    @Test(arguments: [1024, 1920]) func `passes over an RSA key that is too small`(bits: Int) async throws {
        let small = try SigningKey.rs256("small", bits: bits)
        try await withKeyFile(keySet(small.jwk(), Self.good.jwk())) { verifier, _ async throws in
            #expect(try await verifier.refusal(of: small.token()) == .unknownKey)
        }
    }

    @Test(arguments: [
        "", " ", "null", "[]", "{}", "keys", #"{"keys":null}"#, #"{"keys":{}}"#, #"{"keys":[]}"#, #"{"keys":[{}]}"#,
        #"{"keys":[]"#, #"{"keys":[],"keys":[]}"#, "<html></html>", "\u{0}", #"{"keys":[{"kty":"oct","k":"AA"}]}"#,
        String(repeating: "[", count: 1_000_000), String(repeating: " ", count: (1 << 20) + 1),
    ]) func `that can't be one stops the start`(set: String) async throws {
        let error = await #expect(throws: AuthenticationError.self) { try await withKeyFile(set) { _, _ in } }
        #expect(error?.code == .invalidConfiguration)
        #expect(error?.message.contains("jwks.json") == true)
    }

    @Test(arguments: [
        #"{"kty":"oct","kid":"a","k":"U0VDUkVULUNBTkFSWQ"}"#, #"{"kty":"oct","kid":"a"}"#,
        good.jwk(#""d":"U0VDUkVULUNBTkFSWQ""#),
        good.jwk(#""k":"U0VDUkVULUNBTkFSWQ""#), #"{"kty":"RSA","n":"AA","e":"AQAB","p":"AA","q":"AA"}"#,
    ]) func `with a secret in it is refused as a whole`(key: String) async throws {
        let error = await #expect(throws: AuthenticationError.self) {
            try await withKeyFile(keySet(Self.good.jwk(), key)) { _, _ in }
        }
        #expect(error?.code == .invalidConfiguration)
        #expect(error.map { everythingPrinted(of: $0).contains("U0VDUkVULUNBTkFSWQ") } == false)
    }

    @Test func `may have a hundred keys and no more`() async throws {
        let hundred = Array(repeating: Self.good.jwk(), count: 100)
        try await withKeyFile(#"{"keys":[\#(hundred.joined(separator: ","))]}"#) { verifier, _ async throws in
            #expect(try await verifier.refusal(of: Self.good.token()) == nil)
        }
        await #expect(throws: AuthenticationError.self) {
            try await withKeyFile(#"{"keys":[\#((hundred + [Self.good.jwk()]).joined(separator: ","))]}"#) { _, _ in }
        }
    }

    @Test func `must be a file that is there`() async throws {
        try await withTemporaryFolder { folder async throws in
            for path in [folder, folder.appending(path: "missing.json")] {
                let error = await #expect(throws: AuthenticationError.self) {
                    try await TokenVerifier(keys: .jwksFile(path), policy: TokenPolicy(), logger: .silent)
                }
                #expect(error?.code == .invalidConfiguration)
            }
        }
    }
}
