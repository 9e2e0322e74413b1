import Foundation
import NIOCore
import NIOEmbedded
import NIOHTTP1
import TestSupport
import Testing

@testable import WebAPI

/// What the lane takes for plain, a parser reads the same way.
@Suite struct `Plain heads` {
    private static let plain =
        "GET /api/v1/surahs/2?page=1 HTTP/1.1\r\nHost: localhost:8080\r\nAccept-Encoding:gzip, br\r\n"
        + "if-none-match: \t\"a\"\r\nConnection: Keep-Alive\r\nX-Request-Id: one\r\nContent-Length: 0\r\n\r\n"

    private func scan(_ text: [UInt8]) -> PlainHead.Scan { text.withUnsafeBytes(PlainHead.scan) }

    private func whole(_ text: String) -> PlainHead? {
        guard case .whole(let head) = scan(Array(text.utf8)) else { return nil }
        return head
    }

    @Test func `a plain head is read to its end`() throws {
        let head = try #require(whole(Self.plain + "GET / HTTP"))
        let bytes = Array(Self.plain.utf8)
        func value(_ field: PlainHead.Field) -> String? {
            head.place(of: field).map { String(decoding: bytes[$0], as: UTF8.self) }
        }
        #expect(head.length == bytes.count && head.isForLane && !head.isHead && head.bodyLength == 0)
        #expect(String(decoding: bytes[head.target], as: UTF8.self) == "/api/v1/surahs/2?page=1")
        #expect(value(.acceptEncoding) == "gzip, br" && value(.ifNoneMatch) == "\"a\"" && value(.requestID) == "one")
        #expect(value(.origin) == nil && head.fieldCount == 6)
        for length in 0..<bytes.count {
            guard case .partial = scan(Array(bytes[..<length])) else {
                Issue.record("the first \(length) bytes are taken for a head")
                continue
            }
        }
    }

    @Test(arguments: [
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 12\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nRange: bytes=0-1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nIf-Match: *\r\n\r\n", "OPTIONS / HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nOrigin: a\r\nOrigin: b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX-Request-Id:\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n", "DELETE / HTTP/1.1\r\nHost: a\r\n\r\n",
    ])
    func `what the lane does not answer is followed to its end`(text: String) throws {
        let head = try #require(whole(text))
        #expect(!head.isForLane && head.length == text.utf8.count)
    }

    @Test(arguments: [
        "GET / HTTP/1.0\r\nHost: a\r\n\r\n", "GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost:\r\n\r\n", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", "GET / HTTP/1.1 \r\nHost: a\r\n\r\n",
        "GET * HTTP/1.1\r\nHost: a\r\n\r\n", "get / HTTP/1.1\r\nHost: a\r\n\r\n", "GET / HTTP/1.1\nHost: a\n\n",
        "GET / HTTP/1.1\r\nHost: a\r\nA: b\r\n c\r\n\r\n", "GET / HTTP/1.1\r\nHost : a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n",
        "CONNECT / HTTP/1.1\r\nHost: a\r\n\r\n", "GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /\u{7f} HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /é HTTP/1.1\r\nHost: a\r\n\r\n", "GET / HTTP/1.1\r\nHost: é\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\rb\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\0\r\n\r\n",
        "GET / HTTP/11\r\nHost: a\r\n\r\n",
    ])
    func `what could be read in more than one way is the parser's`(text: String) {
        guard case .strange = scan(Array(text.utf8)) else {
            Issue.record("it is taken for plain")
            return
        }
    }

    @Test func `whatever is taken for plain, the parser finds the same in it and no more`() throws {
        var random = SplitMix(seed: 7)
        let parts = [
            "GET ", "HEAD ", "POST ", "/", "/a?b=c", " HTTP/1.1\r\n", "Host: a\r\n", "Content-Length: 3\r\n", "\r\n",
            "\n", "\r",
            "Connection: keep-alive\r\n", "Accept-Encoding: br\r\n", "Transfer-Encoding: chunked\r\n", ":", " ", "\t",
            "X-A: b\r\n",
            "Content-Length: 0\r\n", "\0", "é", "Expect: a\r\n", "If-None-Match: \"a\"\r\n", "a", "Upgrade: a\r\n", "%",
            "#",
        ]
        var wholes = 0
        for _ in 0..<20_000 {
            var bytes = Array(Self.plain.utf8)
            for _ in 0..<Int.random(in: 0...4, using: &random) {
                let place = Int.random(in: 0...bytes.count, using: &random)
                let end = min(bytes.count, place + Int.random(in: 0...6, using: &random))
                bytes.replaceSubrange(place..<end, with: Array((parts.randomElement(using: &random) ?? "").utf8))
            }
            guard case .whole(let head) = scan(bytes) else { continue }
            wholes += 1
            try compare(head, Array(bytes[..<head.length]))
        }
        #expect(wholes > 1000)
    }

    private func compare(_ plain: PlainHead, _ bytes: [UInt8]) throws {
        let channel = EmbeddedChannel(
            handler: ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .forwardBytes)))
        let body = [UInt8](repeating: UInt8(ascii: "x"), count: min(plain.bodyLength, 1000))
        try channel.writeInbound(ByteBuffer(bytes: bytes + body))
        let text = String(decoding: bytes, as: UTF8.self)
        guard case .head(let head) = try channel.readInbound(as: HTTPServerRequestPart.self) else {
            Issue.record("the parser finds no head in \(text)")
            return
        }
        #expect(head.uri == String(decoding: bytes[plain.target], as: UTF8.self), "\(text)")
        #expect(head.version == .http1_1 && head.isKeepAlive && head.headers.count == plain.fieldCount, "\(text)")
        #expect(!plain.isForLane || (head.method == .HEAD) == plain.isHead && [.GET, .HEAD].contains(head.method))
        for (field, name) in [
            (PlainHead.Field.acceptEncoding, "accept-encoding"), (.ifNoneMatch, "if-none-match"),
            (.requestID, "x-request-id"),
        ]
        where plain.isForLane {
            let value = plain.place(of: field).map { String(decoding: bytes[$0], as: UTF8.self) }
            #expect(head.headers[name] == value.map { [$0] } ?? [], "\(text)")
        }
        var length = 0
        while let part = try channel.readInbound(as: HTTPServerRequestPart.self) {
            if case .body(let bytes) = part { length += bytes.readableBytes }
            if case .end = part { #expect(length == plain.bodyLength, "\(text)") }
        }
        // The next request begins where the plain head says.
        if plain.bodyLength <= 1000 {
            try channel.writeInbound(ByteBuffer(string: "GET /next HTTP/1.1\r\nHost: a\r\n\r\n"))
            guard case .head(let next) = try channel.readInbound(as: HTTPServerRequestPart.self) else {
                Issue.record("the parser is elsewhere after \(text)")
                return
            }
            #expect(next.uri == "/next")
        }
        _ = try channel.finish(acceptAlreadyClosed: true)
    }
}
