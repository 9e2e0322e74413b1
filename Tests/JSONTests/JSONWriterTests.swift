import Foundation
import JSON
import NIOCore
import TestSupport
import Testing

@Suite struct JSONWriterTests {
    private func written(_ write: (inout JSONWriter) -> Void) -> [UInt8] {
        var json = JSONWriter()
        write(&json)
        return Array(json.buffer.readableBytesView)
    }

    private func text(_ write: (inout JSONWriter) -> Void) -> String { String(decoding: written(write), as: UTF8.self) }

    /// What Foundation reads out of a written string, as bytes.
    private func readBack(_ value: String) throws -> [UInt8] {
        let data = Data(written { $0.array([value]) { $0.value($1) } })
        let array = try #require(JSONSerialization.jsonObject(with: data) as? [String])
        #expect(array.count == 1)
        return Array(array[0].utf8)
    }

    @Test func `values stand in order with commas between them`() {
        let written = text { json in
            json.object { json in
                json.member("a", 1)
                json.member("b", "x" as String?)
                json.member("c", nil as String?)
                json.member("d", nil as Int?)
                json.member("e", true)
                json.member("f", false)
                json.key("g")
                json.array([Int]()) { $0.value($1) }
                json.key("h")
                json.array([-1, 0, .max]) { $0.value($1) }
                json.key("i")
                json.object { _ in }
                json.key("j")
                json.array([1, 2]) { json, number in
                    json.object { json in
                        json.member("n", number)
                        json.key("m")
                        json.null()
                    }
                }
                json.member("k", 2)
            }
        }
        #expect(
            written == #"{"a":1,"b":"x","c":null,"d":null,"e":true,"f":false,"g":[],"h":[-1,0,9223372036854775807],"#
                + #""i":{},"j":[{"n":1,"m":null},{"n":2,"m":null}],"k":2}"#)
    }

    @Test func `the same name and value twice stand there twice`() {
        #expect(text { $0.array(["a", "a"]) { $0.value($1) } } == #"["a","a"]"#)
    }

    @Test func `control characters, quotes and backslashes are escaped and nothing else is`() {
        #expect(
            text { $0.value("\n\r\t\"\\\u{0}\u{8}\u{C}\u{B}\u{1F}") } == #""\n\r\t\"\\\u0000\u0008\u000c\u000b\u001f""#)
        let plain = "/<>&'\u{7F}\u{80}\u{A0}é e\u{301} \u{2028}\u{2029}\u{FEFF}\u{200D}😀\u{10FFFF} بِسْ ۖ"
        #expect(written { $0.value(plain) } == Array("\"".utf8) + Array(plain.utf8) + Array("\"".utf8))
    }

    @Test(arguments: 0..<128)
    func `every ASCII character comes back from Foundation`(code: Int) throws {
        let scalar = try #require(Unicode.Scalar(code))
        for value in [String(Character(scalar)), "a\(scalar)b", "\(scalar)\(scalar)", "é\(scalar)\u{301}"] {
            #expect(try readBack(value) == Array(value.utf8))
        }
    }

    @Test(arguments: [
        "", " ", "\u{2028}\u{2029}", "e\u{301}", "é", "\u{651}\u{64E}", "\u{64E}\u{651}", "👩‍👩‍👧", "🇳🇱", "\\u0041",
    ])
    func `a string's bytes are kept`(value: String) throws {
        #expect(try readBack(value) == Array(value.utf8))
    }

    @Test(arguments: 0..<300 as Range<UInt64>)
    func `random strings come back from Foundation byte by byte`(seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        var scalars = String.UnicodeScalarView()
        for _ in 0..<Int.random(in: 0...200, using: &random) {
            let code: UInt32 =
                switch Int.random(in: 0..<6, using: &random) {
                case 0: .random(in: 0..<0x20, using: &random)
                case 1: [0x22, 0x5C, 0x2F, 0x7F, 0x2028, 0x2029].randomElement(using: &random) ?? 0x22
                case 2: .random(in: 0x300...0x36F, using: &random)
                case 3: .random(in: 0x600...0x6FF, using: &random)
                case 4: .random(in: 0x20...0x7E, using: &random)
                default: .random(in: 0...0x10FFFF, using: &random)
                }
            // A byte order mark at the start of a value is a matter of Foundation's.
            if let scalar = Unicode.Scalar(code), code != 0xFEFF { scalars.append(scalar) }
        }
        let value = String(scalars)
        #expect(try readBack(value) == Array(value.utf8))
    }

    @Test func `a substring of a larger string is written alone`() throws {
        let text = "left|\u{301}middle\"|right"
        let parts = text.unicodeScalars.split(separator: "|").map { String($0) }
        for part in parts { #expect(try readBack(part) == Array(part.utf8)) }
        #expect(parts.count == 3)
    }
}
