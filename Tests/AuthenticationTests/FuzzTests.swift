import Authentication
import Foundation
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(5))) struct `Mutated tokens` {
    @Test func `of HS256 never verify, 14,000 of them`() async throws {
        let verifier = try await secretVerifier()
        let originals = [
            Forge.token(), Forge.token(header: #"{"alg":"HS256"}"#, Forge.claims(#""role":"admin""#)),
            Forge.token(Forge.claims(exp: "1800000000.5", #""nbf":1,"aud":["a","b"]"#)),
        ]
        try await fuzz(verifier, originals, count: 14_000, seed: 1)
    }

    @Test func `of published keys never verify, 6,000 of them`() async throws {
        let keys = [SigningKey.es256("ec"), .edDSA("ed"), try .rs256("rsa")]
        try await withKeyFile(keySet(keys[0].jwk(), keys[1].jwk(), keys[2].jwk())) { verifier, _ async throws in
            try await fuzz(verifier, keys.map { try $0.token() }, count: 6_000, seed: 2)
        }
    }

    private func fuzz(_ verifier: TokenVerifier, _ originals: [String], count: Int, seed: UInt64) async throws {
        var random = SplitMix(seed: seed)
        for original in originals { _ = try await verifier.verify(original) }
        var codes: Set<AuthenticationError.Code> = []
        for number in 0..<count {
            let original = Array(originals[number % originals.count].utf8)
            let bytes =
                number % 5 == 0 ? spliced(originals, &random) : random.mutated(original)
            let token = String(decoding: bytes, as: UTF8.self)
            let code = await verifier.refusal(of: token)
            #expect((code == nil) == originals.contains(token), "\(token)")
            if let code { codes.insert(code) }
        }
        #expect(codes.isSuperset(of: [.malformed, .badSignature, .unsupportedAlgorithm]))
    }

    /// The parts of any of the originals, of which one is decoded, changed and encoded again.
    private func spliced(_ originals: [String], _ random: inout SplitMix) -> [UInt8] {
        var parts = (0..<3).map { part in
            String(originals[Int.random(in: 0..<originals.count, using: &random)].split(separator: ".")[part])
        }
        let part = Int.random(in: 0..<3, using: &random)
        let text = parts[part].replacing("-", with: "+").replacing("_", with: "/")
        let padded = text + String(repeating: "=", count: (4 - text.count % 4) % 4)
        parts[part] = Forge.encode(Data(random.mutated(Array(Data(base64Encoded: padded) ?? Data()))))
        return Array(parts.joined(separator: ".").utf8)
    }
}
