import Compression
import Foundation
import NIOCore
import TestSupport
import Testing

/// Codings as other programs unpack them.
@Suite struct `Content codings` {
    private static let texts = [
        "", "a", String(repeating: "In the name of testing. ", count: 50_000),
        (0..<20_000).map { "\($0 &* 2_654_435_761 % 99_991)ٌ" }.joined(separator: " "),
    ]

    @Test(arguments: ContentCoding.allCases, texts.indices)
    func `are unpacked to the same bytes by the tools of others`(coding: ContentCoding, index: Int) async throws {
        let text = Self.texts[index]
        let coded = try coding.encode(ByteBuffer(string: text))
        #expect(coded.readableBytes <= text.utf8.count + 64)
        let file = TemporaryFolder.unique("coded")
        try Data(coded.readableBytesView).write(to: file)
        let tool =
            switch coding {
            case .gzip: ["gzip", "-dc", file.path]
            case .brotli: ["brotli", "-dc", file.path]
            }
        #expect(try await Command.run(tool).utf8.elementsEqual(text.utf8))
    }

    @Test(arguments: ContentCoding.allCases)
    func `take what is readable of a buffer, and leave it`(coding: ContentCoding) throws {
        var buffer = ByteBuffer(string: "head, body, and more")
        buffer.moveReaderIndex(forwardBy: 6)
        let before = buffer
        let coded = try coding.encode(buffer)
        #expect(buffer == before)
        #expect(coded == (try coding.encode(ByteBuffer(string: "body, and more"))))
    }
}

@Suite struct `Checksums` {
    /// XXH3-64 of the empty input, as the authors of xxHash publish it in their specification.
    @Test func `are XXH3`() {
        #expect(Checksum.of(ByteBuffer()) == 0x2D06_8005_38D3_94C2)
    }

    @Test func `differ where one bit does, and with the seed`() {
        var bytes = [UInt8](repeating: 7, count: 300)
        let plain = Checksum.of(ByteBuffer(bytes: bytes))
        let digits = Checksum.digits(of: ByteBuffer(bytes: bytes))
        #expect(Checksum.of(ByteBuffer(bytes: bytes), seed: 1) != plain)
        #expect(digits.utf8.count == 32 && digits.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) })
        for index in bytes.indices {
            bytes[index] ^= 1
            #expect(Checksum.of(ByteBuffer(bytes: bytes)) != plain)
            #expect(Checksum.digits(of: ByteBuffer(bytes: bytes)) != digits)
            bytes[index] ^= 1
        }
    }
}
