import Authentication
import Foundation
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1))) struct `Nothing of a token or secret` {
    @Test func `is in an error, a challenge, a log line, a dump or a reflection`() async throws {
        let log = RecordingLog()
        let key = SigningKey.es256("KEY-CANARY")
        let policy = try TokenPolicy(issuer: "https://issuer.example", audience: "quran", roleClaim: "roles")
        try await withKeyFile(keySet(key.jwk()), policy: policy, log: log) { published, _ async throws in
            let verifiers = [
                try await secretVerifier(log: log), try await secretVerifier(policy: policy, log: log), published,
            ]
            let rows = TokenCase.shapes + TokenCase.headers + TokenCase.claims
            let tokens =
                rows.map(\.token) + [
                    try key.token(), try SigningKey.es256("OTHER-CANARY").token(), TokenCase.good,
                    Forge.token(Forge.claims(#""iss":"ISSUER-CANARY","aud":"AUDIENCE-CANARY","roles":"ROLE-CANARY""#)),
                    try key.token(Forge.claims(#""iss":"https://issuer.example","aud":"AUDIENCE-CANARY""#)),
                    try key.token(Forge.claims(#""iss":"https://issuer.example","aud":"quran""#)),
                ]
            var errors: Set<AuthenticationError.Code> = []
            for verifier in verifiers {
                for token in tokens {
                    do throws(AuthenticationError) {
                        let user = try await verifier.verify(token)
                        expectSilence(everythingPrinted(of: user), of: token)
                    } catch {
                        errors.insert(error.code)
                        expectSilence(everythingPrinted(of: error) + (error.challenge ?? ""), of: token)
                        // RFC 6750, section 3: what error_description may hold.
                        #expect(error.message.utf8.allSatisfy { 0x20...0x7E ~= $0 && $0 != 0x22 && $0 != 0x5C })
                    }
                }
                expectSilence(everythingPrinted(of: verifier), of: TokenCase.good)
            }
            let all = Set(AuthenticationError.Code.allCases)
            #expect(all.subtracting(errors) == [.keysUnavailable, .invalidConfiguration])
        }
        let minter = TokenMinter(secret: try Secret(Forge.secretText), policy: policy)
        expectSilence(everythingPrinted(of: minter), of: TokenCase.good)
        #expect(!log.lines.isEmpty)
        for line in log.lines { expectSilence(line, of: TokenCase.good) }
    }

    private func expectSilence(_ text: String, of token: String) {
        #expect(!text.contains("CANARY"))
        // The secret as numbers, which is how Swift prints bytes.
        #expect(!text.contains("83, 69, 67"))
        for part in token.split(separator: ".") where part.count > 8 { #expect(!text.contains(part)) }
    }
}
