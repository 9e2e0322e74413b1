import Compression
import Foundation
import TestSupport
import Testing

@testable import WebAPI

/// What the headers of clients mean, by the standard's own rules and examples.
@Suite struct `Headers of content` {
    @Test(
        arguments: [
            ("gzip", .gzip), ("br", .brotli), ("gzip, deflate, br, zstd", .brotli), ("x-gzip", .gzip), ("GZIP", .gzip),
            ("gzip;q=1.0, br;q=0.5", .gzip), ("br;q=0.2, gzip;q=0.9", .gzip), ("br;q=0.001", .brotli), ("*", .brotli),
            ("*;q=0.5", .brotli), ("gzip;q=0, *", .brotli), ("br;q=0, *;q=0.3", .gzip), ("gzip;q=0.5, *;q=0", .gzip),
            ("identity;q=0.5, gzip", .gzip), ("gzip;q=0.5, identity;q=0.5", .gzip), ("identity;q=0, *;q=0.5", .brotli),
            (" gzip ;q=1.000 , br ; q=0.999", .gzip), ("identity;q=0, gzip;q=0.1", .gzip),
        ] as [(String, ContentCoding)])
    func `the coding is the one that the client likes best`(value: String, coding: ContentCoding) {
        #expect(ContentCoding.accepted(value) == coding)
    }

    @Test(arguments: [
        "", "identity", "deflate", "zstd, compress", "gzip;q=0", "br;q=0.0, gzip;q=0.000", "*;q=0", "identity;q=0",
        "gzip;q=0.5, identity", "gzip;q=0.5, identity;q=0.7", "gzip;q=", "gzip;q=2", "gzip;q=0.5555", "gzip;q=1.001",
        "gzip;q=-1", "gzip;a=1", "gzip;q=1;a=1", ";;;,,,", "gzi p", "q=1", "سورة", "br;q=0;q=1",
    ])
    func `what is not accepted, or malformed, gives the bytes as they are`(value: String) {
        #expect(ContentCoding.accepted(value) == nil)
    }

    @Test(arguments: [
        ("\"abc\"", true, true), ("W/\"abc\"", true, false), ("\"x\", \"abc\"", true, true), ("*", true, true),
        (" , \"x\",W/\"abc\" ,", true, false), ("\"x\" \t,\t\"abc\"", true, true), ("\"a,b\", \"abc\"", true, true),
        ("\"abcd\"", false, false), ("\"ab\"", false, false), ("abc", false, false), ("\"abc", false, false),
        ("", false, false), ("w/\"abc\"", false, false), ("\"\"", false, false), ("\"ABC\"", false, false),
        ("W/", false, false), ("*foo", false, false), ("\"x\", *", false, false), (" * ", true, true),
        ("**", false, false), ("\"x\" y \"abc\"", false, false),
    ])
    func `entity tags are compared weakly or strongly`(value: String, weakly: Bool, strongly: Bool) {
        #expect(EntityTagList(value).contains("ab", "c", weakly: true) == weakly)
        #expect(EntityTagList(value).contains("abc", "", weakly: false) == strongly)
    }

    @Test(
        arguments: [
            ("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777), ("Sunday, 06-Nov-94 08:49:37 GMT", 784_111_777),
            ("Sun Nov  6 08:49:37 1994", 784_111_777), ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
            ("Thu, 29 Feb 2024 23:59:59 GMT", 1_709_251_199), ("Sat, 21 Nov 2026 16:17:40 GMT", 1_795_277_860),
        ] as [(String, Int64)])
    func `dates are read in all three formats, and written in the one`(text: String, seconds: Int64) {
        #expect(HTTPDate.seconds(text) == seconds)
        #expect(HTTPDate.seconds(HTTPDate.text(seconds)) == seconds)
        if text.hasSuffix("GMT"), text.count == 29 { #expect(HTTPDate.text(seconds) == text) }
    }

    @Test func `every day of eight centuries is written as Foundation writes it`() {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(identifier: "GMT")
        formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
        for day in stride(from: Int64(0), to: 300_000, by: 61) {
            let seconds = day * 86_400 + day % 86_400
            let expected = formatter.string(from: Date(timeIntervalSince1970: Double(seconds)))
            #expect(HTTPDate.text(seconds) == expected && HTTPDate.seconds(expected) == seconds)
        }
    }

    @Test(arguments: [
        "", "yesterday", "Sun, 06 Nov 1994 08:49:37", "Sun, 6 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:00:00 GMT",
        "Sun, 32 Nov 1994 08:49:37 GMT", "Sun, 06 Foo 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49 GMT", "784111777",
    ])
    func `what is no date is none`(text: String) {
        #expect(HTTPDate.seconds(text) == nil)
    }
}
