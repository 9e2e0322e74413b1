import Compression
import NIOCore

/// How entries are written in the shared tier: a header that says everything about the entry, a checksum, the body, and
/// its compressed forms. Integers are big-endian.
///
/// | bytes | |
/// |---|---|
/// | 2 | `QB` |
/// | 1 | format, 2 |
/// | 1 | flags: 1 negative |
/// | 8 | filled at, milliseconds since 1970 |
/// | 8, 8 | time to live and stale time, milliseconds |
/// | 8 | position of the snapshot in the store's history |
/// | 8 | changed at, seconds since 1970 |
/// | 4 | how many tags; for each 2 + n its name, 8 its version |
/// | 2 + n | content type |
/// | 2 + n | entity tag; length 0xFFFF for none |
/// | 4 | length of the body |
/// | 1 | how many compressed forms; for each 1 its coding (1 gzip, 2 brotli), 4 its length |
/// | 8 | XXH3 of everything before, and with that as its seed of everything behind it |
/// | n | the body, then the compressed forms |
///
/// Whatever is damaged, foreign or of another format decodes to `nil`: a miss.
enum EntryCodec {
    private static let magic: UInt16 = 0x5142
    private static let format: UInt8 = 2
    private static let none: UInt16 = 0xFFFF

    static func encode(_ entry: CacheEntry, now: CacheInstant, wallTime: Int64) -> ByteBuffer {
        let codings = entry.codings.sorted { $0.key.number < $1.key.number }
        let forms = [entry.body] + codings.map(\.value)
        var buffer = ByteBufferAllocator().buffer(capacity: forms.reduce(512) { $0 + $1.readableBytes })
        buffer.writeInteger(magic)
        buffer.writeInteger(format)
        buffer.writeInteger(UInt8(entry.isNegative ? 1 : 0))
        buffer.writeInteger(wallTime - milliseconds(now - entry.filledAt))
        buffer.writeInteger(milliseconds(entry.timeToLive))
        buffer.writeInteger(milliseconds(entry.staleTime))
        buffer.writeInteger(entry.readAt.value)
        buffer.writeInteger(entry.changedAt)
        buffer.writeInteger(UInt32(entry.versions.count))
        for (tag, version) in entry.versions {
            write(tag.description, to: &buffer)
            buffer.writeInteger(version.value)
        }
        write(entry.contentType, to: &buffer)
        if let tag = entry.entityTag { write(tag, to: &buffer) } else { buffer.writeInteger(none) }
        buffer.writeInteger(UInt32(entry.body.readableBytes))
        buffer.writeInteger(UInt8(codings.count))
        for (coding, encoded) in codings {
            buffer.writeInteger(coding.number)
            buffer.writeInteger(UInt32(encoded.readableBytes))
        }
        buffer.writeInteger(forms.reduce(Checksum.of(buffer)) { Checksum.of($1, seed: $0) })
        for form in forms { buffer.writeImmutableBuffer(form) }
        return buffer
    }

    static func decode(_ encoded: ByteBuffer, now: CacheInstant, wallTime: Int64) -> CacheEntry? {
        var buffer = encoded
        guard buffer.readInteger(as: UInt16.self) == magic, buffer.readInteger(as: UInt8.self) == format,
            let flags = buffer.readInteger(as: UInt8.self), flags <= 1,
            let filled = buffer.readInteger(as: Int64.self), filled >= 0,
            let timeToLive = buffer.readInteger(as: Int64.self), timeToLive >= 0,
            let staleTime = buffer.readInteger(as: Int64.self), staleTime >= 0,
            let position = buffer.readInteger(as: Int64.self),
            let changedAt = buffer.readInteger(as: Int64.self), changedAt >= 0,
            let tagCount = buffer.readInteger(as: UInt32.self), tagCount <= 100_000
        else { return nil }
        var versions: [CacheTag: CacheVersion] = [:]
        for _ in 0..<tagCount {
            guard let name = readString(&buffer) ?? nil, let version = buffer.readInteger(as: Int64.self) else {
                return nil
            }
            versions[CacheTag(name)] = CacheVersion(version)
        }
        guard let contentType = readString(&buffer) ?? nil, let entityTag = readString(&buffer),
            let length = buffer.readInteger(as: UInt32.self), let codingCount = buffer.readInteger(as: UInt8.self),
            codingCount <= ContentCoding.allCases.count
        else { return nil }
        var lengths: [(coding: ContentCoding, length: Int)] = []
        for _ in 0..<codingCount {
            guard let number = buffer.readInteger(as: UInt8.self), let length = buffer.readInteger(as: UInt32.self),
                let coding = ContentCoding.allCases.first(where: { $0.number == number })
            else { return nil }
            lengths.append((coding, Int(length)))
        }
        let header = encoded.getSlice(at: encoded.readerIndex, length: buffer.readerIndex - encoded.readerIndex)
        guard let header, let sum = buffer.readInteger(as: UInt64.self),
            buffer.readableBytes == lengths.reduce(Int(length), { $0 + $1.length }),
            let body = buffer.readSlice(length: Int(length))
        else { return nil }
        var found = Checksum.of(body, seed: Checksum.of(header))
        // Buffers of their own: slices would keep the header's bytes alive too.
        var codings: [ContentCoding: ByteBuffer] = [:]
        for (coding, length) in lengths {
            guard let encoded = buffer.readSlice(length: length) else { return nil }
            found = Checksum.of(encoded, seed: found)
            codings[coding] = ByteBuffer(buffer: encoded)
        }
        guard found == sum else { return nil }
        // Another machine's clock may be ahead of ours: nothing is younger than new.
        let age = Duration.milliseconds(max(0, wallTime - filled))
        let fill = CacheFill(
            body: ByteBuffer(buffer: body), contentType: contentType, entityTag: entityTag, isNegative: flags == 1,
            versions: versions, readAt: FeedPosition(position), changedAt: changedAt)
        return CacheEntry(
            fill, codings: codings, filledAt: now - age, timeToLive: .milliseconds(timeToLive),
            staleTime: .milliseconds(staleTime))
    }

    private static func milliseconds(_ duration: Duration) -> Int64 {
        duration.nanoseconds / 1_000_000
    }

    private static func write(_ text: String, to buffer: inout ByteBuffer) {
        let bytes = text.utf8.prefix(Int(none) - 1)
        buffer.writeInteger(UInt16(bytes.count))
        buffer.writeBytes(bytes)
    }

    /// - Returns: `nil` if there is no whole string, `.some(nil)` for none.
    private static func readString(_ buffer: inout ByteBuffer) -> String?? {
        guard let length = buffer.readInteger(as: UInt16.self) else { return nil }
        guard length != none else { return .some(nil) }
        return buffer.readString(length: Int(length)).map(Optional.some)
    }
}

extension ContentCoding {
    /// In the layout.
    fileprivate var number: UInt8 {
        switch self {
        case .gzip: 1
        case .brotli: 2
        }
    }
}
