import Caching
import Compression
import HTTPTypes
import NIOCore
import Testing

@testable import WebAPI

/// What a client says of what it has, and what it then gets (RFC 9110, section 13.2.2).
@Suite struct `Conditions on content` {
    private static let changedAt: Int64 = 1_790_000_000
    private static let (before, after) = ("Mon, 21 Sep 2026 14:13:19 GMT", "Mon, 21 Sep 2026 14:13:20 GMT")

    private func head(_ coding: ContentCoding? = nil, bytes: Int = 2000) async throws -> ContentHead {
        let fill = CacheFill(
            body: ByteBuffer(repeating: 0x20, count: bytes), contentType: "application/json", entityTag: "ab",
            changedAt: Self.changedAt)
        let answer = try await CacheManager().answer(for: CacheKey(.shared("texts"), "one")) { fill }
        return ContentHead(answer, accepting: coding)
    }

    private func outcome(
        _ fields: [HTTPField.Name: String], _ coding: ContentCoding? = nil, after time: Int64 = 3600
    ) async throws -> Conditions.Outcome {
        var headers = HTTPFields()
        for (name, value) in fields { headers[name] = value }
        return try await Conditions(headers).outcome(for: head(coding), now: Self.changedAt + time)
    }

    @Test func `tags go before dates, and what must match before what must not`() async throws {
        #expect(try await outcome([:]) == .send)
        #expect(try await outcome([.ifNoneMatch: "\"ab\""]) == .notModified)
        #expect(try await outcome([.ifNoneMatch: "\"ac\"", .ifModifiedSince: Self.after]) == .send)
        #expect(try await outcome([.ifNoneMatch: "\"ab\"", .ifModifiedSince: Self.before]) == .notModified)
        #expect(try await outcome([.ifMatch: "\"ac\"", .ifNoneMatch: "\"ab\""]) == .failed)
        #expect(try await outcome([.ifMatch: "W/\"ab\""]) == .failed)
        #expect(try await outcome([.ifMatch: "\"ab\"", .ifUnmodifiedSince: Self.before]) == .send)
        #expect(try await outcome([.ifUnmodifiedSince: Self.before]) == .failed)
        #expect(try await outcome([.ifUnmodifiedSince: Self.after]) == .send)
        #expect(try await outcome([.ifModifiedSince: Self.after]) == .notModified)
        #expect(try await outcome([.ifModifiedSince: Self.before]) == .send)
        #expect(try await outcome([.ifModifiedSince: "yesterday"]) == .send)
    }

    @Test func `each coding has a tag of its own`() async throws {
        for (coding, tag) in [(nil, "\"ab\""), (.gzip, "\"ab-gzip\""), (ContentCoding.brotli, "\"ab-br\"")] {
            for other in ["\"ab\"", "\"ab-gzip\"", "\"ab-br\""] {
                #expect(try await outcome([.ifNoneMatch: other], coding) == (other == tag ? .notModified : .send))
            }
        }
        // What is too small for a coding has the one tag.
        #expect(try await head(.brotli, bytes: 1023).entityTagSuffix.isEmpty)
    }

    @Test func `in the minute after a change nobody is told by its date that there was none`() async throws {
        let answer = try await head().answer
        #expect(try await outcome([.ifModifiedSince: Self.after], after: 59) == .send)
        #expect(try await outcome([.ifModifiedSince: Self.after], after: 60) == .notModified)
        #expect(try await outcome([.ifUnmodifiedSince: Self.after], after: 59) == .failed)
        #expect(LastModified(answer, now: Self.changedAt + 59)?.seconds == Self.changedAt - 1)
        #expect(LastModified(answer, now: Self.changedAt + 60)?.seconds == Self.changedAt)
        // A date is never later than the answer's own, whatever the store's clock says.
        #expect(LastModified(answer, now: Self.changedAt - 100)?.seconds == Self.changedAt - 101)
    }
}
