import Foundation
import JSON
import TestSupport
import Testing

@Suite struct `JSON that somebody sent` {
    @Test(arguments: [
        "{}", "[]", "null", "true", "false", "0", "-0", "1e5", "1E+5", "0.5e-3", "-12.25", #""""#, #""\u00e9\n\/\"""#,
        #""\ud83d\ude00""#, " {\t\"a\" :\r\n[1 , {\"b\":null}] } ", #"{"a":{"a":1},"b":{"a":1}}"#, "1e400",
    ]) func `is read`(text: String) {
        #expect(JSONReader.read(Array(text.utf8)) != nil)
    }

    @Test(arguments: [
        "", " ", "{", "}", "[", "]", "{]", "[}", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "[1,]", "[,1]", "{,}", "01", "-",
        "+1",
        "1.", ".5", "1e", "1e+", "0x10", "NaN", "Infinity", "nul", "truee", "True", "'a'", "{a:1}", "\"", "\"\\\"",
        "\"\n\"", "\"\u{0}\"", "\"\\x\"", "\"\\u12\"", "\"\\u12g4\"", "\"\\u+123\"", "\"\\ud800\"", "\"\\udc00\"",
        "\"\\ud800\\u0041\"", "\"\\ud800x\"", "{} {}", "1 2", "//x\n1", "{\"a\":1,\"a\":2}", "{\"a\":1,\"\\u0061\":2}",
        "[{\"a\":1,\"a\":1}]", "\u{FEFF}{}", "{\"a\":1}\u{0}",
    ]) func `is refused unless it is strict and unambiguous`(text: String) {
        #expect(JSONReader.read(Array(text.utf8)) == nil)
    }

    @Test(arguments: [
        [0x22, 0xFF, 0x22], [0x22, 0xC0, 0x80, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22], [0xEF, 0xBB, 0xBF],
    ])
    func `is refused unless it is UTF-8`(bytes: [UInt8]) {
        #expect(JSONReader.read(bytes) == nil)
    }

    @Test func `may be nested only so deep`() {
        func nested(_ depth: Int) -> [UInt8] {
            Array(String(repeating: "[", count: depth).utf8) + Array(String(repeating: "]", count: depth).utf8)
        }
        #expect(JSONReader.read(nested(33)) != nil)
        #expect(JSONReader.read(nested(34)) == nil)
        #expect(JSONReader.read(nested(500_000)) == nil)
        #expect(JSONReader.read(Array(String(repeating: #"{"a":"#, count: 100_000).utf8)) == nil)
    }

    @Test func `is never read where Foundation reads none`() {
        var random = SplitMix(seed: 7)
        let seed = Array(#"{"alg":"HS256","b":[1,-2.5,true,null,"\u00e9\n"],"c":{"d":{}}}"#.utf8)
        for _ in 0..<20_000 {
            let bytes = random.mutated(seed)
            guard JSONReader.read(bytes) != nil else { continue }
            #expect(throws: Never.self) {
                try JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)
            }
        }
    }
}
