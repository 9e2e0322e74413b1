import Caching
import Compression
import HTTPTypes
import NIOCore

/// What the head of an answer with content says, whoever writes it.
struct ContentHead {
    let answer: CacheAnswer
    /// `nil` for the bytes as they are.
    let coding: ContentCoding?

    private static let cacheStatus = FieldName("Cache-Status")
    private static let surrogateKey = FieldName("Surrogate-Key")
    private static let cacheTag = FieldName("Cache-Tag")
    private static let contentType = FieldName(.contentType)
    private static let contentEncoding = FieldName(.contentEncoding)
    private static let eTag = FieldName(.eTag)
    private static let lastModified = FieldName(.lastModified)
    private static let cacheControl = FieldName(.cacheControl)
    private static let vary = FieldName(.vary)
    private static let age = FieldName(.age)

    /// Bodies that are shorter are sent as they are, whatever a client accepts: in a packet they are as fast.
    static let leastCoded = 1024

    /// - Parameter acceptedCoding: what the client would like best.
    init(_ answer: CacheAnswer, accepting acceptedCoding: ContentCoding?) {
        self.answer = answer
        coding = Self.varies(answer) ? acceptedCoding : nil
    }

    /// Whether clients that accept other codings get something else.
    private static func varies(_ answer: CacheAnswer) -> Bool { answer.entry.body.readableBytes >= leastCoded }

    /// `nil` if it was not made yet.
    var body: ByteBuffer? {
        guard let coding else { return answer.entry.body }
        return answer.entry.codings[coding]
    }

    /// The validator, without quotes, is that of the bytes, and what follows here.
    var entityTagSuffix: String {
        switch coding {
        case nil: ""
        case .gzip: "-gzip"
        case .brotli: "-br"
        }
    }

    /// Whether the client that sent a list with `If-None-Match` has this.
    func isAmong(_ tags: EntityTagList<some Collection<UInt8>>) -> Bool {
        tags.contains(answer.entry.entityTag ?? "", entityTagSuffix, weakly: true)
    }

    /// Writes all that the answer and what is cached of it say: `ETag`, `Last-Modified`, `Cache-Control`, `Vary`, `Age`,
    /// `Cache-Status` (RFC 9211) and tags.
    ///
    /// - Parameters:
    ///   - isNotModified: whether it is a 304, which tells nothing of a body.
    ///   - variesByOrigin: whether pages of other origins are told something else; the router says so elsewhere.
    ///   - now: seconds since 1970.
    func write(
        to fields: inout some FieldWriter, isNotModified: Bool, caching: HTTPCaching, variesByOrigin: Bool = false,
        now: Int64
    ) {
        let entry = answer.entry
        if !isNotModified {
            fields.field(Self.contentType, entry.contentType)
            if let coding { fields.field(Self.contentEncoding, coding.rawValue) }
        }
        if let tag = entry.entityTag {
            fields.begin(Self.eTag)
            fields.text("\"")
            fields.text(tag)
            fields.text(entityTagSuffix)
            fields.text("\"")
            fields.end()
        }
        if let date = LastModified(answer, now: now) {
            fields.begin(Self.lastModified)
            fields.date(date.seconds)
            fields.end()
        }
        fields.field(Self.cacheControl, answer.staleness == nil ? caching.content : HTTPCaching.stale)
        switch (Self.varies(answer), variesByOrigin) {
        case (true, true): fields.field(Self.vary, "Accept-Encoding, Origin")
        case (true, false): fields.field(Self.vary, "Accept-Encoding")
        case (false, true): fields.field(Self.vary, "Origin")
        case (false, false): break
        }
        fields.begin(Self.age)
        fields.number(max(0, answer.age.components.seconds))
        fields.end()
        writeStatus(to: &fields)
        if caching.tagHeaders.contains(.surrogateKey), let name = Self.surrogateKey {
            fields.field(name, entry.tagNames)
        }
        if caching.tagHeaders.contains(.cacheTag), let name = Self.cacheTag {
            fields.begin(name)
            fields.list(entry.tagNames, separator: UInt8(ascii: ","))
            fields.end()
        }
    }

    private func writeStatus(to fields: inout some FieldWriter) {
        guard let name = Self.cacheStatus else { return }
        fields.begin(name)
        answer.writeStatus(to: &fields)
        fields.end()
    }
}

extension CacheAnswer {
    /// What `Cache-Status` says of it (RFC 9211).
    fileprivate func writeStatus(to fields: inout some FieldWriter) {
        switch source {
        case .loaded:
            fields.text(isCollapsed ? "quran-backend; fwd=miss; stored; collapsed" : "quran-backend; fwd=miss; stored")
        case .memory, .shared: fields.text("quran-backend; hit")
        }
        fields.text("; ttl=")
        fields.number(timeToLive.components.seconds)
        switch (staleness, source) {
        case (let staleness?, _):
            fields.text("; detail=stale-")
            fields.text(staleness.rawValue)
        case (nil, .memory): fields.text("; detail=memory")
        case (nil, .shared): fields.text("; detail=redis")
        case (nil, .loaded): break
        }
    }

    /// What a response says of its body and of the cache, where nobody but the client may keep it.
    var headers: HTTPFields {
        var fields: HTTPFields = [.contentType: entry.contentType, .age: String(max(0, age.components.seconds))]
        var writer = HTTPFieldsWriter()
        if let name = FieldName("Cache-Status") {
            writer.begin(name)
            writeStatus(to: &writer)
            writer.end()
        }
        fields.append(contentsOf: writer.fields)
        return fields
    }
}

/// When what an answer was made of changed last.
///
/// Times in seconds can't tell apart what changed within the same one, and a transaction may commit later than one that began after
/// it. So for a minute after a change the date is one second less than the truth, and clients that ask with a date get the whole
/// answer: nobody is told that nothing has changed when something has.
struct LastModified {
    /// Since 1970.
    let seconds: Int64
    /// Whether a client that has this date, or a later one, has this answer.
    let isSettled: Bool

    private static let settling: Int64 = 60

    /// - Returns: `nil` if the store does not say.
    init?(_ answer: CacheAnswer, now: Int64) {
        // The clock of the database may be ahead of ours.
        let changedAt = min(answer.entry.changedAt, now)
        guard changedAt > 0 else { return nil }
        isSettled = answer.staleness == nil && now - changedAt >= Self.settling
        seconds = isSettled ? changedAt : changedAt - 1
    }
}
