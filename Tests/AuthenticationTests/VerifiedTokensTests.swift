import Crypto
import Foundation
import Testing

@testable import Authentication

@Suite struct `Verified tokens` {
    private func digest(_ number: Int) -> SHA256Digest { SHA256.hash(data: Data("\(number)".utf8)) }

    private func claims() throws -> TokenClaims {
        try TokenClaims(Array(Forge.claims().utf8), policy: TokenPolicy())
    }

    @Test func `never number more than the capacity, and stay while they are used`() throws {
        let verified = VerifiedTokens(capacity: 10)
        for number in 0..<1000 {
            verified.insert(try claims(), of: digest(number), generation: 1)
            #expect(verified.count <= 10)
            #expect(verified.claims(of: digest(number), generation: 1) != nil)
            #expect(verified.claims(of: digest(0), generation: 1) != nil)
        }
        #expect(verified.claims(of: digest(1), generation: 1) == nil)
    }

    @Test func `are forgotten when the keys change, and not kept for keys of before`() throws {
        let verified = VerifiedTokens(capacity: 10)
        verified.insert(try claims(), of: digest(1), generation: 1)
        #expect(verified.claims(of: digest(1), generation: 2) == nil)
        verified.insert(try claims(), of: digest(2), generation: 2)
        #expect(verified.count == 1)
        verified.insert(try claims(), of: digest(3), generation: 1)
        #expect(verified.count == 1)
        #expect(verified.claims(of: digest(3), generation: 2) == nil)
        #expect(verified.claims(of: digest(1), generation: 1) == nil)
    }
}
