import Foundation
import TestSupport
import Testing

@testable import Authentication

@Suite struct `Base64url` {
    @Test(arguments: 0...70) func `decodes what Foundation encodes, and encodes it the same way`(count: Int) {
        for seed in 0..<20 {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 151 &+ seed &* 67 &+ $0 / 3) }
            let text = Forge.encode(Data(bytes))
            #expect(Base64URL.decode(text.utf8) == bytes)
            #expect(Base64URL.encode(bytes) == text)
        }
    }

    @Test(arguments: [
        "A", "AAAAA", "AA==", "AAA=", "AA=", "A A", " AA", "AA ", "AA\n", "A+A", "A/A", "AB", "AAB", "A\u{0}", "ÄÄ",
        "=",
        "====", "AA.A",
    ]) func `refuses what is not the one encoding of some bytes`(text: String) {
        #expect(Base64URL.decode(text.utf8) == nil)
    }

    @Test func `has one text for each byte sequence of one and two bytes`() {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
        var ones: Set<[UInt8]> = []
        for first in alphabet {
            for second in alphabet {
                guard let bytes = Base64URL.decode([first, second]) else { continue }
                #expect(ones.insert(bytes).inserted)
            }
        }
        #expect(ones.count == 256)
    }
}
